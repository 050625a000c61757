"""Words to numbers: the front door of every system here.

The numbers 0 to 3 of ``<pad>``, ``<go>``, ``<eos>`` and ``<unk>``, and "the first 20 words", are
those of the TensorFlow releases (papers 001 and 004); see :mod:`refseg_lib.text.vocabulary`.
"""

from collections.abc import Callable, Sequence

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import holds, inputs_kept, right_kind, right_values
from refseg_lib.text.tokens import UNKNOWN
from refseg_lib.text.vocabulary import SPECIAL, UNKNOWN_ID, Vocabulary

Encode = Callable[[list[str], dict[str, int], int], list[int]]
WORDS: list[str] = [*"the left dog red cat on bench woman with umbrella".split()]
STRANGERS: list[str] = [*"hound zebra okapi".split()]


def encode_words(tokens: list[str], numbers: dict[str, int], max_length: int) -> list[int]:
    """Turn a sentence's tokens into numbers.

    Args:
        tokens: T tokens; there may be none.
        numbers: Every known word's number; ``"<unk>"`` is among them.
        max_length: The most numbers to return.

    Returns:
        The numbers of the first ``max_length`` tokens, that of ``"<unk>"`` for a token that is not
        in ``numbers``; for an empty sentence that of ``"<unk>"`` alone.
    """
    unknown = numbers[UNKNOWN]
    return [numbers.get(token, unknown) for token in tokens[:max_length]] or [unknown]


def by_loop(tokens: list[str], numbers: dict[str, int], max_length: int) -> list[int]:
    """The same, step by step."""
    found = []
    for token in tokens:
        if len(found) == max_length:
            break
        found.append(numbers[token] if token in numbers else numbers[UNKNOWN])
    if not found:
        found.append(numbers[UNKNOWN])
    return found


def by_the_vocabulary(tokens: list[str], numbers: dict[str, int], max_length: int) -> list[int]:
    """With the library's own class, which holds the words in the order of their numbers."""
    vocabulary = Vocabulary(sorted(numbers, key=lambda word: numbers[word]))
    return vocabulary.encode(list(tokens)[:max_length] or [UNKNOWN])


def _numbers(draw: Draw) -> dict[str, int]:
    """Number the words in an order of their own, so that no number can be guessed."""
    order = draw.permutation(len(WORDS)).tolist()
    return {word: row for row, word in enumerate([*SPECIAL, *(WORDS[i] for i in order)])}


def _words(draw: Draw, count: int) -> list[str]:
    """Draw distinct known words."""
    return [WORDS[i] for i in draw.permutation(len(WORDS)).tolist()[:count]]


def _case(draw: Draw, name: str, tokens: list[str], max_length: int = 20) -> Case:
    return Case(name, {"tokens": tokens, "numbers": _numbers(draw), "max_length": max_length})


def _known(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one known word", _words(draw, 1)),
        _case(draw, "three known words", _words(draw, 3)),
    ]


def _unknown(draw: Draw) -> list[Case]:
    known = _words(draw, 3)
    return [
        _case(draw, "one unknown word", [draw.choice(STRANGERS)]),
        _case(draw, "an unknown word between two known", [known[0], STRANGERS[0], known[1]]),
        _case(draw, "two unknown words first", [*STRANGERS[1:], known[2], known[0]]),
    ]


def _long(draw: Draw) -> list[Case]:
    strange = [*_words(draw, 2), draw.choice(STRANGERS), *_words(draw, 3)]
    return [
        _case(draw, "two words, room for one", _words(draw, 2), 1),
        _case(draw, "just as many words as there is room for", _words(draw, 4), 4),
        _case(draw, "six words, the third unknown, room for four", strange, 4),
    ]


def _empty(draw: Draw) -> list[Case]:
    return [_case(draw, "no word at all", [])]


def _beginnings(draw: Draw) -> list[Case]:
    """The same sentence with more and more words, one vocabulary."""
    tokens = [*_words(draw, 2), draw.choice(STRANGERS), *_words(draw, 2)]
    whole = _case(draw, "the first word of five", tokens[:1])
    names = ("the first word of five", "the first three of five", "all five words")
    return [
        Case(name, {**whole.inputs, "tokens": tokens[:count]})
        for name, count in zip(names, (1, 3, 5), strict=True)
    ]


def _apart(cases: Sequence[Case], values: Sequence[list[int]]) -> tuple[int, str] | None:
    for index, numbers in enumerate(values[:-1]):
        if list(values[-1][: len(numbers)]) != list(numbers):
            return index, "a word's number must not depend on the words that follow it"
    return None


def _mutant(
    unknown: int = UNKNOWN_ID, at_least_one: bool = True, room: int = 0, marks: bool = False
) -> Encode:
    def wrong(tokens: list[str], numbers: dict[str, int], max_length: int) -> list[int]:
        found = [numbers.get(token, unknown) for token in tokens[: max_length + room]]
        found = found or ([unknown] if at_least_one else [])
        return [1, *found, 2] if marks else found

    return wrong


def _dropped(tokens: list[str], numbers: dict[str, int], max_length: int) -> list[int]:
    return [numbers[t] for t in tokens[:max_length] if t in numbers] or [UNKNOWN_ID]


def _last(tokens: list[str], numbers: dict[str, int], max_length: int) -> list[int]:
    return encode_words(tokens[-max_length:], numbers, max_length)


def _uncut(tokens: list[str], numbers: dict[str, int], max_length: int) -> list[int]:
    return encode_words(tokens, numbers, len(tokens))


def _learned(tokens: list[str], numbers: dict[str, int], max_length: int) -> list[int]:
    for token in tokens:
        numbers.setdefault(token, len(numbers))
    return encode_words(tokens, numbers, max_length)


def _filled(tokens: list[str], numbers: dict[str, int], max_length: int) -> list[int]:
    found = encode_words(tokens, numbers, max_length)
    return found + [0] * (max_length - len(found))


def _raising(tokens: list[str], numbers: dict[str, int], max_length: int) -> list[int]:
    return [numbers[token] for token in tokens[:max_length]] or [UNKNOWN_ID]


EXERCISE = Exercise(
    name="encode-words",
    title="From words to numbers",
    notebook="02",
    minutes=5,
    objective="You can turn any sentence into numbers that a word table has a row for.",
    reference=encode_words,
    alternatives=(by_loop, by_the_vocabulary),
    requirements=(
        right_kind(_known, "a list of whole numbers, one for each word"),
        right_values(_known, "every known word gets its number"),
        right_values(_unknown, "every unknown word gets the number of <unk>", name="unknown"),
        right_values(_long, "the first max_length words are kept", name="cut"),
        right_values(_empty, "an empty sentence becomes one <unk>", points=1, name="empty"),
        holds("apart", "each word is looked up by itself", _beginnings, _apart),
        inputs_kept(_unknown, "tokens and vocabulary stay as they were"),
    ),
    mutants=(
        Mutant("unknown-dropped", "unknown words left out, so that the rest moves up", _dropped),
        Mutant("unknown-pad", "unknown words numbered 0, which is padding", _mutant(unknown=0)),
        Mutant("unknown-raises", "a KeyError at the first word that is not known", _raising),
        Mutant("unknown-learned", "new numbers given out to words never seen", _learned),
        Mutant("end-kept", "the last max_length words kept instead of the first", _last),
        Mutant("uncut", "long sentences not cut", _uncut),
        Mutant("one-short", "one word fewer than there is room for", _mutant(room=-1)),
        Mutant("one-long", "one word more than there is room for", _mutant(room=1)),
        Mutant("nothing", "no number at all for an empty sentence", _mutant(at_least_one=False)),
        Mutant("filled", "the list filled up with padding to max_length", _filled),
        Mutant("go-and-eos", "<go> and <eos> put around the sentence", _mutant(marks=True)),
    ),
    hints=(
        "Three things can go wrong with a token list: a word you do not know, too many words, no"
        " word at all. Treat them one by one.",
        "A dictionary's get takes a second argument: what to answer when the key is missing. A"
        " slice of a list never complains that there are fewer entries than you asked for.",
        "Cut the tokens first, look up what is left with the number of <unk> as the fallback, and"
        " where the list that comes out is empty, put that same number into it.",
    ),
)
