"""One word changed, another thing meant: "donut at the bottom", "donut at the left".

Paper 001 (§4.4, Fig. 5e) does this by hand on one picture. ParkRef can do it everywhere: a place or
a colour of a sentence is put in another's stead by the very tables that sentences are made with,
the result is read back to its meaning, and ParkRef's judge says what that describes. Kept is what
describes exactly one other visible thing, beyond argument.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from refseg_lib.evaluation.analysis.drawn_truth import PER_IMAGE, DrawnTruth, Told
from refseg_lib.parkref import chinese, english
from refseg_lib.parkref.meaning import Phrase, describes_only
from refseg_lib.parkref.scene import COLORS
from refseg_lib.parkref.selecting import PLACES
from refseg_lib.parkref.understanding import understand
from refseg_lib.parkref.world import FEWEST_PIXELS, World

Words = tuple[str, ...]
OPPOSITES = (("left", "right"), ("top", "bottom"), ("front", "back"))
KINDS = (
    *(f"{one} ↔ {other}" for one, other in OPPOSITES),
    "to another place",
    "colour",
    "landmark's colour",
)
PLACE_TABLES = {
    "en": (english.SIDE_BEFORE, english.SIDE_AFTER, english.HIGH_AND_LOW),
    "zh": (chinese.PLACE_WORDS,),
}
COUNTED = {
    "en": {side: (f"from {side}", f"from the {side}") for side in ("left", "right")},
    "zh": chinese.COUNTED_FROM,
}
COLOR_TABLES = {
    "en": {**{color: (color,) for color in COLORS}, "gray": ("gray", "grey")},
    "zh": chinese.COLOR_WORDS,
}


@dataclass(frozen=True)
class Swap:
    """A sentence of a split, and what becomes of it.

    Attributes:
        place: Position of the sentence in the data set.
        kind: One of :data:`KINDS`.
        sentence: The sentence with another word.
        old: The annotation that was meant.
        new: The annotation that is meant now.
    """

    place: int
    kind: str
    sentence: str
    old: int
    new: int


def swaps_of(truth: DrawnTruth, i: int) -> list[Swap]:
    """Make all swaps of sentence ``i`` that describe exactly one other thing.

    The English sentence of the same meaning is what is judged, whatever the language.
    """
    dataset, language = truth.dataset, truth.dataset.language
    expression, spoken, own = dataset[i], truth.told(i, "en"), truth.told(i)
    phrase = understand(" ".join(spoken.words))
    candidates = list(_changes(phrase, spoken, own, language))
    if not candidates:
        return []
    world = truth.draw(i).world
    found = []
    for kind, changed, words in candidates:
        other = _described(changed, expression.ann_id % PER_IMAGE, world)
        if other is not None:
            sentence = ("" if language == "zh" else " ").join(words)
            new = expression.image_id * PER_IMAGE + other
            found.append(Swap(i, kind, sentence, expression.ann_id, new))
    return found


def _described(phrase: Phrase, old: int, world: World) -> int | None:
    """Return the one thing that a phrase describes, if it is another, and large enough."""
    for index, pixels in enumerate(world.pixels):
        if index != old and pixels >= FEWEST_PIXELS and describes_only(phrase, index, world):
            return index
    return None


def _changes(
    phrase: Phrase, spoken: Told, own: Told, language: str
) -> Iterator[tuple[str, Phrase, Words]]:
    """Yield (kind, new meaning, new words) of every place and colour that could stand there."""
    if phrase.place is not None:
        counted = phrase.ordinal > 1
        for place in ("left", "right") if counted else PLACES:
            words = _placed(own, phrase.place, place, language, counted)
            if place != phrase.place and words is not None:
                yield _place_kind(phrase.place, place), replace(phrase, place=place), words
    for old in COLORS:
        # Said once in both languages, it is the same thing's colour in both.
        if len(_spots(spoken, COLOR_TABLES["en"][old])) != 1:
            continue
        for new in COLORS:
            told = _put(spoken, COLOR_TABLES["en"][old], COLOR_TABLES["en"][new])
            words = _put(own, COLOR_TABLES[language][old], COLOR_TABLES[language][new])
            if new != old and told is not None and words is not None:
                changed = understand(" ".join(told))
                yield _color_kind(phrase, changed), changed, words


def _placed(told: Told, old: str, new: str, language: str, counted: bool) -> Words | None:
    """Say another place in the manner of the old one; None where no table has that manner."""
    tables = (COUNTED[language],) if counted else PLACE_TABLES[language]
    both = [table for table in tables if old in table and new in table]
    # "Bottom left" contains "left": the longest way of saying is the one that was said.
    ways = [(len(way.split()), table, way) for table in both for way in table[old]]
    for _, table, way in sorted(ways, key=lambda found: -found[0]):
        options = table[new]
        way_of_new = options[min(table[old].index(way), len(options) - 1)]
        words = _put(told, (way,), (way_of_new,))
        if words is not None:
            return words
    return None


def _put(told: Told, old: Sequence[str], new: Sequence[str]) -> Words | None:
    """Put one thing in another's stead where it is said just once, as an attribute."""
    spots = _spots(told, old)
    if len(spots) != 1:
        return None
    start, way = spots[0]
    fresh = new[min(way, len(new) - 1)].split()
    words = [*told.words[:start], *fresh, *told.words[start + len(old[way].split()) :]]
    if start and words[start - 1] in ("a", "an"):
        words[start - 1] = "an" if fresh[0][0] in "aeiou" else "a"
    return tuple(words)


def _spots(told: Told, ways: Sequence[str]) -> list[tuple[int, int]]:
    """Find where something is said as an attribute: (first word, which way of saying it)."""
    found = []
    for way, text in enumerate(ways):
        words = tuple(text.split())
        for start in range(len(told.words) - len(words) + 1):
            stop = start + len(words)
            if told.words[start:stop] == words and set(told.kinds[start:stop]) == {"a"}:
                found.append((start, way))
    return found


def _place_kind(old: str, new: str) -> str:
    for pair in OPPOSITES:
        if {old, new} == set(pair):
            return " ↔ ".join(pair)
    return "to another place"


def _color_kind(old: Phrase, new: Phrase) -> str:
    """Tell the colour of the thing meant, or of what it wears, from that of something else."""
    worn = [[c for c in phrase.clauses if c.relation == "wearing"] for phrase in (old, new)]
    own = old.color != new.color or worn[0] != worn[1]
    return "colour" if own else "landmark's colour"
