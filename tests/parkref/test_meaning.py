"""What a phrase describes, on parks small enough to see with one's own eyes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from refseg_lib.parkref.meaning import Clause, Phrase, denote, describes_only
from refseg_lib.parkref.scene import Link, Thing
from refseg_lib.parkref.world import World

Look = Callable[..., World]


def cat(x: float, y: float = 0.7, color: str = "black", pattern: str = "plain") -> Thing:
    return Thing("cat", x, y, 0.2, color, pattern)


def person(category: str, x: float, y: float = 0.8, **changes: str) -> Thing:
    wear = {"color": "red", "bottoms": "blue", **changes}
    return Thing(category, x, y, 0.5 if category in ("man", "woman") else 0.35, **wear)  # type: ignore[arg-type]


def with_clause(phrase: Phrase, relation: str, *objects: Phrase) -> Phrase:
    return replace(phrase, clauses=(*phrase.clauses, Clause(relation, objects)))


@pytest.fixture
def meadow(look: Look) -> World:
    """Two black cats, one of them left of a tree, a white dotted one, a tree."""
    return look(
        cat(0.2), cat(1.3), cat(0.95, 0.95, "white", "dotted"), Thing("tree", 0.6, 0.7, 0.6, "red")
    )


def test_a_noun_a_colour_and_a_pattern_narrow_down(meadow: World) -> None:
    assert denote(Phrase("cat"), meadow) == (0b111, 0b111)
    assert denote(Phrase("cat", color="black"), meadow) == (0b011, 0b011)
    assert denote(Phrase("cat", pattern="dotted"), meadow) == (0b100, 0b100)
    assert denote(Phrase("tree"), meadow) == (0b1000, 0b1000)
    assert denote(Phrase("animal"), meadow) == (0b111, 0b111)
    assert denote(Phrase("dog"), meadow) == (0, 0)


def test_what_several_things_are_called_describes_none_of_them_alone(meadow: World) -> None:
    for ambiguous in (Phrase("cat"), Phrase("cat", color="black"), Phrase("animal")):
        assert not any(describes_only(ambiguous, index, meadow) for index in range(4))
    assert describes_only(Phrase("cat", color="white"), 2, meadow)
    assert not describes_only(Phrase("cat", color="white"), 0, meadow)


def test_a_relation_tells_like_things_apart(meadow: World) -> None:
    phrase = with_clause(Phrase("cat", color="black"), "left of", Phrase("tree"))
    assert describes_only(phrase, 0, meadow)
    assert not describes_only(with_clause(Phrase("cat"), "right of", Phrase("tree")), 1, meadow)


def test_a_place_is_taken_among_what_the_rest_describes(meadow: World) -> None:
    assert describes_only(Phrase("cat", place="right"), 1, meadow)
    assert describes_only(Phrase("cat", place="left"), 0, meadow)
    # Among the white cats the only one is not on the right.
    assert not describes_only(Phrase("cat", color="white", place="left"), 2, meadow)


def test_a_guy_may_be_a_boy_but_not_a_woman(look: Look) -> None:
    world = look(person("man", 0.3), person("boy", 0.7), person("woman", 1.1))
    assert denote(Phrase("guy"), world) == (0b001, 0b011)
    assert denote(Phrase("person"), world) == (0b111, 0b111)
    assert not describes_only(Phrase("guy"), 0, world)
    assert describes_only(Phrase("man"), 0, world)


def test_garments_belong_to_who_wears_them(look: Look) -> None:
    world = look(
        person("man", 0.3, hat="green"),
        person("woman", 0.7, color="blue", bottoms="red"),
        person("man", 1.1, color="blue", pattern="striped"),
    )

    def wearers(noun: str, **looks: str) -> int:
        garment = Phrase(noun, **looks)  # type: ignore[arg-type]
        sure, maybe = denote(with_clause(Phrase("person"), "wearing", garment), world)
        assert sure == maybe
        return sure

    assert wearers("hat") == wearers("hat", color="green") == 0b001
    assert wearers("hat", color="red") == 0
    assert wearers("shirt", color="blue") == 0b110
    assert wearers("shirt", color="blue", pattern="striped") == 0b100
    assert wearers("trousers", color="blue") == 0b101
    assert wearers("skirt", color="red") == 0b010
    assert wearers("trousers", color="red") == wearers("skirt", color="blue") == 0


def test_a_hidden_garment_may_have_any_colour(look: Look) -> None:
    world = look(person("man", 0.3), person("man", 1.1, color="blue"))
    world.garments[1][0] = 2.0
    red = with_clause(Phrase("man"), "wearing", Phrase("shirt", color="red"))
    assert denote(red, world) == (0b01, 0b11)
    assert not describes_only(red, 0, world)
    blue = with_clause(Phrase("man"), "wearing", Phrase("shirt", color="blue"))
    assert denote(blue, world) == (0, 0b10)


def test_holding_goes_to_the_hand_that_holds(look: Look) -> None:
    umbrella = Thing("umbrella", 0.45, 0.5, 0.3, "pink")
    world = look(person("man", 0.3), person("man", 1.1), umbrella, links=(Link(0, "holding", 2),))
    assert describes_only(with_clause(Phrase("man"), "holding", Phrase("umbrella")), 0, world)
    held = with_clause(Phrase("umbrella"), "holding by", Phrase("man"))
    assert describes_only(held, 2, world)
    assert not describes_only(
        with_clause(Phrase("man"), "holding", Phrase("umbrella", color="red")), 0, world
    )


def test_between_needs_both_ends_beyond_doubt(look: Look) -> None:
    boy, man = person("boy", 0.35), person("man", 1.1)
    world = look(boy, cat(0.75), man, cat(1.4))
    kid_and_man = with_clause(Phrase("cat"), "between", Phrase("boy"), Phrase("man"))
    assert denote(kid_and_man, world)[0] == 0b0010
    # A "guy" may be the boy, so that "between the guy and the man" could be said of this cat; but
    # it is not sure.
    guy = with_clause(Phrase("cat"), "between", Phrase("guy"), Phrase("man"))
    assert denote(guy, world)[0] == 0
    assert denote(guy, world)[1] & 0b0010


def test_on_stuff(look: Look) -> None:
    ducks = [Thing("duck", x, 0.7, 0.15, "white") for x in (0.5, 1.2)]
    world = look(*ducks, pond=(0.5, 0.7, 0.3, 0.1))
    assert describes_only(with_clause(Phrase("duck"), "on", Phrase("pond")), 0, world)
    assert not describes_only(with_clause(Phrase("duck"), "on", Phrase("path")), 0, world)


def test_a_modifier_that_could_go_with_either_noun_must_not_matter(look: Look) -> None:
    """Which of the two wears the hat in "the boy next to the girl with a green hat"?"""
    girl = with_clause(Phrase("girl"), "wearing", Phrase("hat", color="green"))
    phrase = with_clause(Phrase("boy"), "next to", girl)
    pair = (person("boy", 0.2), person("girl", 0.42, hat="green"))
    others = (person("boy", 1.0), person("girl", 1.22))
    assert describes_only(phrase, 0, look(*pair, *others))
    hats = look(*pair, replace(others[0], hat="green"), others[1])
    assert denote(phrase, hats) == (1, 1), "the nearest noun alone would be clear"
    assert not describes_only(phrase, 0, hats)


def test_second_from_the_left_with_a_hat_must_not_depend_on_who_is_counted(look: Look) -> None:
    hat = Phrase("hat", color="green")
    second = with_clause(Phrase("man", place="left", ordinal=2), "wearing", hat)
    row = [person("man", x) for x in (0.2, 0.5, 0.8, 1.1)]
    hats = [replace(man, hat="green") for man in row]
    # Hats on 1, 2, 3: the second man is also the second with a hat.
    assert describes_only(second, 1, look(*hats[:3], row[3]))
    # Hats on 2, 3, 4: the second with a hat is the third man; the second man has a hat too.
    assert not describes_only(second, 2, look(row[0], *hats[1:]))


def test_what_the_speaker_has_in_mind_never_enters_the_verdict(meadow: World) -> None:
    phrase = Phrase("cat", color="white")
    for entity in ((), ("thing", 0), ("thing", 2)):
        assert denote(replace(phrase, entity=entity), meadow) == (0b100, 0b100)
