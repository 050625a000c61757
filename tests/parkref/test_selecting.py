"""The one among several is chosen only where nobody could argue."""

from collections.abc import Callable

import pytest

from refseg_lib.parkref.scene import Link, Thing
from refseg_lib.parkref.selecting import MARGIN, PLACES, SIZES, extreme, located
from refseg_lib.parkref.world import World

Look = Callable[..., World]


def cat(x: float, y: float = 0.7, height: float = 0.2) -> Thing:
    return Thing("cat", x, y, height, "black")


def at(world: World, place: str, ordinal: int = 1, among: int | None = None) -> int | None:
    """The one at a place, None when it is undecided."""
    among = (1 << len(world.scene.things)) - 1 if among is None else among
    sure, maybe = located(place, ordinal, among, among, world)
    if sure == 0:
        assert maybe == among
        return None
    assert sure == maybe
    return sure.bit_length() - 1


def test_a_row_has_a_left_a_middle_a_right_and_an_order(look: Look) -> None:
    world = look(cat(0.75), cat(0.2), cat(1.3), cat(0.45))
    assert at(world, "left") == 1
    assert at(world, "right") == 2
    assert [at(world, "left", n) for n in (1, 2, 3)] == [1, 3, 0]
    assert [at(world, "right", n) for n in (1, 2, 3)] == [2, 0, 3]
    assert at(world, "left", 5) is None
    assert at(world, "middle") is None, "four have no middle one"
    assert at(world, "middle", among=0b111) == 0


def test_front_and_back_go_by_the_feet_top_and_bottom_by_the_picture(look: Look) -> None:
    world = look(cat(0.3, 0.9, 0.15), Thing("tree", 0.9, 0.95, 0.8, "green"), cat(1.3, 0.5))
    assert at(world, "front", among=0b101) == 0
    assert at(world, "back") == 2
    assert at(world, "bottom") == 0
    assert at(world, "top") == 2
    assert at(world, "bottom", among=0b110) == 1, "a tree is where its middle is"
    assert at(world, "front", among=0b011) is None, "their feet are level"


@pytest.mark.parametrize(("place", "one"), [("left", 0), ("right", 1), ("top", 0), ("bottom", 1)])
def test_a_close_call_is_left_undecided(look: Look, place: str, one: int) -> None:
    for gap, expected in ((0.8 * MARGIN, None), (1.2 * MARGIN, one)):
        world = look(cat(0.7, 0.6), cat(0.7 + gap, 0.6 + gap))
        assert at(world, place) == expected


def test_corners(look: Look) -> None:
    world = look(cat(0.2, 0.45), cat(0.25, 0.9), cat(1.2, 0.9), cat(1.3, 0.5))
    corners = ("top left", "bottom left", "bottom right", "top right")
    assert [at(world, corner) for corner in corners] == [0, 1, 2, 3]


def test_the_leftmost_is_not_on_the_left_of_the_picture_when_all_are_at_its_right(
    look: Look,
) -> None:
    world = look(cat(1.0), cat(1.2), cat(1.4))
    assert at(world, "left") is None
    assert at(world, "right") == 2
    assert at(world, "left", 2) == 1


def test_the_middle_of_the_row_must_be_nearest_to_the_middle_of_the_picture(look: Look) -> None:
    assert at(look(cat(0.4), cat(0.6), cat(0.8)), "middle") is None
    assert at(look(cat(0.4), cat(0.75), cat(1.1)), "middle") == 1


def test_somebody_alone_is_on_the_left_only_if_truly_there(look: Look) -> None:
    alone = [look(cat(x)) for x in (0.2, 0.75, 1.3)]
    assert [at(world, "left") for world in alone] == [0, None, None]
    assert [at(world, "middle") for world in alone] == [None, 0, None]
    assert [at(world, "right") for world in alone] == [None, None, 0]
    assert at(alone[0], "left", 2) is None


def test_nobody_says_how_near_a_balloon_is(look: Look) -> None:
    umbrella = Thing("umbrella", 0.5, 0.5, 0.3, "red")
    man = Thing("man", 0.35, 0.8, 0.5, "red", bottoms="blue")
    world = look(man, umbrella, cat(1.2, 0.95), links=(Link(0, "holding", 1),))
    assert at(world, "front", among=0b110) is None
    assert at(world, "front", among=0b101) == 2


def test_the_biggest_must_be_clearly_so(look: Look) -> None:
    world = look(cat(0.2, height=0.15), cat(0.6, height=0.2), cat(1.0, height=0.3))
    everything = 0b111
    assert extreme("biggest", everything, everything, world) == (4, 4)
    assert extreme("smallest", everything, everything, world) == (1, 1)
    assert extreme("tallest", everything, everything, world) == (4, 4)
    close = look(cat(0.2, height=0.20), cat(0.6, height=0.22))
    for size in SIZES:
        assert extreme(size, 3, 3, close) == (0, 3)
        assert extreme(size, 1, 1, close) == (0, 1), "one alone is no biggest"


def test_among_doubtful_candidates_nothing_is_chosen(look: Look) -> None:
    world = look(cat(0.2, height=0.1), cat(0.9, height=0.3), cat(1.3, height=0.5))
    for place in PLACES:
        assert located(place, 1, 0b011, 0b111, world) == (0, 0b111)
    for size in SIZES:
        assert extreme(size, 0b011, 0b111, world) == (0, 0b111)


def test_a_place_is_the_same_in_the_mirror(look: Look) -> None:
    spots = [(0.2, 0.5), (0.5, 0.9), (0.9, 0.6), (1.25, 0.8)]
    world = look(*(cat(x, y) for x, y in spots))
    mirrored = look(*(Thing("cat", 1.5 - x, y, 0.2, "black", facing=-1) for x, y in spots))
    swap = {"left": "right", "right": "left"}
    for place in PLACES:
        other = " ".join(swap.get(word, word) for word in place.split())
        assert at(world, place) == at(mirrored, other)
