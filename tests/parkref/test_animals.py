"""Dogs, cats and ducks."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from refseg_lib.parkref.animals import EXTENTS, NECK, draw_animal
from refseg_lib.parkref.canvas import Pen
from refseg_lib.parkref.palette import COLOR_RGB, contrast
from refseg_lib.parkref.scene import PATTERNS, Thing


def drawn(thing: Thing, **state: bool) -> np.ndarray:
    """Return the RGBA canvas (300, 500, 4) of one animal 200 pixels tall, foot at (250, 250)."""
    image = Image.new("RGBA", (500, 300))
    pen = Pen(ImageDraw.Draw(image), 250, 250, 200, facing=thing.facing, label=4)
    draw_animal(pen, thing, **state)
    return np.asarray(image)


@pytest.mark.parametrize(("category", "pose"), EXTENTS)
def test_a_pattern_never_changes_the_silhouette(category: str, pose: str) -> None:
    """Plain, striped and dotted coats have the same mask; the latter show their second colour."""
    canvases = {
        pattern: drawn(Thing(category, 0, 0, 1, "brown", pattern, pose=pose))
        for pattern in PATTERNS
    }
    second = np.array(contrast(COLOR_RGB["brown"]))
    for pattern, canvas in canvases.items():
        mask, plain = canvas[..., 3] > 0, canvases["plain"][..., 3] > 0
        assert (mask != plain).sum() < 0.005 * plain.sum()
        share = (canvas[..., :3] == second).all(axis=2).sum() / (canvas[..., 3] > 0).sum()
        assert (share > 0.04) == (pattern != "plain")
        assert share < 0.4


@pytest.mark.parametrize("category", ["dog", "cat"])
def test_a_sitting_animal_is_narrower_and_as_tall(category: str) -> None:
    """Poses differ in width, not in height."""
    boxes = []
    for pose in ("standing", "sitting"):
        rows, columns = np.nonzero(drawn(Thing(category, 0, 0, 1, "gray", pose=pose))[..., 3])
        boxes.append((np.ptp(columns), np.ptp(rows)))
    assert boxes[1][0] < 0.8 * boxes[0][0]
    assert boxes[1][1] == pytest.approx(boxes[0][1], rel=0.05)


@pytest.mark.parametrize("pose", NECK)
@pytest.mark.parametrize("facing", [1, -1])
def test_the_leash_is_fastened_to_the_dog(pose: str, facing: int) -> None:
    """NECK lies on the dog, between its chest and its eye."""
    u, v = NECK[pose]
    assert 0.45 < v < 0.7
    canvas = drawn(Thing("dog", 0, 0, 1, "black", pose=pose, facing=facing))
    assert canvas[round(250 - 200 * v), round(250 + facing * 200 * u), 3] == 4


def test_cats_have_pointed_ears_and_dogs_do_not() -> None:
    """The top of a cat is two narrow peaks, that of a dog one broad dome."""
    for category, peaks in (("cat", 2), ("dog", 1)):
        mask = drawn(Thing(category, 0, 0, 1, "gray", pose="sitting"))[..., 3] > 0
        top = np.flatnonzero(mask.any(axis=1))[0]
        assert (np.diff(mask[top + 8].astype(int)) == 1).sum() == peaks


def test_a_swimming_duck_shows_no_legs() -> None:
    """Nothing of a duck on the water is below the foot point; on land its feet touch it."""
    duck = Thing("duck", 0, 0, 1, "white")
    legs = np.array([250, 150, 40])
    for swims in (False, True):
        canvas = drawn(duck, swims=swims)
        low = canvas[225:252]
        is_leg = (np.abs(low[..., :3].astype(int) - legs).sum(axis=2) < 90) & (low[..., 3] > 0)
        assert is_leg.any() != swims
