"""Choosing what to say: a phrase that describes one thing and nothing else in the picture.

Each flavour imitates how one benchmark was collected: ``unc`` players type a word and a side,
``uncplus`` players may not name places, ``gref`` annotators write whole phrases full of relations,
``referit`` players also mean sky, grass, path and pond.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from refseg_lib.parkref.meaning import (
    NOUNS,
    PLACES,
    Clause,
    Phrase,
    denote,
    describes_only,
)
from refseg_lib.parkref.scene import PEOPLE
from refseg_lib.parkref.world import (
    FEWEST_PIXELS,
    INVERSE,
    LINKED,
    SKY_THINGS,
    SPATIAL,
    World,
    between,
    members,
    on_stuff,
)

FLAVOURS = ("unc", "uncplus", "gref", "referit")
# Nobody gives up on the first word that does not single the thing out.
TRIES = 14
SYNONYMS: dict[str, tuple[tuple[str, float], ...]] = {
    "man": (("man", 0.5), ("guy", 0.3), ("person", 0.2)),
    "woman": (("woman", 0.5), ("lady", 0.3), ("person", 0.2)),
    "boy": (("boy", 0.6), ("kid", 0.25), ("person", 0.15)),
    "girl": (("girl", 0.6), ("kid", 0.25), ("person", 0.15)),
    "dog": (("dog", 0.9), ("animal", 0.1)),
    "cat": (("cat", 0.9), ("animal", 0.1)),
    "duck": (("duck", 0.9), ("animal", 0.1)),
}
UNLOCATED = ("next to", "under", *LINKED, *INVERSE)


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


def describe(
    world: World, flavour: str, index: int, rng: np.random.Generator
) -> Phrase | None:
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


def _named(world: World, index: int, rng: np.random.Generator) -> Phrase:
    category = world.scene.things[index].category
    options = SYNONYMS.get(category, ((category, 1.0),))
    shares = [share for _, share in options]
    noun = options[int(rng.choice(len(options), p=shares))][0]
    return Phrase(noun, entity=("thing", index))


def _colored(phrase: Phrase, world: World, index: int, rng: np.random.Generator) -> Phrase:
    """Add a colour or a pattern; for people, what they wear."""
    thing = world.scene.things[index]
    if thing.category in PEOPLE:
        return replace(phrase, clauses=(*phrase.clauses, _garment(world, index, rng)))
    patterned = thing.pattern != "plain" and rng.random() < 0.6
    color = thing.color if not patterned or rng.random() < 0.6 else None
    return replace(phrase, color=color, pattern=thing.pattern if patterned else None)


def _garment(world: World, index: int, rng: np.random.Generator) -> Clause:
    thing = world.scene.things[index]
    roll = rng.random()
    if thing.hat is not None and roll < 0.4:
        worn = Phrase("hat", color=thing.hat, entity=("part", index, "hat"))
    elif roll < 0.75:
        patterned = thing.pattern != "plain" and rng.random() < 0.6
        worn = Phrase(
            "shirt",
            color=thing.color if not patterned or rng.random() < 0.7 else None,
            pattern=thing.pattern if patterned else None,
            entity=("part", index, "shirt"),
        )
    else:
        noun = "skirt" if thing.category in ("woman", "girl") else "trousers"
        worn = Phrase(noun, color=thing.bottoms, entity=("part", index, "bottoms"))
    return Clause("wearing", (worn,))


def _sized(phrase: Phrase, world: World, index: int, rng: np.random.Generator) -> Phrase:
    person = world.scene.things[index].category in PEOPLE
    options = ("tallest", "shortest") if person else ("biggest", "smallest")
    return replace(phrase, size=options[int(rng.integers(2))])


def _placed(phrase: Phrase, world: World, rng: np.random.Generator) -> Phrase:
    """Add a location word that is true, looked for in random order."""
    if phrase.entity[0] != "thing":
        return phrase
    for position in rng.permutation(len(PLACES))[:6]:
        place = PLACES[int(position)]
        if place in ("front", "back") and _in_sky(world, phrase.entity[1]):
            continue
        # Left and right are said far more often than corners.
        if place not in ("left", "right") and rng.random() < 0.45:
            continue
        located = replace(phrase, place=place)
        if describes_only(located, phrase.entity[1], world):
            return located
    for side in ("left", "right"):
        for ordinal in (2, 3):
            located = replace(phrase, place=side, ordinal=ordinal)
            if describes_only(located, phrase.entity[1], world):
                return located
    return replace(phrase, place="left" if rng.random() < 0.5 else "right")


def _in_sky(world: World, index: int) -> bool:
    return world.scene.things[index].category in SKY_THINGS


def _related(
    phrase: Phrase,
    world: World,
    index: int,
    rng: np.random.Generator,
    allowed: tuple[str, ...],
    depth: int,
) -> Phrase | None:
    """Add one relation to another thing, or to stuff, that holds beyond argument."""
    facts: list[tuple[str, tuple]] = []
    for relation in allowed:
        if relation in world.sure:
            # What hands and leashes tie together is what people mention first.
            weight = 3 if relation in LINKED or relation in INVERSE else 1
            others = members(world.sure[relation][index])
            facts += [(relation, (other,)) for other in others] * weight
    if "on" in allowed:
        facts += [("on", (name,)) for name in ("path", "pond") if on_stuff(world, index, name)]
    if "between" in allowed and rng.random() < 0.3:
        rest = [other for other in range(len(world.scene.things)) if other != index]
        pairs = [
            (one, two)
            for position, one in enumerate(rest)
            for two in rest[position + 1 :]
            if between(world, index, one, two)
        ]
        facts += [("between", pair) for pair in pairs[:4]]
    if not facts:
        return None
    relation, targets = facts[int(rng.integers(len(facts)))]
    if relation == "on":
        landmark = Phrase(targets[0], entity=("stuff", targets[0]))
        return replace(phrase, clauses=(*phrase.clauses, Clause("on", (landmark,))))
    if relation == "between":
        marks = tuple(_landmark(world, other, rng, 0, index) for other in targets)
        if any(denote(mark, world)[1].bit_count() != 1 for mark in marks):
            return None
        return replace(phrase, clauses=(*phrase.clauses, Clause("between", marks)))
    landmark = _landmark(world, targets[0], rng, depth, index)
    # The landmark need not be unique in the park, but the thing it is related to must be clear.
    if world.maybe[relation][index] & denote(landmark, world)[1] != 1 << targets[0]:
        return None
    return replace(phrase, clauses=(*phrase.clauses, Clause(relation, (landmark,))))


def _landmark(
    world: World, index: int, rng: np.random.Generator, depth: int, speaker_of: int
) -> Phrase:
    """Name a thing that only serves to find another one."""
    phrase = _named(world, index, rng)
    roll = rng.random()
    if roll < 0.6:
        phrase = _colored(phrase, world, index, rng)
    if depth > 0 and rng.random() < 0.3:
        nested = _related(phrase, world, index, rng, (*LINKED, "on", "next to", "under"), 0)
        if nested is not None and not _mentions(nested.clauses[-1], speaker_of):
            return nested
    return phrase


def _mentions(clause: Clause, index: int) -> bool:
    return any(target.entity == ("thing", index) for target in clause.objects)


def _think_short(
    world: World, index: int, rng: np.random.Generator, places: bool, relations: tuple[str, ...]
) -> Phrase | None:
    phrase: Phrase | None = _named(world, index, rng)
    assert phrase is not None
    roll = rng.random()
    if roll < 0.5:
        phrase = _colored(phrase, world, index, rng)
    elif roll < 0.62:
        phrase = _sized(phrase, world, index, rng)
    if rng.random() < (0.2 if places else 0.55):
        phrase = _related(phrase, world, index, rng, relations, 0)
    if phrase is not None and places and rng.random() < 0.75:
        phrase = _placed(phrase, world, rng)
    return phrase


def _think_unc(world: World, index: int, rng: np.random.Generator) -> Phrase | None:
    return _think_short(world, index, rng, True, (*UNLOCATED, "in front of", "on"))


def _think_uncplus(world: World, index: int, rng: np.random.Generator) -> Phrase | None:
    return _think_short(world, index, rng, False, UNLOCATED)


def _think_gref(
    world: World, index: int, rng: np.random.Generator
) -> Phrase | None:
    phrase: Phrase | None = _named(world, index, rng)
    assert phrase is not None
    if rng.random() < 0.45:
        phrase = _colored(phrase, world, index, rng)
    every = (*SPATIAL, *LINKED, *INVERSE, "on", "between")
    if rng.random() < 0.15:
        phrase = _related(phrase, world, index, rng, (*LINKED, "on", *SPATIAL), 0)
    if phrase is not None:
        phrase = _related(phrase, world, index, rng, every, 1)
    if phrase is not None and rng.random() < 0.1:
        phrase = _placed(phrase, world, rng)
    if phrase is None:
        return None
    # "beside a brown cat and behind the cat" would leave a reader puzzled, and so would a
    # landmark's own landmark that sounds like the referent.
    relations = [clause.relation for clause in phrase.clauses]
    nouns = [target.noun for clause in phrase.clauses for target in clause.objects[:1]]
    nested = [
        inner.noun
        for clause in phrase.clauses
        for target in clause.objects
        for deeper in target.clauses
        for inner in deeper.objects
    ]
    if len(set(relations)) < len(relations) or len(set(nouns)) < len(nouns):
        return None
    if phrase.noun in nested:
        return None
    # "between A and B and …" would be hard to take apart: between comes last.
    ordered = sorted(phrase.clauses, key=lambda clause: clause.relation == "between")
    return replace(phrase, clauses=tuple(ordered))


THINKING: dict[str, Callable[[World, int, np.random.Generator], Phrase | None]] = {
    "unc": _think_unc,
    "uncplus": _think_uncplus,
    "gref": _think_gref,
    "referit": _think_unc,
}

