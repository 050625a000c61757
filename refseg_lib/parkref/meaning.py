"""What a noun phrase means: the set of things it describes in a world.

Meaning comes first and words later: one :class:`Phrase` is put into English and into Chinese.
:func:`denote` is the judge of every sentence in ParkRef; a phrase is unambiguous when its sure
and its possible set are the same single thing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from refseg_lib.parkref.scene import PARTS
from refseg_lib.parkref.selecting import extreme, located
from refseg_lib.parkref.world import FEWEST_GARMENT_PIXELS, World, between, members, on_stuff

# noun: (categories it surely names, categories somebody might also call so)
NOUNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "man": (("man",), ()),
    "guy": (("man",), ("boy",)),
    "woman": (("woman",), ()),
    "lady": (("woman",), ()),
    "boy": (("boy",), ()),
    "girl": (("girl",), ()),
    "kid": (("boy", "girl"), ()),
    "person": (("man", "woman", "boy", "girl"), ()),
    "animal": (("dog", "cat", "duck"), ()),
    **{
        name: ((name,), ())
        for name in (
            "dog",
            "cat",
            "duck",
            "ball",
            "kite",
            "balloon",
            "umbrella",
            "bench",
            "tree",
            "bike",
            "boat",
        )
    },
}
GARMENTS = ("shirt", "trousers", "skirt", "hat")


@dataclass(frozen=True)
class Clause:
    """One modifier: a relation to one other phrase (two for ``between``).

    Relations: those of :mod:`world`, ``wearing`` a garment, ``on`` stuff, ``between``.
    """

    relation: str
    objects: tuple["Phrase", ...]


@dataclass(frozen=True)
class Phrase:
    """The meaning of one noun phrase.

    Attributes:
        noun: A key of :data:`NOUNS`, a garment, or a kind of stuff.
        color: Main colour, or None.
        pattern: ``striped`` or ``dotted``, or None.
        size: ``biggest``, ``smallest``, ``tallest``, ``shortest``, or None: among all that the
            rest of the phrase describes.
        place: One of :data:`selecting.PLACES`, or None: likewise among those.
        ordinal: With place left or right: 2 for "second from the left", and so on.
        clauses: Modifiers.
        entity: What the speaker has in mind: ``("thing", i)``, ``("stuff", name)`` or
            ``("part", i, name)``. Not part of the meaning, never used to judge it.
    """

    noun: str
    color: str | None = None
    pattern: str | None = None
    size: str | None = None
    place: str | None = None
    ordinal: int = 1
    clauses: tuple[Clause, ...] = ()
    entity: tuple = field(default=(), compare=False)


def denote(phrase: Phrase, world: World) -> tuple[int, int]:
    """Return (sure, maybe): the things the phrase surely, and possibly, describes.

    Garments and stuff are not things; clauses with them are judged by their owner or place.
    """
    named, stretched = NOUNS[phrase.noun]
    sure = world.which("category", named)
    maybe = sure | world.which("category", stretched)
    if phrase.color is not None:
        colored = world.which("color", (phrase.color,))
        sure, maybe = sure & colored, maybe & colored
    if phrase.pattern is not None:
        patterned = world.which("pattern", (phrase.pattern,))
        sure, maybe = sure & patterned, maybe & patterned
    for clause in phrase.clauses:
        holds, may_hold = _judge(clause, maybe, world)
        sure, maybe = sure & holds, maybe & may_hold
    if phrase.size is not None:
        sure, maybe = extreme(phrase.size, sure, maybe, world)
    if phrase.place is not None:
        sure, maybe = located(phrase.place, phrase.ordinal, sure, maybe, world)
    return sure, maybe


def describes_only(phrase: Phrase, index: int, world: World) -> bool:
    """Say whether the phrase describes thing ``index`` and nothing else, beyond argument.

    That must hold however the words could be taken together: "the dog next to the cat under the
    tree" must not suit a dog that is itself under the tree, beside the cat, and another one.
    """
    only = 1 << index
    if denote(phrase, world) != (only, only):
        return False
    return all(possible & ~only == 0 for possible in _misreadings(phrase, world))


def _misreadings(phrase: Phrase, world: World) -> Iterator[int]:
    """Yield what else a reader may take the phrase to describe."""
    flat = tuple(_flattened(phrase.clauses))
    if len(flat) > len(phrase.clauses):
        yield denote(replace(phrase, clauses=flat), world)[1]
    if phrase.clauses and (phrase.ordinal > 1 or phrase.place == "middle"):
        # "The second man from the left with a hat": counted among all men, or those with hats?
        counted = denote(replace(phrase, clauses=()), world)[0]
        for clause in phrase.clauses:
            counted &= _judge(clause, counted, world)[1]
        yield counted


def _flattened(clauses: tuple[Clause, ...]) -> Iterator[Clause]:
    """Yield all modifiers at any depth, as if they belonged to the outermost noun."""
    for clause in clauses:
        yield replace(clause, objects=tuple(replace(o, clauses=()) for o in clause.objects))
        for target in clause.objects:
            yield from _flattened(target.clauses)


def _judge(clause: Clause, candidates: int, world: World) -> tuple[int, int]:
    """Return the candidates for which the clause surely, and possibly, holds."""
    first = clause.objects[0]
    if clause.relation == "wearing":
        return _wearing(first, world)
    sure = maybe = 0
    if clause.relation == "on":
        for index in members(candidates):
            verdict = on_stuff(world, index, first.noun)
            sure |= (verdict is True) << index
            maybe |= (verdict is not False) << index
    elif clause.relation == "between":
        (sure_one, one), (sure_two, two) = (denote(phrase, world) for phrase in clause.objects)
        for index in members(candidates):
            surely = _any_between(world, index, sure_one, sure_two)
            sure |= (surely is True) << index
            maybe |= (_any_between(world, index, one, two) is not False) << index
    else:
        sure_objects, maybe_objects = denote(first, world)
        holds, may_hold = world.sure[clause.relation], world.maybe[clause.relation]
        for index in members(candidates):
            sure |= bool(holds[index] & sure_objects) << index
            maybe |= bool(may_hold[index] & maybe_objects) << index
    return sure, maybe


def _any_between(world: World, index: int, ones: int, twos: int) -> bool | None:
    """Say whether a thing is between any pair of two different others."""
    return _any(
        between(world, index, one, two)
        for one in members(ones & ~(1 << index))
        for two in members(twos & ~(1 << index))
        if one != two
    )


def _any(verdicts: Iterable[bool | None]) -> bool | None:
    """Three-valued "or"."""
    seen = set(verdicts)
    return True if True in seen else (None if None in seen else False)


def _wearing(garment: Phrase, world: World) -> tuple[int, int]:
    """Return the people who surely, and possibly, wear such a garment.

    A garment that somebody else hides may have any colour.
    """
    part = PARTS.index("bottoms" if garment.noun in ("trousers", "skirt") else garment.noun)
    sure = maybe = 0
    for index, thing in enumerate(world.scene.things):
        if thing.bottoms is None:
            continue
        color, has = thing.color, True
        if garment.noun == "hat":
            color, has = thing.hat, thing.hat is not None
        elif garment.noun != "shirt":
            color = thing.bottoms
            has = (garment.noun == "skirt") == (thing.category in ("woman", "girl"))
        if not has:
            continue
        hidden = world.garments[index][part] < FEWEST_GARMENT_PIXELS
        fits = garment.color in (None, color) and garment.pattern in (None, thing.pattern)
        sure |= (fits and not hidden) << index
        maybe |= (fits or hidden) << index
    return sure, maybe
