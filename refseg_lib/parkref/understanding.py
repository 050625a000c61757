"""From ParkRef's English back to its meaning: the grammar of :mod:`english`, read the other way.

The words are looked up in the very tables that the sentences are made with. A modifier belongs to
the nearest noun before it that is not a garment; "and" leads back to the noun meant, except inside
"between A and B". What this grammar cannot say is refused, never guessed.
"""

from dataclasses import replace
from typing import NoReturn, TypeVar

from refseg_lib.errors import UserError
from refseg_lib.parkref import english
from refseg_lib.parkref.meaning import GARMENTS, NOUNS, Clause, Phrase
from refseg_lib.parkref.scene import COLORS, STUFF
from refseg_lib.parkref.world import HANDLES
from refseg_lib.text.tokens import tokenize

Meaning = TypeVar("Meaning")
Table = dict[tuple[str, ...], Meaning]


def understand(sentence: str) -> Phrase:
    """Read an English ParkRef sentence.

    Args:
        sentence: As :func:`english.in_english` says it, in either style; capitals and a full stop
            do no harm.

    Returns:
        What it means, without what the speaker had in mind (``entity`` is empty everywhere).

    Raises:
        UserError: The sentence is outside ParkRef's grammar; the message says from which word on.
    """
    reader = _Reader(sentence)
    phrase = reader.noun_phrase(outermost=True)
    if reader.at < len(reader.words):
        reader.refuse()
    return phrase


def _inverted(*tables: dict[str, tuple[str, ...]]) -> Table[str]:
    """Map the words of each way to say something to what they mean."""
    return {
        tuple(words.split()): meaning
        for table in tables
        for meaning, options in table.items()
        for words in options
    }


BEFORE = _inverted(english.SIDE_BEFORE, english.HIGH_AND_LOW)
AFTER = _inverted(english.SIDE_AFTER)
ORDINALS: Table[int] = {(w,): n for n, words in english.ORDINALS.items() for w in words}
COUNTED_FROM = _inverted({side: (f"from {side}", f"from the {side}") for side in ("left", "right")})
SIZES = _inverted(english.SIZE_WORDS)
HUES = _inverted({color: (color,) for color in COLORS}, {"gray": ("grey",)})
PATTERNS = _inverted(english.PATTERN_WORDS)
NOUN_WORDS = _inverted(
    {noun: english.NOUN_WORDS.get(noun, (noun,)) for noun in (*NOUNS, *STUFF, *GARMENTS)}
)
ARTICLES = _inverted({"article": ("a", "an", "the")})
PREFIXES = _inverted({"is": ("who is", "that is")})
AND = _inverted({"and": ("and",)})
SAID_AFTER = _inverted(
    {relation: (words,) for relation, words in english.AFTER_WORDS.items()},
    {"holding by": ("is flying",)},
)
# One word may stand for several relations: what is on the other end decides.
RELATIONS: Table[tuple[str, ...]] = {}
for _relation, _options in (
    *english.RELATION_WORDS.items(),
    ("holding", ("flying",)),
    ("holding by", ("flown by",)),
    ("on", ("in",)),
):
    for _words in _options:
        _key = tuple(_words.split())
        RELATIONS[_key] = (*RELATIONS.get(_key, ()), _relation)
OTHER_END = {
    **HANDLES,
    "walking": ("dog", "animal"),
    "wearing": GARMENTS,
    "on": STUFF,
}
THINGS_AND_STUFF = (*NOUNS, *STUFF)


class _Reader:
    """Recursive descent; ``at`` is the next word."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        self.words = tokenize(sentence, max_length=1000)
        self.at = 0

    def refuse(self) -> NoReturn:
        place = "at its end"
        if self.at < len(self.words):
            place = f"at word {self.at + 1}, {self.words[self.at]!r}"
        raise UserError(
            f"{self.sentence[:200]!r} is outside ParkRef's English ({place}): only sentences that"
            " ParkRef makes can be translated by its grammar, use another translator"
        )

    def match(self, table: Table[Meaning]) -> int:
        """Count the next words that stand in the table, at most."""
        longest = max(map(len, table))
        sizes = range(min(longest, len(self.words) - self.at), 0, -1)
        return next((n for n in sizes if tuple(self.words[self.at : self.at + n]) in table), 0)

    def take(self, table: Table[Meaning]) -> Meaning | None:
        """Read what the next words mean, if they stand in the table."""
        size = self.match(table)
        if size == 0:
            return None
        self.at += size
        return table[tuple(self.words[self.at - size : self.at])]

    def noun_phrase(self, outermost: bool) -> Phrase:
        self.take(ARTICLES)
        ordinal = self.take(ORDINALS) or 1
        place = self.take(BEFORE) if ordinal == 1 else None
        phrase = self.described()
        worn: tuple[Clause, ...] = ()
        if outermost and phrase.noun in GARMENTS:
            # "Red shirt guy", or simply "red shirt".
            worn = (Clause("wearing", (phrase,)),)
            bare = self.at == len(self.words) or self.match(NOUN_WORDS) == 0
            bare = bare and not any(map(self.match, (SIZES, HUES, PATTERNS)))
            if phrase.size is not None or (bare and phrase.noun != "shirt"):
                self.refuse()
            phrase = Phrase("person") if bare else self.described()
        if ordinal > 1:
            place = self.take(COUNTED_FROM) or self.refuse()
        elif place is None and self.match(AFTER) > self.match(RELATIONS):
            # "On the left", but not "on the left side of".
            place = self.take(AFTER)
        if phrase.noun not in GARMENTS:
            worn += self.clauses(outermost)
        elif outermost:
            self.refuse()
        return replace(phrase, place=place, ordinal=ordinal, clauses=worn)

    def described(self) -> Phrase:
        """Read size, colour, pattern and noun."""
        size, color, pattern = self.take(SIZES), self.take(HUES), self.take(PATTERNS)
        noun = self.take(NOUN_WORDS) or self.refuse()
        return Phrase(noun, color=color, pattern=pattern, size=size)

    def clauses(self, outermost: bool) -> tuple[Clause, ...]:
        found: list[Clause] = []
        while self.at < len(self.words):
            if found and found[-1].relation != "wearing":
                # Only the noun meant has several: "next to the dog and behind the tree".
                if not outermost or not self.take(AND):
                    break
                found.append(self.clause() or self.refuse())
            elif clause := self.clause():
                found.append(clause)
            else:
                break
        return tuple(found)

    def clause(self) -> Clause | None:
        """Read one modifier, or nothing where none begins."""
        prefixed = self.take(PREFIXES)
        words = self.take(RELATIONS)
        if words is None:
            return self.refuse() if prefixed else self.told_backwards()
        targets = [self.noun_phrase(outermost=False)]
        if words == ("between",):
            if not self.take(AND):
                self.refuse()
            targets.append(self.noun_phrase(outermost=False))
        for relation in words:
            fitting = OTHER_END.get(relation, THINGS_AND_STUFF)
            if all(target.noun in fitting for target in targets):
                return Clause(relation, tuple(targets))
        return self.refuse()

    def told_backwards(self) -> Clause | None:
        """Read "(that) the man is holding"."""
        if self.words[self.at] not in ("that", "the"):
            return None
        self.at += self.words[self.at] == "that"
        target = self.noun_phrase(outermost=False)
        relation = self.take(SAID_AFTER) or self.refuse()
        return Clause(relation, (target,))
