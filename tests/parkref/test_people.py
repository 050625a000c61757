"""People: their parts, poses and hands."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from refseg_lib.parkref.canvas import Pen
from refseg_lib.parkref.palette import SKIN_RGB
from refseg_lib.parkref.people import BOTTOMS, BUILDS, SHIRT, draw_person, local_extent
from refseg_lib.parkref.scene import PEOPLE, Thing, hand

SIZE = 400


def drawn(person: Thing, **arms: tuple[float, float]) -> np.ndarray:
    """Return the RGBA canvas (SIZE, SIZE, 4) of one person 300 pixels tall, foot at (200, 350)."""
    image = Image.new("RGBA", (SIZE, SIZE))
    pen = Pen(ImageDraw.Draw(image), 200, 350, 300, facing=person.facing, label=4)
    draw_person(pen, person, **arms)
    return np.asarray(image)


def somebody(category: str = "man", **looks: object) -> Thing:
    """Return a person in red and blue."""
    values = {"color": "red", "bottoms": "blue", "hair": "black", **looks}
    return Thing(category, 0.0, 0.0, 1.0, **values)  # pyright: ignore


@pytest.mark.parametrize("category", PEOPLE)
def test_shirt_is_above_bottoms(category: str) -> None:
    """The middle of the shirt is higher than that of trousers or skirt, in every pose."""
    for pose in ("standing", "sitting", "riding"):
        parts = drawn(somebody(category, pose=pose))[..., 3] % 4
        rows = np.arange(SIZE)[:, None] * np.ones((1, SIZE))
        assert rows[parts == SHIRT].mean() < rows[parts == BOTTOMS].mean() - 15


def test_grown_ups_are_slim_and_children_have_large_heads() -> None:
    """A child's head is a larger share of its height: age shows without a ruler."""
    for child, adult in (("boy", "man"), ("girl", "woman")):
        assert BUILDS[child].head > 1.4 * BUILDS[adult].head
        assert BUILDS[child].hip < BUILDS[adult].hip


def test_women_and_girls_wear_skirts_that_widen_downwards() -> None:
    """The skirt's last rows are wider than its first; trousers are two legs with a gap."""
    for category in PEOPLE:
        bottoms = drawn(somebody(category))[..., 3] % 4 == BOTTOMS
        rows = np.flatnonzero(bottoms.any(axis=1))
        low = bottoms[rows[-8]]
        pieces = (np.diff(low.astype(int)) == 1).sum()
        if category in ("woman", "girl"):
            assert pieces == 1
            assert low.sum() > 1.3 * bottoms[rows[8]].sum()
        else:
            assert pieces == 2


@pytest.mark.parametrize("category", PEOPLE)
@pytest.mark.parametrize("pose", ["standing", "sitting", "riding"])
@pytest.mark.parametrize("facing", [1, -1])
def test_the_holding_hand_is_where_the_scene_says(category: str, pose: str, facing: int) -> None:
    """There is skin at scene.hand() when the person holds something, and else there is not."""
    person = somebody(category, pose=pose, facing=facing)
    x, y = hand(person)
    pixel = round(350 + 300 * y), round(200 + 300 * x)
    held = drawn(person, hold=(x * facing, -y))
    assert held[pixel][:3].tolist() == list(SKIN_RGB[0])
    assert drawn(person)[pixel][3] == 0


def test_a_rider_holds_the_handlebar_with_both_hands() -> None:
    """Moving the handlebar moves both arms: more changes than one arm's width."""
    person = somebody(pose="riding")
    here, there = (drawn(person, handlebar=(0.2, v))[..., 3] > 0 for v in (0.5, 0.7))
    assert here[350 - 150, 200 + 60]
    assert not there[350 - 150, 200 + 60]
    assert there[350 - 210, 200 + 60]


def test_skin_tones_change_the_skin_and_nothing_else() -> None:
    """Labels are the same for all tones."""
    labels = [drawn(somebody(skin=tone))[..., 3] for tone in range(4)]
    for other in labels[1:]:
        np.testing.assert_array_equal(other, labels[0])


def test_the_extent_of_a_seated_person_is_lower_and_a_hat_makes_it_higher() -> None:
    """Poses and hats are part of the box the layout keeps free."""
    top = local_extent(somebody())[3]
    assert local_extent(somebody(pose="sitting"))[3] < top < local_extent(somebody(hat="red"))[3]
