"""Facts in three values: surely, surely not, and open to argument."""

from collections.abc import Callable

import numpy as np
import pytest

from refseg_lib.parkref.scene import Link, Scene, Thing
from refseg_lib.parkref.world import (
    INVERSE,
    LINKED,
    SPATIAL,
    World,
    between,
    members,
    observe,
    on_stuff,
)

Look = Callable[..., World]
MIRROR = {"left of": "right of", "in front of": "behind", **{v: k for k, v in INVERSE.items()}}


def cat(x: float, y: float = 0.7) -> Thing:
    return Thing("cat", x, y, 0.2, "black")


def man(x: float, y: float = 0.8, **changes: object) -> Thing:
    return Thing("man", x, y, 0.5, "red", bottoms="blue", **changes)  # type: ignore[arg-type]


def verdict(world: World, relation: str, one: int, two: int) -> bool | None:
    sure = bool(world.sure[relation][one] >> two & 1)
    maybe = bool(world.maybe[relation][one] >> two & 1)
    assert maybe or not sure
    return True if sure else (None if maybe else False)


def test_members_lists_the_bits_of_a_set() -> None:
    for bits in range(70):
        assert members(bits) == [i for i in range(7) if f"{bits:07b}"[6 - i] == "1"]
    assert members(1 << 62) == [62]


def test_what_surely_holds_possibly_holds_and_nothing_relates_to_itself(
    worlds: list[World],
) -> None:
    for world in worlds:
        assert set(world.sure) == set(world.maybe) == {*SPATIAL, *LINKED, *INVERSE}
        for relation, rows in world.sure.items():
            for index, row in enumerate(rows):
                assert row & ~world.maybe[relation][index] == 0
                assert not world.maybe[relation][index] >> index & 1


def test_a_relation_told_from_the_other_end_is_its_mirror(worlds: list[World]) -> None:
    for world in worlds:
        things = range(len(world.scene.things))
        for relation, mirror in MIRROR.items():
            for facts in (world.sure, world.maybe):
                for one in things:
                    for two in things:
                        there = facts[relation][one] >> two & 1
                        assert there == facts[mirror][two] >> one & 1


def test_left_of_needs_distance_and_a_hair_is_open_to_argument(look: Look) -> None:
    world = look(cat(0.3), cat(0.8), cat(0.34, 0.9))
    assert verdict(world, "left of", 0, 1) is True
    assert verdict(world, "left of", 1, 0) is False
    assert verdict(world, "left of", 0, 2) is None
    # Far above and a little to the side is no "left of" that all would agree on.
    kite = Thing("kite", 0.5, 0.3, 0.2, "red")
    assert verdict(look(kite, cat(0.9, 0.9)), "left of", 0, 1) is None


def test_next_to_is_side_by_side_on_the_ground(look: Look) -> None:
    world = look(cat(0.3), cat(0.55), cat(0.82), cat(0.3, 0.95))
    assert verdict(world, "next to", 0, 1) is True
    assert verdict(world, "next to", 0, 2) is False
    assert verdict(world, "next to", 0, 3) is not True
    # A kite in the sky is next to nobody for sure.
    assert verdict(look(cat(0.3, 0.45), Thing("kite", 0.5, 0.45, 0.2, "red")), "next to", 0, 1) in (
        None,
        False,
    )


def test_in_front_of_is_nearer_to_us_and_in_line(look: Look) -> None:
    world = look(cat(0.5, 0.9), cat(0.5, 0.7), cat(1.2, 0.7), cat(0.52, 0.71))
    assert verdict(world, "in front of", 0, 1) is True
    assert verdict(world, "behind", 1, 0) is True
    assert verdict(world, "in front of", 0, 2) is False
    assert verdict(world, "in front of", 1, 3) is False
    assert verdict(world, "in front of", 3, 1) is not True


def test_only_what_flies_is_above_and_only_trees_give_shade(look: Look) -> None:
    tree = Thing("tree", 0.5, 0.7, 0.6, "green")
    world = look(Thing("balloon", 0.5, 0.3, 0.2, "red"), cat(0.5), tree, cat(1.4))
    assert verdict(world, "above", 0, 1) is True
    assert verdict(world, "under", 1, 0) is True
    assert verdict(world, "under", 1, 2) is True
    assert verdict(world, "under", 3, 2) is False
    assert verdict(world, "above", 3, 1) is False


def test_links_are_what_the_scene_says(look: Look) -> None:
    umbrella = Thing("umbrella", 0.45, 0.5, 0.3, "blue")
    far = Thing("umbrella", 1.2, 0.9, 0.3, "blue")
    world = look(man(0.3), umbrella, far, links=(Link(0, "holding", 1),))
    assert verdict(world, "holding", 0, 1) is True
    assert verdict(world, "holding by", 1, 0) is True
    assert verdict(world, "holding", 0, 2) is False
    assert verdict(world, "riding", 0, 1) is False
    # Who holds it is neither next to it nor clearly not.
    assert verdict(world, "next to", 0, 1) is None
    assert world.afloat == 0b10


@pytest.mark.parametrize(
    ("relation", "category"),
    [("holding", "umbrella"), ("walking", "dog"), ("riding", "bike"), ("sitting on", "bench")],
)
def test_a_stray_thing_at_ones_side_may_look_like_ones_own(
    look: Look, relation: str, category: str
) -> None:
    """In a small picture "the man with the dog" might be the one the dog merely stands beside."""
    stray = Thing(category, 0.5, 0.8, 0.25, "brown")
    world = look(man(0.3), stray, man(1.2))
    assert verdict(world, relation, 0, 1) is None
    assert verdict(world, relation, 2, 1) is False
    # Once somebody surely has it, nobody else seems to.
    world = look(man(0.3), stray, man(1.2), links=(Link(2, relation, 1),))
    assert verdict(world, relation, 0, 1) is False


def test_on_the_path_has_a_rim_that_is_open_to_argument(look: Look) -> None:
    # At the bottom the path is 0.4 wide around x = 0.5.
    spots = [cat(x, 0.999) for x in (0.5, 0.7, 0.95)]
    world = look(*spots, Thing("kite", 0.5, 0.6, 0.2, "red"), path=(0.5, 0.5, 0.4))
    assert [on_stuff(world, index, "path") for index in range(4)] == [True, None, False, False]
    assert not any(on_stuff(world, index, "pond") for index in range(4))


def test_on_the_pond_is_inside_its_ellipse(look: Look) -> None:
    ducks = [Thing("duck", x, 0.7, 0.15, "white") for x in (0.5, 0.8, 1.2)]
    world = look(*ducks, pond=(0.5, 0.7, 0.3, 0.1))
    assert [on_stuff(world, index, "pond") for index in range(3)] == [True, None, False]


def test_nothing_is_on_stuff_that_nobody_sees() -> None:
    scene = Scene((cat(0.5, 0.999),), (), 1.25, 0.3, (0.5, 0.5, 0.4), None, 0)
    grass = np.full((128, 160), 252, dtype=np.uint8)
    world = observe(scene, grass, np.zeros_like(grass))
    assert world.stuff == ("grass",)
    assert on_stuff(world, 0, "path") is False


def test_between_is_on_the_line_from_one_to_the_other(look: Look) -> None:
    world = look(cat(0.2), cat(0.6), cat(1.0), cat(1.35), cat(0.6, 0.98), cat(0.28))
    assert between(world, 1, 0, 2) is True
    assert between(world, 1, 2, 0) is True
    assert between(world, 3, 0, 2) is False
    assert between(world, 4, 0, 2) is None
    assert between(world, 5, 0, 2) is None


def test_between_one_above_and_one_below_is_open_to_argument(look: Look) -> None:
    world = look(Thing("kite", 0.5, 0.3, 0.2, "red"), cat(0.6, 0.65), cat(0.52, 0.98))
    assert between(world, 1, 0, 2) is None


def test_pixels_count_what_is_seen_at_any_resolution() -> None:
    scene = Scene((man(0.5), cat(1.0)), (), 1.25, 0.3, None, None, 0)
    counted = []
    for height in (128, 256):
        labels = np.full((height, height * 5 // 4), 252, dtype=np.uint8)
        parts = np.zeros_like(labels)
        labels[: height // 4, : height // 4], parts[: height // 8, : height // 8] = 1, 2
        world = observe(scene, labels, parts)
        counted.append((world.pixels, world.garments[0], world.stuff))
    assert counted[0] == counted[1] == ([1024.0, 0.0], [0.0, 256.0, 0.0], ("grass",))
