"""Relating a thing to its surroundings: the facts worth telling, and the landmarks they lead to."""

from dataclasses import replace

import numpy as np

from refseg_lib.parkref.meaning import Clause, Phrase, denote
from refseg_lib.parkref.scene import PEOPLE
from refseg_lib.parkref.world import INVERSE, LINKED, World, between, members, on_stuff

SYNONYMS: dict[str, tuple[tuple[str, float], ...]] = {
    "man": (("man", 0.5), ("guy", 0.3), ("person", 0.2)),
    "woman": (("woman", 0.5), ("lady", 0.3), ("person", 0.2)),
    "boy": (("boy", 0.6), ("kid", 0.25), ("person", 0.15)),
    "girl": (("girl", 0.6), ("kid", 0.25), ("person", 0.15)),
    "dog": (("dog", 0.9), ("animal", 0.1)),
    "cat": (("cat", 0.9), ("animal", 0.1)),
    "duck": (("duck", 0.9), ("animal", 0.1)),
}
# What hands and leashes tie together is what people mention first; left and right of something
# are true of nearly everything.
WEIGHTS = {**dict.fromkeys((*LINKED, *INVERSE), 6), "left of": 1, "right of": 1}
# "Between" is true of many things; nobody thinks of all of them.
MOST_PAIRS = 4

Fact = tuple[str, tuple]
"""A relation and what is on its other end: ``(index,)``, ``(one, two)`` or ``(stuff name,)``."""


def named(world: World, index: int, rng: np.random.Generator) -> Phrase:
    """Name thing ``index`` by a noun."""
    category = world.scene.things[index].category
    noun = category
    roll = rng.random()
    for word, share in SYNONYMS.get(category, ()):
        roll -= share
        if roll < 0:
            noun = word
            break
    return Phrase(noun, entity=("thing", index))


def colored(phrase: Phrase, world: World, index: int, rng: np.random.Generator) -> Phrase:
    """Add a colour or a pattern; for people, what they wear."""
    thing = world.scene.things[index]
    if thing.category in PEOPLE:
        return replace(phrase, clauses=(*phrase.clauses, _garment(world, index, rng)))
    patterned = thing.pattern != "plain" and rng.random() < 0.6
    color = thing.color if not patterned or rng.random() < 0.6 else None
    return replace(phrase, color=color, pattern=thing.pattern if patterned else None)


def related(
    phrase: Phrase,
    world: World,
    index: int,
    rng: np.random.Generator,
    allowed: tuple[str, ...],
    depth: int,
) -> Phrase | None:
    """Add one relation to another thing, or to stuff, that holds beyond argument.

    Args:
        phrase: Describes thing ``index`` so far.
        world: The facts.
        index: The thing to relate.
        rng: The only source of randomness.
        allowed: The relations to choose from.
        depth: How often a landmark may have a landmark of its own.

    Returns:
        The longer phrase, or None when there is nothing clear to say.
    """
    pairs = "between" in allowed and rng.random() < 0.3
    facts = _facts(world, index, allowed, pairs)
    if not facts:
        return None
    relation, targets = facts[int(rng.random() * len(facts))]
    if relation == "on":
        landmark = Phrase(targets[0], entity=("stuff", targets[0]))
        return replace(phrase, clauses=(*phrase.clauses, Clause("on", (landmark,))))
    if relation == "between":
        marks = tuple(_landmark(world, other, rng, 0, phrase) for other in targets)
        if any(
            denote(mark, world)[1].bit_count() != 1 or _alike(mark, phrase, world) for mark in marks
        ):
            return None
        return replace(phrase, clauses=(*phrase.clauses, Clause("between", marks)))
    # "Holding an umbrella next to the cat": the umbrella, or who holds it?
    depth = 0 if relation in LINKED else depth
    landmark = _landmark(world, targets[0], rng, depth, phrase)
    if _alike(landmark, phrase, world):
        return None
    # The landmark need not be unique in the park, but the thing it is related to must be clear.
    if world.maybe[relation][index] & denote(landmark, world)[1] != 1 << targets[0]:
        return None
    return replace(phrase, clauses=(*phrase.clauses, Clause(relation, (landmark,))))


def _facts(world: World, index: int, allowed: tuple[str, ...], pairs: bool) -> list[Fact]:
    """List what surely holds for a thing; what is likely to be mentioned comes several times."""
    key = ("facts", index, allowed, pairs)
    if key in world.cache:
        return world.cache[key]
    facts: list[Fact] = []
    for relation in allowed:
        if relation in world.sure:
            others = members(world.sure[relation][index])
            facts += [(relation, (other,)) for other in others] * WEIGHTS.get(relation, 2)
    if "on" in allowed:
        stuff = [("on", (name,)) for name in ("path", "pond") if on_stuff(world, index, name)]
        facts += stuff * WEIGHTS.get("on", 2)
    if pairs:
        facts += [("between", pair) for pair in _pairs(world, index)]
    world.cache[key] = facts
    return facts


def _pairs(world: World, index: int) -> list[tuple[int, int]]:
    """List the first few pairs that a thing is surely between."""
    rest = [other for other in range(len(world.scene.things)) if other != index]
    found = [
        (one, two)
        for place, one in enumerate(rest)
        for two in rest[place + 1 :]
        if between(world, index, one, two)
    ]
    return found[:MOST_PAIRS]


def _landmark(
    world: World, index: int, rng: np.random.Generator, depth: int, referent: Phrase
) -> Phrase:
    """Name a thing that only serves to find another one."""
    phrase = named(world, index, rng)
    # "The man next to the man" would be said by nobody.
    if phrase.noun == referent.noun or rng.random() < 0.5:
        phrase = colored(phrase, world, index, rng)
    if depth > 0 and rng.random() < 0.3:
        relations = (*LINKED, "on", "next to", "under")
        nested = related(phrase, world, index, rng, relations, depth - 1)
        if nested is not None and not _mentions(nested.clauses[-1], referent):
            return nested
    return phrase


def _alike(one: Phrase, two: Phrase, world: World) -> bool:
    """Say whether two phrases sound the same: "the white cat behind the white cat"."""
    looks = [
        (
            world.scene.things[phrase.entity[1]].category,
            phrase.color,
            phrase.pattern,
            tuple(clause for clause in phrase.clauses if clause.relation == "wearing"),
        )
        for phrase in (one, two)
    ]
    return looks[0] == looks[1]


def _mentions(clause: Clause, phrase: Phrase) -> bool:
    return any(target.entity == phrase.entity for target in clause.objects)


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
