"""Choosing what to say: a phrase that describes one thing and nothing else in the picture.

Each flavour imitates how one benchmark was collected: ``unc`` players type a word and a side,
``uncplus`` players may not name places, ``gref`` annotators write whole phrases full of relations,
``referit`` players also mean sky, grass, path and pond.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from refseg_lib.parkref.meaning import Clause, Phrase, denote, describes_only
from refseg_lib.parkref.relating import colored, named, related
from refseg_lib.parkref.scene import PEOPLE
from refseg_lib.parkref.selecting import PLACES, located
from refseg_lib.parkref.world import FEWEST_PIXELS, INVERSE, LINKED, SPATIAL, World

FLAVOURS = ("unc", "uncplus", "gref", "referit")
# Nobody gives up on the first word that does not single the thing out.
TRIES = 14
UNLOCATED = ("next to", "under", *LINKED, *INVERSE)
# What may stand beside a location word: "on the left, left of the tree" is said by nobody.
PLACE_FREE = (*UNLOCATED, "on", "wearing")


def worth_meaning(world: World) -> list[int]:
    """List the things that can be referents: visible, and not the only one of their kind."""
    categories = [thing.category for thing in world.scene.things]
    people = sum(name in PEOPLE for name in categories)
    return [
        index
        for index, name in enumerate(categories)
        if world.pixels[index] >= FEWEST_PIXELS
        and (categories.count(name) >= 2 or (name in PEOPLE and people >= 3))
    ]


def describe(world: World, flavour: str, index: int, rng: np.random.Generator) -> Phrase | None:
    """Find a phrase that describes thing ``index`` alone, or None when none comes to mind.

    Args:
        world: The facts of the scene.
        flavour: One of :data:`FLAVOURS`.
        index: The referent.
        rng: The only source of randomness.
    """
    think = THINKING[flavour]
    for _ in range(TRIES):
        phrase = think(world, index, rng)
        if phrase is None or not describes_only(phrase, index, world):
            continue
        if flavour == "gref" and rng.random() < 0.75:
            # Keep most of what remains ambiguous without its relations: that is what long
            # expressions are for.
            plain = replace(phrase, clauses=(), place=None)
            if describes_only(plain, index, world):
                continue
        return phrase
    return None


def stuff_phrases(world: World) -> list[Phrase]:
    """Return a phrase for every kind of stuff in the picture (ReferIt has those too)."""
    return [Phrase(name, entity=("stuff", name)) for name in world.stuff]


def _sized(phrase: Phrase, world: World, index: int, rng: np.random.Generator) -> Phrase:
    person = world.scene.things[index].category in PEOPLE
    options = ("tallest", "shortest") if person else ("biggest", "smallest")
    return replace(phrase, size=options[int(rng.random() * 2)])


def _placed(phrase: Phrase, world: World, index: int, rng: np.random.Generator) -> Phrase | None:
    """Add a location word that is true, looked for in random order."""
    if any(clause.relation not in PLACE_FREE for clause in phrase.clauses):
        return phrase
    only = (1 << index, 1 << index)
    described = denote(phrase, world)
    for position in rng.permutation(len(PLACES))[:6]:
        place = PLACES[position]
        # Left and right are said far more often than corners.
        if place not in ("left", "right") and rng.random() < (0.8 if " " in place else 0.45):
            continue
        if located(place, 1, *described, world) == only:
            return replace(phrase, place=place)
    # Counting is for those who find nothing else to say.
    for side in ("left", "right") if rng.random() < 0.3 else ():
        for ordinal in (2, 3):
            if located(side, ordinal, *described, world) == only:
                return replace(phrase, place=side, ordinal=ordinal)
    return None


def _think_short(
    world: World, index: int, rng: np.random.Generator, places: bool, relations: tuple[str, ...]
) -> Phrase | None:
    phrase: Phrase | None = named(world, index, rng)
    roll = rng.random()
    if roll < 0.6:
        phrase = colored(phrase, world, index, rng)
    elif roll < (0.66 if places else 0.75):
        phrase = _sized(phrase, world, index, rng)
    if rng.random() < (0.2 if places else 0.55):
        phrase = related(phrase, world, index, rng, relations, 0)
    if phrase is not None and places and rng.random() < 0.75:
        phrase = _placed(phrase, world, index, rng)
    return phrase


def _think_unc(world: World, index: int, rng: np.random.Generator) -> Phrase | None:
    return _think_short(world, index, rng, True, (*UNLOCATED, "in front of", "on"))


def _think_uncplus(world: World, index: int, rng: np.random.Generator) -> Phrase | None:
    return _think_short(world, index, rng, False, UNLOCATED)


def _think_gref(world: World, index: int, rng: np.random.Generator) -> Phrase | None:
    phrase: Phrase | None = named(world, index, rng)
    if rng.random() < 0.35:
        phrase = colored(phrase, world, index, rng)
    every = (*SPATIAL, *LINKED, *INVERSE, "on", "between")
    if rng.random() < 0.15:
        phrase = related(phrase, world, index, rng, (*LINKED, "on", *SPATIAL), 0)
    if phrase is not None:
        phrase = related(phrase, world, index, rng, every, 1)
    if phrase is None or not _sounds_clear(phrase):
        return None
    phrase = replace(phrase, clauses=_in_order(phrase.clauses))
    return _placed(phrase, world, index, rng) if rng.random() < 0.1 else phrase


def _sounds_clear(phrase: Phrase) -> bool:
    """Say whether no two parts of a phrase can be taken for one another.

    "Beside a brown cat and behind the cat" would leave a reader puzzled, and so would a landmark's
    own landmark that sounds like the referent.
    """
    relations = [clause.relation for clause in phrase.clauses]
    nouns = [n for clause in phrase.clauses for n in {target.noun for target in clause.objects}]
    nested = [
        inner.noun
        for clause in phrase.clauses
        for target in clause.objects
        for deeper in target.clauses
        for inner in deeper.objects
    ]
    told_backwards = any(relation in INVERSE for relation in relations)
    several = len(relations) - relations.count("wearing") > 1
    long_ones = sum(any(t.clauses for t in clause.objects) for clause in phrase.clauses)
    return (
        len(set(relations)) == len(relations)
        and len(set(nouns)) == len(nouns)
        and phrase.noun not in nested
        # "The kite that the man is holding and next to the tree" falls apart.
        and not (told_backwards and several)
        # Whom would "and" lead back to?
        and long_ones <= 1
    )


def _in_order(clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """Put clauses so that "and" leads back to the referent.

    "Next to a boy in a red shirt and riding a bike" would be about the boy, and "between A and B
    and …" hard to take apart: what has a bare landmark comes first, "between" last.
    """
    return tuple(
        sorted(
            clauses,
            key=lambda clause: (
                clause.relation == "between",
                any(target.clauses for target in clause.objects),
            ),
        )
    )


THINKING: dict[str, Callable[[World, int, np.random.Generator], Phrase | None]] = {
    "unc": _think_unc,
    "uncplus": _think_uncplus,
    "gref": _think_gref,
    "referit": _think_unc,
}
