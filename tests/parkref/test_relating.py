"""Facts that are told hold beyond argument, and landmarks are clear."""

from collections.abc import Callable

import numpy as np
import pytest

from refseg_lib.parkref.meaning import NOUNS, Phrase, denote
from refseg_lib.parkref.relating import SYNONYMS, colored, named, related
from refseg_lib.parkref.scene import PEOPLE, Link, Thing
from refseg_lib.parkref.world import INVERSE, LINKED, SPATIAL, World

Look = Callable[..., World]
EVERY = (*SPATIAL, *LINKED, *INVERSE, "on", "between")


def rounds(seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, i]) for i in range(40)]


def plain(thing: Thing, index: int) -> Phrase:
    return Phrase(thing.category, entity=("thing", index))


def test_a_thing_is_called_by_a_noun_that_surely_names_it(worlds: list[World]) -> None:
    world = worlds[0]
    for index, thing in enumerate(world.scene.things):
        called = {named(world, index, rng).noun for rng in rounds()}
        assert all(thing.category in NOUNS[noun][0] for noun in called)
        assert called == {noun for noun, _ in SYNONYMS.get(thing.category, ((thing.category, 1),))}


def test_shares_of_synonyms_add_up() -> None:
    for options in SYNONYMS.values():
        assert sum(share for _, share in options) == pytest.approx(1)


def test_colour_and_clothes_are_true_of_the_thing(worlds: list[World]) -> None:
    for world in worlds[:12]:
        for index, thing in enumerate(world.scene.things):
            for rng in rounds()[:6]:
                phrase = colored(Phrase(thing.category), world, index, rng)
                assert denote(phrase, world)[1] >> index & 1
                assert phrase.color or phrase.pattern or phrase.clauses
                assert bool(phrase.clauses) == (thing.category in PEOPLE)


def test_what_is_related_is_surely_related_to_a_clear_landmark(worlds: list[World]) -> None:
    said = set()
    for world in worlds[:20]:
        for index, thing in enumerate(world.scene.things):
            for rng in rounds()[:8]:
                phrase = related(plain(thing, index), world, index, rng, EVERY, 1)
                if phrase is None:
                    continue
                (clause,) = phrase.clauses
                said.add(clause.relation)
                assert denote(phrase, world)[0] >> index & 1
                for target in clause.objects:
                    if target.entity[0] == "thing":
                        assert target.entity[1] != index
                        assert denote(target, world)[0] >> target.entity[1] & 1
    assert len(said) >= 12


def test_only_allowed_relations_are_used(worlds: list[World]) -> None:
    for world in worlds[:20]:
        for index, thing in enumerate(world.scene.things):
            for rng in rounds()[:5]:
                phrase = related(
                    plain(thing, index), world, index, rng, ("next to", "holding by"), 0
                )
                if phrase is not None:
                    assert phrase.clauses[0].relation in ("next to", "holding by")
                    inner = phrase.clauses[0].objects[0].clauses
                    assert all(clause.relation == "wearing" for clause in inner)


def test_where_nothing_is_related_nothing_is_said(look: Look) -> None:
    lonely = look(Thing("cat", 0.5, 0.7, 0.2, "black"))
    assert all(related(Phrase("cat"), lonely, 0, rng, EVERY, 1) is None for rng in rounds())


def test_a_landmark_does_not_sound_like_the_referent(look: Look) -> None:
    """ "The cat next to the cat" helps nobody."""
    cats = look(*(Thing("cat", x, 0.7, 0.2, "black") for x in (0.3, 0.55)))
    black = Phrase("cat", color="black", entity=("thing", 0))
    said = [related(black, cats, 0, rng, EVERY, 0) for rng in rounds()]
    marks = [phrase.clauses[0].objects[0] for phrase in said if phrase is not None]
    assert {mark.noun for mark in marks} <= {"animal"}
    assert len(marks) < len(said) / 2


def test_what_is_tied_together_is_mentioned_first(look: Look) -> None:
    man = Thing("man", 0.4, 0.8, 0.5, "red", bottoms="blue")
    umbrella = Thing("umbrella", 0.53, 0.52, 0.3, "pink")
    others = [Thing(*what, 0.8, 0.2, "black") for what in (("cat", 1.1), ("dog", 1.35))]
    world = look(man, umbrella, *others, links=(Link(0, "holding", 1),))
    phrases = [related(plain(man, 0), world, 0, rng, EVERY, 0) for rng in rounds()]
    relations = [phrase.clauses[0].relation for phrase in phrases if phrase is not None]
    assert relations.count("holding") > relations.count("left of") > 0


def test_a_landmark_that_could_be_either_of_two_is_not_used(look: Look) -> None:
    """ "The cat next to the dog", with a dog on either side, is true but unclear."""
    dogs = [Thing("dog", x, 0.7, 0.2, "black") for x in (0.35, 1.05)]
    cat = Thing("cat", 0.7, 0.7, 0.2, "white")
    world = look(*dogs, cat)
    assert world.sure["next to"][2] == 0b011
    for rng in rounds():
        assert related(plain(cat, 2), world, 2, rng, ("next to",), 0) is None


def test_what_is_in_the_hand_has_no_landmark_of_its_own(look: Look) -> None:
    """ "The man riding a bike on the path": is the man on the path, or the bike?"""
    man = Thing("man", 0.5, 0.95, 0.5, "red", pose="riding", bottoms="blue")
    bike = Thing("bike", 0.5, 0.95, 0.26, "green")
    world = look(man, bike, links=(Link(0, "riding", 1),), path=(0.5, 0.5, 0.5))
    for rng in rounds():
        phrase = related(plain(man, 0), world, 0, rng, LINKED, 1)
        assert phrase is not None
        assert phrase.clauses[0].objects[0].clauses == ()
