"""What a noun phrase means: the set of things it describes in a world.

Meaning comes first and words later: one :class:`Phrase` is put into English and into Chinese.
:func:`denote` is the judge of every sentence in ParkRef; a phrase is unambiguous when its sure
and its possible set are the same single thing.
"""

from dataclasses import dataclass, field

from refseg_lib.parkref.world import World, between, members, on_stuff

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
            "dog", "cat", "duck", "ball", "kite", "balloon",
            "umbrella", "bench", "tree", "bike", "boat",
        )
    },
}
GARMENTS = ("shirt", "trousers", "skirt", "hat")
PLACES = (
    "left", "right", "middle", "front", "back", "top", "bottom",
    "bottom left", "bottom right", "top left", "top right",
)
# Two centres nearer than this (image heights) are not told apart by a location word.
MARGIN = 0.07


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
        place: One of :data:`PLACES`, or None: likewise among those.
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
        sure, maybe = _extreme(phrase.size, sure, maybe, world)
    if phrase.place is not None:
        sure, maybe = _located(phrase.place, phrase.ordinal, sure, maybe, world)
    return sure, maybe


def describes_only(phrase: Phrase, index: int, world: World) -> bool:
    """Say whether the phrase describes thing ``index`` and nothing else, beyond argument."""
    return denote(phrase, world) == (1 << index, 1 << index)


def _judge(clause: Clause, candidates: int, world: World) -> tuple[int, int]:
    """Return the candidates for which the clause surely, and possibly, holds."""
    first = clause.objects[0]
    if clause.relation == "wearing":
        worn = _wearing(first, world)
        return worn, worn
    if clause.relation == "on":
        verdicts = {index: on_stuff(world, index, first.noun) for index in members(candidates)}
    elif clause.relation == "between":
        one, two = (members(denote(phrase, world)[1]) for phrase in clause.objects)
        verdicts = {
            index: _any(
                between(world, index, a, b)
                for a in one
                for b in two
                if len({index, a, b}) == 3
            )
            for index in members(candidates)
        }
    else:
        sure_objects, maybe_objects = denote(first, world)
        verdicts = {}
        for index in members(candidates):
            if world.sure[clause.relation][index] & sure_objects:
                verdicts[index] = True
            elif world.maybe[clause.relation][index] & maybe_objects:
                verdicts[index] = None
    sure = sum(1 << index for index, verdict in verdicts.items() if verdict is True)
    return sure, sure | sum(1 << index for index, verdict in verdicts.items() if verdict is None)


def _any(verdicts) -> bool | None:  # noqa: ANN001
    """Three-valued "or"."""
    seen = set(verdicts)
    return True if True in seen else (None if None in seen else False)


def _wearing(garment: Phrase, world: World) -> int:
    """Return the people who wear such a garment."""
    worn = 0
    for index, thing in enumerate(world.scene.things):
        if thing.bottoms is None:
            continue
        if garment.noun == "shirt":
            fits = garment.color in (None, thing.color) and garment.pattern in (
                None,
                thing.pattern,
            )
        elif garment.noun == "hat":
            fits = thing.hat is not None and garment.color in (None, thing.hat)
        else:
            kind = "skirt" if thing.category in ("woman", "girl") else "trousers"
            fits = garment.noun == kind and garment.color in (None, thing.bottoms)
        worn |= fits << index
    return worn


def _extreme(size: str, sure: int, maybe: int, world: World) -> tuple[int, int]:
    """Keep the biggest, smallest, tallest or shortest; undecided when it is a close call."""
    if sure != maybe or sure.bit_count() < 2:
        return 0, maybe
    candidates = members(sure)
    if size in ("tallest", "shortest"):
        measure = {index: world.boxes[index, 3] - world.boxes[index, 1] for index in candidates}
        margin = 1.18
    else:
        measure = {index: max(world.pixels[index], 1.0) for index in candidates}
        margin = 1.5
    ranked = sorted(candidates, key=lambda index: measure[index])
    if size in ("biggest", "tallest"):
        ranked.reverse()
    ratio = measure[ranked[0]] / measure[ranked[1]]
    if max(ratio, 1 / ratio) < margin:
        return 0, maybe
    return 1 << ranked[0], 1 << ranked[0]


def _located(place: str, ordinal: int, sure: int, maybe: int, world: World) -> tuple[int, int]:
    """Keep the one at ``place`` among the candidates; undecided when it is a close call."""
    if sure != maybe or not sure:
        return 0, maybe
    candidates = members(sure)
    boxes, aspect = world.boxes, world.scene.aspect
    x = {index: (boxes[index, 0] + boxes[index, 2]) / 2 for index in candidates}
    y = {index: (boxes[index, 1] + boxes[index, 3]) / 2 for index in candidates}
    if place in ("front", "back"):
        y = {index: world.scene.things[index].y for index in candidates}
    if len(candidates) == 1:
        # "the man on the left" when there is only one man: he must at least be there.
        share = x[candidates[0]] / aspect
        fits = {"left": share < 0.4, "right": share > 0.6, "middle": abs(share - 0.5) < 0.1}
        return (sure, sure) if fits.get(place, False) else (0, maybe)
    if place == "middle":
        if len(candidates) % 2 == 0:
            return 0, maybe
        ranked = sorted(candidates, key=lambda index: x[index])
        chosen = ranked[len(ranked) // 2]
        clear = all(abs(x[chosen] - x[other]) > MARGIN for other in ranked if other != chosen)
        # The middle of the row must not be at the rim of the picture.
        clear = clear and 0.2 < x[chosen] / aspect < 0.8
        return (1 << chosen, 1 << chosen) if clear else (0, maybe)
    score = {
        index: {
            "left": -x[index],
            "right": x[index],
            "front": y[index],
            "back": -y[index],
            "bottom": y[index],
            "top": -y[index],
            "bottom left": y[index] - x[index],
            "bottom right": y[index] + x[index],
            "top left": -y[index] - x[index],
            "top right": -y[index] + x[index],
        }[place]
        for index in candidates
    }
    ranked = sorted(candidates, key=lambda index: -score[index])
    if ordinal > len(ranked) or (ordinal > 1 and len(ranked) < 3):
        return 0, maybe
    chosen = ranked[ordinal - 1]
    margin = 1.6 * MARGIN if " " in place else MARGIN
    clear = all(abs(score[chosen] - score[other]) > margin for other in ranked if other != chosen)
    if " " in place:
        # A corner is an extreme in both directions, or nearly so.
        side = x[chosen] if "left" in place else -x[chosen]
        clear = clear and sum((x[o] if "left" in place else -x[o]) < side for o in ranked) <= 1
        level = -y[chosen] if "bottom" in place else y[chosen]
        clear = clear and sum((-y[o] if "bottom" in place else y[o]) < level for o in ranked) <= 1
    return (1 << chosen, 1 << chosen) if clear else (0, maybe)
