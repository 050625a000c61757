"""From the pieces of an English expression to its language graph (paper 000 §3.2.1).

The first thing named is the referent. A relation belongs to the nearest thing named before it that
is no garment, and "and" leads back to what the relation before it belonged to. Two phrases without
a relation between them ("man red shirt") are linked by "with".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from refseg_lib.text import english_words as words
from refseg_lib.text.english_chunks import (
    AND,
    BREAK,
    ELIDED,
    LINK,
    PHRASE,
    PLACE,
    THAT,
    WORD,
    Piece,
    chunk,
)
from refseg_lib.text.graph import Edge, LanguageGraph, Node

_BY_PEOPLE = frozenset(("wearing", "holding", "flying", "riding", "reading", "eating"))


@dataclass
class _Thing:
    head: str
    start: int
    stop: int
    elided: bool = False
    parent: int | None = None
    relation: str = ""

    @property
    def worn(self) -> bool:
        return self.head in words.GARMENTS

    @property
    def person(self) -> bool:
        return self.head in words.PEOPLE


@dataclass
class _Reading:
    """What was understood so far."""

    things: list[_Thing] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    referent: int = 0
    link: tuple[int | None, Piece] | None = None  # (subject, relation) that waits for its object
    between: int | None = None  # the subject of a "between" that waits for its second object
    owner: int | None = None  # "the kite (that) the man …": the kite, until the verb comes
    clause: int | None = None  # … and the man
    prefix: int | None = None  # where words before the first phrase begin


def read_english(tokens: Sequence[str]) -> LanguageGraph | None:
    """Read an English expression.

    Args:
        tokens: As from :func:`refseg_lib.text.tokens.tokenize`, punctuation kept.

    Returns:
        Its graph, or None where the expression speaks of nothing but a place or an action ("far
        left", "standing"). "The red" and "him" are phrases without a noun: their only word that
        describes is taken for the head.
    """
    pieces = chunk(tokens)
    reading = _Reading()
    for number, piece in enumerate(pieces):
        before = pieces[number - 1].kind if number else BREAK
        if piece.kind in (PHRASE, ELIDED):
            _name(reading, piece, before, pieces[number + 1 :])
        elif piece.kind == LINK:
            _relate(reading, piece, before, pieces[number + 1 :])
        elif piece.kind in (PLACE, WORD):
            _describe(reading, piece)
        elif piece.kind == THAT and reading.things and before != LINK:
            reading.link = None
    return _graph(reading, tokens)


def _describe(reading: _Reading, piece: Piece) -> None:
    """Add words to the phrase before them; before the first phrase, keep them for it."""
    if not reading.things:
        reading.prefix = piece.start if reading.prefix is None else reading.prefix
    else:
        reading.things[-1].stop = piece.stop


def _name(reading: _Reading, piece: Piece, before: str, rest: list[Piece]) -> None:
    start, things, link = piece.start, reading.things, reading.link
    if not things and reading.prefix is not None and link is None:
        start = reading.prefix
    thing = _Thing(piece.name, start, piece.stop, piece.kind == ELIDED)
    last = things[-1] if things else None
    if last is not None and link is None and before in (PHRASE, ELIDED, PLACE, BREAK):
        # "Red shirt tall guy", "second from left, man": the first part describes the second.
        shirt = last.worn and thing.person and before == PHRASE
        bare = last.parent is None and len(things) == 1 and not reading.edges
        if bare and ((last.elided and not thing.elided) or shirt):
            things[-1] = _Thing(piece.name, last.start, piece.stop, piece.kind == ELIDED)
            return
        if thing.elided and before != BREAK:
            last.stop = piece.stop
            return
    things.append(thing)
    new = len(things) - 1
    if new == 0:
        reading.link = None
    elif link is not None:
        subject, relation = link
        reading.link = None
        _join(reading, subject, relation.name, new)
        # "Between two trees" waits for no second tree.
        if relation.name == "between" and not (piece.name.endswith("s") or piece.name == "two"):
            reading.between = subject
    elif before == AND and reading.between is not None:
        _join(reading, reading.between, "between", new)
        reading.between = None
    elif before == AND and things[new - 1].parent is not None:
        _join(reading, things[new - 1].parent, things[new - 1].relation, new)
    elif before == AND:
        _join(reading, reading.referent, "and", new)
    elif before == THAT or (before in (PHRASE, PLACE) and _verb_is_left_over(rest)):
        reading.owner, reading.clause = _nearest(reading, new), new
    elif thing.person and not things[reading.referent].person and not reading.edges:
        reading.referent = new
        _join(reading, new, "with", 0)
    else:
        _join(reading, _nearest(reading, new), "with", new)


def _relate(reading: _Reading, piece: Piece, before: str, rest: list[Piece]) -> None:
    if not _object_follows(rest):
        if piece.verb and reading.owner is not None and reading.clause is not None:
            _join(reading, reading.owner, passive(piece.name), reading.clause)
            reading.owner = reading.clause = None
        else:
            _describe(reading, piece)
        return
    if not reading.things:
        # "Behind the tree": nothing is named but the tree.
        reading.prefix = None
        reading.link = (None, piece)
        return
    subject = None
    if before == AND:
        subject = reading.things[-1].parent
    if subject is None and (piece.name in _BY_PEOPLE or _worn_next(piece, rest)):
        people = [i for i, thing in enumerate(reading.things) if thing.person]
        subject = people[-1] if people else None
    if subject is None:
        subject = _nearest(reading, len(reading.things))
    reading.link = (subject, piece)
    if before == AND:
        reading.between = None


def passive(verb: str) -> str:
    """Return what a relation is called when told the other way round: "held by"."""
    first, _, rest = verb.partition(" ")
    regular = f"{first.removesuffix('ing')}ed {rest}".strip()
    return f"{words.PARTICIPLES.get(verb, regular)} by"


def _worn_next(piece: Piece, rest: list[Piece]) -> bool:
    phrase = next((later for later in rest if later.kind in (PHRASE, ELIDED)), None)
    worn = phrase is not None and (phrase.name in words.GARMENTS or phrase.kind == ELIDED)
    return worn and piece.name in ("in", "with")


def _object_follows(rest: list[Piece]) -> bool:
    """Say whether a relation gets an object: a phrase, not merely a place."""
    for piece in rest:
        if piece.kind in (PHRASE, ELIDED):
            return True
        if piece.kind != WORD:
            return False
    return False


def _verb_is_left_over(rest: list[Piece]) -> bool:
    """Say whether a verb without an object comes: "the kite | the man in red IS FLYING"."""
    for number, piece in enumerate(rest):
        if piece.kind == LINK and piece.verb and not _object_follows(rest[number + 1 :]):
            return True
        if piece.kind in (BREAK, AND, THAT):
            return False
    return False


def _nearest(reading: _Reading, before: int) -> int:
    """Return the nearest thing before that can be said more of.

    That is no garment, and no stuff behind "of": "a glass of water on the table" is about a glass.
    """
    for index in range(before - 1, -1, -1):
        thing = reading.things[index]
        if not thing.worn and (thing.relation != "of" or thing.person):
            return index
    return reading.referent


def _join(reading: _Reading, subject: int | None, relation: str, other: int) -> None:
    if subject is not None and subject != other:
        reading.edges.append(Edge(subject, relation, other))
        reading.things[other].parent, reading.things[other].relation = subject, relation


def _graph(reading: _Reading, tokens: Sequence[str]) -> LanguageGraph | None:
    things = reading.things
    if reading.owner is not None and reading.clause is not None:
        _join(reading, reading.owner, "with", reading.clause)
    if not things:
        return None
    nodes = tuple(
        Node(" ".join(tokens[thing.start : thing.stop]), thing.head, thing.start, thing.stop)
        for thing in things
    )
    return LanguageGraph(nodes, tuple(reading.edges), reading.referent)
