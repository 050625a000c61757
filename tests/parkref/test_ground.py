"""The ground knows what fits on it: nobody hidden, nobody outside, no crowd."""

import numpy as np
import pytest

from refseg_lib.parkref.drawing import extent
from refseg_lib.parkref.ground import MOST_OVERLAP, MOST_THINGS, Ground, empty_ground, in_pond, side
from refseg_lib.parkref.scene import Thing


def meadow() -> Ground:
    return Ground(np.random.default_rng(0), 1.25, 0.35, None, None)


def cat(x: float, y: float = 0.7) -> Thing:
    return Thing("cat", x, y, 0.2, "black")


def test_an_empty_ground_has_room_inside_the_picture_only() -> None:
    assert meadow().free(cat(0.6))
    for outside in (cat(-0.1), cat(1.35), cat(0.6, 0.05), cat(0.6, 1.1)):
        assert not meadow().free(outside)


def test_a_newcomer_may_touch_but_not_hide() -> None:
    ground = meadow()
    ground.add(cat(0.6))
    x0, _, x1, _ = extent(cat(0.6))
    width = x1 - x0
    assert not ground.free(cat(0.6 + width * (0.9 - MOST_OVERLAP)))
    assert ground.free(cat(0.6 + width * (1.1 - MOST_OVERLAP)))


def test_what_is_small_may_not_vanish_behind_what_is_large() -> None:
    """The share is of the smaller box, so that a cat before a tree's trunk still counts whole."""
    ground = meadow()
    ground.add(Thing("tree", 0.6, 0.8, 0.7, "green"))
    assert not ground.free(cat(0.6, 0.6))
    assert ground.free(cat(1.1, 0.6))


def test_a_scene_is_full_at_some_point() -> None:
    ground = meadow()
    # Boxes far outside, so that only the number decides.
    ground.things, ground.boxes = [cat(0.6)] * (MOST_THINGS - 1), [(9.0, 9.0, 9.1, 9.1)]
    assert ground.free(cat(0.3))
    assert not ground.free(cat(0.3), cat(0.9))


def test_adding_returns_the_place_and_takes_it() -> None:
    ground = meadow()
    assert [ground.add(cat(0.2)), ground.add(cat(0.9))] == [0, 1]
    assert ground.boxes[1] == extent(ground.things[1])
    assert not ground.free(cat(0.9))


def test_a_path_keeps_away_from_the_pond() -> None:
    both = 0
    for seed in range(200):
        ground = empty_ground(np.random.default_rng(seed), 1.25)
        if ground.path is None or ground.pond is None:
            continue
        both += 1
        for y in np.linspace(ground.horizon, 1, 40):
            depth = (y - ground.horizon) / (1 - ground.horizon)
            x = ground.path[0] + (ground.path[1] - ground.path[0]) * depth
            assert ((x - ground.pond[0]) / ground.pond[2]) ** 2 + (
                (y - ground.pond[1]) / ground.pond[3]
            ) ** 2 > 1
    assert both > 30


@pytest.mark.parametrize(
    ("x", "y", "wet"), [(0.5, 0.7, True), (0.81, 0.7, True), (0.5, 0.83, False)]
)
def test_the_shore_is_wet(x: float, y: float, wet: bool) -> None:
    assert in_pond((0.5, 0.7, 0.3, 0.1), x, y) == wet


def test_both_sides_come_up_equally_often() -> None:
    rng = np.random.default_rng(0)
    assert abs(sum(side(rng) for _ in range(1000))) < 120
