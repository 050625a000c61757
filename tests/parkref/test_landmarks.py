"""Trees, bikes and boats."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from refseg_lib.parkref.canvas import Pen
from refseg_lib.parkref.landmarks import EXTENTS, HANDLEBAR, draw_landmark
from refseg_lib.parkref.palette import COLOR_RGB, WOOD
from refseg_lib.parkref.scene import PATTERNS, Thing


def drawn(category: str, pose: str = "standing", pattern: str = "plain") -> np.ndarray:
    """Return the RGBA canvas (300, 500, 4) of one thing 200 pixels tall, foot at (250, 250)."""
    image = Image.new("RGBA", (500, 300))
    pen = Pen(ImageDraw.Draw(image), 250, 250, 200, label=4)
    draw_landmark(pen, Thing(category, 0, 0, 1, "pink", pattern, pose=pose))
    return np.asarray(image)


@pytest.mark.parametrize(("category", "pose"), EXTENTS)
def test_a_pattern_never_changes_the_silhouette(category: str, pose: str) -> None:
    """Plain, striped and dotted ones have the same mask and different pictures."""
    plain = drawn(category, pose)
    mask = plain[..., 3] > 0
    for pattern in PATTERNS[1:]:
        canvas = drawn(category, pose, pattern)
        assert ((canvas[..., 3] > 0) != mask).sum() < 0.01 * mask.sum()
        assert (canvas != plain).any()


def test_trees_have_a_trunk_below_and_their_colour_above() -> None:
    """The foot is wood, the upper half has the crown's colour, pines are pointed."""
    widths = {}
    for pose in ("round", "pine"):
        canvas = drawn("tree", pose)
        assert canvas[240, 250, :3].tolist() == list(WOOD)
        upper = canvas[50:150][canvas[50:150, :, 3] > 0][:, :3].astype(int)
        near = np.abs(upper - COLOR_RGB["pink"]).sum(axis=1) < 90
        assert near.mean() > 0.6
        widths[pose] = (canvas[62, :, 3] > 0).sum()
    assert widths["pine"] < 0.4 * widths["round"]


def test_a_bike_has_two_wheels_on_the_ground_and_a_handlebar() -> None:
    """Near the ground there are two pieces; HANDLEBAR is on the bike."""
    mask = drawn("bike")[..., 3] > 0
    assert (np.diff(mask[247].astype(int)) == 1).sum() == 2
    u, v = HANDLEBAR
    assert u > 0.25, "before the rider, not under"
    columns = np.flatnonzero(mask[round(250 - 200 * v)])
    assert abs(columns.max() - (250 + 200 * u)) < 25
    assert mask[round(250 - 200 * v), round(250 + 200 * u)]


def test_a_boat_has_its_colour_below_and_a_white_sail_above() -> None:
    """The hull is pink; most of the middle is the sail."""
    canvas = drawn("boat")
    assert np.abs(canvas[235, 250, :3].astype(int) - COLOR_RGB["pink"]).sum() < 40
    sail = canvas[100:165][canvas[100:165, :, 3] > 0][:, :3]
    assert (sail.min(axis=1) > 215).mean() > 0.6
