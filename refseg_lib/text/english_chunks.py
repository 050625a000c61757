"""Cutting an English referring expression into phrases, relations and places.

One pass from left to right over closed word lists. A noun phrase ends where a determiner or an
adjective begins another one ("man | red shirt"), where a relation begins, or where a singular
person is followed by something worn ("lady | hat").
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from refseg_lib.text import english_words as words
from refseg_lib.text.english_places import place_stop, relation_of_place
from refseg_lib.text.tokens import UNKNOWN

PHRASE, ELIDED, LINK, PLACE, WORD, AND, THAT, BE, BREAK = (
    "phrase", "elided", "link", "place", "word", "and", "that", "be", "break",
)  # fmt: skip
_GLUE = frozenset("- ' ’ ` # / *".split())
_DESCRIBING = words.ADJECTIVES | words.NUMBERS | words.ORDINALS | words.NEARNESS


@dataclass(frozen=True)
class Piece:
    """Tokens ``start`` to ``stop`` and what they do.

    Attributes:
        kind: ``phrase`` (names something), ``elided`` (describes without a noun: "the red"),
            ``link`` (a relation), ``place``, ``word`` (describes what stands before), ``and``,
            ``that`` (begins a relative clause), ``be`` or ``break`` (punctuation).
        start: First token.
        stop: One past the last token.
        name: The head of a phrase, the type of a link.
        verb: Whether a link is a verb, which may stand behind its object ("the kite he flies").
    """

    kind: str
    start: int
    stop: int
    name: str = ""
    verb: bool = False


def chunk(tokens: Sequence[str]) -> list[Piece]:
    """Cut tokens (lower case, punctuation kept) into pieces that cover them all, in order."""
    pieces: list[Piece] = []
    at = 0
    while at < len(tokens):
        piece = _piece(tokens, at, pieces)
        pieces.append(piece)
        at = piece.stop
    return pieces


def _piece(tokens: Sequence[str], at: int, pieces: list[Piece]) -> Piece:
    word = tokens[at]
    last = pieces[-1].kind if pieces else BREAK
    seen = any(piece.kind in (PHRASE, ELIDED) for piece in pieces)
    if word == UNKNOWN or (word != "&" and not any(map(str.isalnum, word))):
        return Piece(BREAK, at, at + 1)
    if word in words.CONJUNCTIONS:
        return Piece(AND, at, at + 1)
    if word in words.RELATIVES and seen and (word != "that" or last not in (LINK, AND)):
        return Piece(THAT, at, at + 1)
    if word in words.BE:
        return Piece(BE, at, at + 1)
    stop = place_stop(tokens, at, seen, _noun_after)
    if stop > at:
        return Piece(PLACE, at, stop)
    if last == LINK and pieces[-1].name.split()[-1] in ("to", "at", "from", "towards", "facing"):
        camera = at + (word in words.DETERMINERS)
        if camera < len(tokens) and tokens[camera] == "camera":
            return Piece(PLACE, at, camera + 1)
    piece = _link(tokens, at, seen, last) or _phrase(tokens, at, last)
    if piece is None and not seen and word in (*words.PRONOUNS, "her", "his"):
        return Piece(ELIDED, at, at + 1, word)
    return piece or Piece(WORD, at, at + 1)


def _preposition(tokens: Sequence[str], at: int) -> tuple[int, str]:
    """Return where the longest preposition ends (``at`` if there is none), and its type."""
    if at == len(tokens):
        return at, ""
    stop, name = relation_of_place(tokens, at)
    if stop > at:
        return stop, name
    for length in range(min(words.LONGEST_PREPOSITION, len(tokens) - at), 0, -1):
        name = words.PREPOSITIONS.get(tuple(tokens[at : at + length]))
        if name is not None:
            return at + length, name
    return at, ""


def _link(tokens: Sequence[str], at: int, seen: bool, last: str) -> Piece | None:
    word = tokens[at]
    stop, name = _preposition(tokens, at)
    if stop > at:
        if not seen and (word == "no" or _is_the_thing(tokens, at, stop)):
            return None
        return Piece(LINK, at, stop, name, verb=name.endswith("ing") or "ing " in name)
    if word in words.NEARNESS and seen and last in (PHRASE, PLACE):
        # "Table nearest woman"; "man closest" was taken for a place before.
        return Piece(LINK, at, at + 1, "closest to")
    if not is_verb(word) and not is_participle(word):
        return None
    if last in (LINK, BREAK) and _names(tokens, at + 1) and (last == LINK or not _takes(word)):
        return None  # "the smiling girl", "in running shoes"
    return _verb(tokens, at, last)


def _is_the_thing(tokens: Sequence[str], at: int, stop: int) -> bool:
    """Say whether "top of the cake" begins the expression: then the top is what is meant."""
    place = tokens[stop - 1] == "of" and tokens[at] in words.PLACES
    return place and tuple(tokens[at:stop]) not in words.PREPOSITIONS


def _verb(tokens: Sequence[str], at: int, last: str) -> Piece | None:
    word = tokens[at]
    after = at + 1
    while after < len(tokens) and tokens[after] in words.FILLERS:
        after += 1
    if place_stop(tokens, after, True, _noun_after) > after:
        return Piece(WORD, at, at + 1)
    stop, name = _preposition(tokens, after)
    if stop == after or name in ("without", "not"):
        if is_participle(word):
            return None if last == LINK else Piece(WORD, at, at + 1)
        return Piece(LINK if _takes(word) else WORD, at, at + 1, word, verb=True)
    if tokens[after] == "by" and is_participle(word):
        name = words.PREPOSITIONS.get((word, "by"), f"{word} by")
    elif name not in words.WHERE_ONLY and not name.endswith("ing"):
        name = name if word in ("standing", "stands", "stand") else f"{word} {name}"
    return Piece(LINK, at, stop, name, verb=True)


def is_verb(word: str) -> bool:
    """Say whether a word is a verb of what somebody does: "holding", "sits"."""
    ing = word.endswith("ing") and len(word) > 4 and word.rstrip("s") not in words.NOUNS_IN_ING
    return ing or word in words.INTRANSITIVE


def is_participle(word: str) -> bool:
    """Say whether a word tells what was done to something: "covered", "held"."""
    ends = word.endswith("ed") and len(word) > 3 and word not in words.NOUNS_IN_ED
    return ends or word in words.IRREGULAR


def _takes(verb: str) -> bool:
    """Say whether a verb may have an object without a preposition."""
    return verb not in words.INTRANSITIVE or verb in words.SOMETIMES_TRANSITIVE


@functools.lru_cache(maxsize=1 << 15)
def _describes(word: str) -> bool:
    superlative = word.endswith("est") and len(word) > 4 and word not in words.NOUNS_IN_EST
    return word in _DESCRIBING or superlative or word.isdigit()


@functools.lru_cache(maxsize=1 << 15)
def _is_noun(word: str) -> bool:
    """Say whether a word is on no list: then it names something."""
    return (
        word not in _OTHER
        and not _describes(word)
        and any(map(str.isalnum, word))
        and not is_verb(word)
        and not is_participle(word)
        and word != UNKNOWN
    )


def _names(tokens: Sequence[str], at: int) -> bool:
    """Say whether a noun, maybe described, begins at ``at``."""
    while at < len(tokens) and (_describes(tokens[at]) or tokens[at] in words.PLACES):
        at += 1
    return at < len(tokens) and _is_noun(tokens[at])


def _noun_after(tokens: Sequence[str], at: int) -> str:
    """Return the head of the noun phrase that begins at ``at``, or ``""``."""
    piece = _phrase(tokens, at, LINK) if at < len(tokens) else None
    return piece.name if piece is not None and piece.kind == PHRASE else ""


def _phrase(tokens: Sequence[str], start: int, last: str) -> Piece | None:
    head, at, described, placed = -1, start, -1, -1
    while at < len(tokens):
        word = tokens[at]
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        if _is_noun(word):
            worn = word in words.GARMENTS and head >= 0 and tokens[head] in words.PEOPLE
            owned = tokens[at - 1] == "s" or tokens[at - 1] in _GLUE
            if worn and not owned and not tokens[head].endswith("s"):
                break
            head = at
        elif word in _GLUE and head >= 0 and following and following.isalnum():
            # "t-shirt", "bush/tree", "the man's hat": one phrase.
            at += 1
            head = at if following != "s" else head
        elif head < 0:
            if _describes(word):
                described = at
            elif word in words.PLACES:
                placed = at
            elif word in words.CONJUNCTIONS:
                if described != at - 1 or not _describes(following):
                    break
            elif word in words.FILLERS or is_verb(word) or is_participle(word):
                if not _names(tokens, at + 1):
                    break
            elif word not in words.DETERMINERS and word not in _GLUE:
                break
        elif _describes(word) and word not in words.NEARNESS:
            if _names(tokens, at + 1):
                break
            if word == "light":  # "traffic light"
                head = at
        elif not (word == "and" and _both_describe(tokens, at)):
            break
        at += 1
    if head >= 0:
        return Piece(PHRASE, start, at, tokens[head])
    if last == LINK and placed > described >= start and tokens[placed] in ("top", "bottoms"):
        return Piece(PHRASE, start, placed + 1, tokens[placed])  # "in a pink top"
    described = placed if described < 0 else described
    if described < 0:
        return None
    named = tokens[described] in words.NAMING_ADJECTIVES
    return Piece(PHRASE if named else ELIDED, start, described + 1, tokens[described])


def _both_describe(tokens: Sequence[str], at: int) -> bool:
    """Say whether "and" joins two adjectives behind a noun: "dog white and brown"."""
    inside = 0 < at < len(tokens) - 1 and not _names(tokens, at + 1)
    return inside and tokens[at - 1] in words.ADJECTIVES and tokens[at + 1] in words.ADJECTIVES


_OTHER = (
    words.DETERMINERS | words.PRONOUNS | words.VIEWERS - {"camera"} | words.BE | words.RELATIVES
    | words.CONJUNCTIONS | words.NEGATIONS | words.FILLERS | words.PLACES | _DESCRIBING
    | {first[0] for first in words.PREPOSITIONS if len(first) == 1}
)  # fmt: skip
