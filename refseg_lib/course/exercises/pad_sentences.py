"""Sentences of different length in one tensor, with the mask that tells words from padding.

The TensorFlow releases (001, 004) pad on the left and cut the padding off again, which only works
for one sentence at a time. Here padding is on the right, and a mask goes with it everywhere.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import (
    holds,
    inputs_kept,
    right_kind,
    right_shape,
    right_values,
)
from refseg_lib.data.batch import pad_words
from refseg_lib.text.vocabulary import PAD_ID

Padded = tuple[Tensor, Tensor]
Pad = Callable[[list[list[int]], int | None], Padded]


def pad_sentences(sentences: list[list[int]], longest: int | None = None) -> Padded:
    """Put sentences into one tensor.

    Args:
        sentences: B lists of word numbers, each with at least one.
        longest: T, at least the length of the longest sentence; None for just that length.

    Returns:
        ``(words, word_mask)``: (B, T) int64, padded on the right with 0; (B, T) bool, True at real
        words.
    """
    words, word_mask = pad_words(sentences)
    more = (0, 0 if longest is None else longest - words.shape[1])
    return (
        torch.nn.functional.pad(words, more, value=PAD_ID),
        torch.nn.functional.pad(word_mask, more, value=False),
    )


def by_loop(sentences: list[list[int]], longest: int | None = None) -> Padded:
    """Two tensors, filled row by row."""
    width = longest if longest is not None else max(map(len, sentences))
    words = torch.zeros(len(sentences), width, dtype=torch.long)
    word_mask = torch.zeros(len(sentences), width, dtype=torch.bool)
    for row, sentence in enumerate(sentences):
        words[row, : len(sentence)] = torch.tensor(sentence)
        word_mask[row, : len(sentence)] = True
    return words, word_mask


def by_lists(sentences: list[list[int]], longest: int | None = None) -> Padded:
    """Plain lists first, one tensor each at the end."""
    width = longest or max(map(len, sentences))
    rows = [[*sentence, *[PAD_ID] * (width - len(sentence))] for sentence in sentences]
    there = [[place < len(sentence) for place in range(width)] for sentence in sentences]
    return torch.tensor(rows), torch.tensor(there)


def by_torch(sentences: list[list[int]], longest: int | None = None) -> Padded:
    """Torch's own padding, with a row of the right length that is thrown away again."""
    rows = [torch.tensor(sentence) for sentence in sentences]
    ruler = torch.zeros(longest or max(map(len, rows)), dtype=torch.long)
    words = pad_sequence([*rows, ruler], batch_first=True)[:-1]
    return words, words > 0


def _case(draw: Draw, name: str, lengths: Sequence[int], longest: int | None = None) -> Case:
    sentences = [draw.integers(length, low=4, high=100).tolist() for length in lengths]
    return Case(name, {"sentences": sentences, "longest": longest})


def _batch(draw: Draw) -> list[Case]:
    return [
        _case(draw, "two sentences of two and three words", (2, 3)),
        _case(draw, "four sentences of 3, 1, 5 and 2 words", (3, 1, 5, 2)),
    ]


def _small(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one sentence", (3,)),
        _case(draw, "one sentence of one word", (1,)),
        _case(draw, "two sentences of one word", (1, 1)),
    ]


def _wide(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one word, longest = 4", (1,), 4),
        _case(draw, "two and three words, longest = 6", (2, 3), 6),
        _case(draw, "two and three words, longest = 3", (2, 3), 3),
    ]


def _all(draw: Draw) -> list[Case]:
    return [*_batch(draw), *_small(draw), *_wide(draw)]


def _read_back(cases: Sequence[Case], values: Sequence[Padded]) -> tuple[int, str] | None:
    for index, (case, (words, word_mask)) in enumerate(zip(cases, values, strict=True)):
        for row, sentence in enumerate(case.inputs["sentences"]):
            if words[row][word_mask[row]].tolist() != list(sentence):
                return index, f"words[{row}][word_mask[{row}]] must be sentence {row} again"
    return None


def _mutant(
    left: bool = False,
    filler: int = PAD_ID,
    inverted: bool = False,
    heard: bool = True,
    everything: bool = False,
    short: bool = False,
    one_more: int = 0,
    numbers: torch.dtype = torch.long,
    truth: torch.dtype = torch.bool,
) -> Pad:
    def wrong(sentences: list[list[int]], longest: int | None = None) -> Padded:
        lengths = [len(sentence) for sentence in sentences]
        width = (min if short else max)(lengths) if longest is None or not heard else longest
        width += one_more
        words = torch.full((len(sentences), width), filler, dtype=numbers)
        word_mask = torch.full((len(sentences), width), everything)
        for row, sentence in enumerate(sentences):
            kept = sentence[:width]
            places = slice(width - len(kept), width) if left else slice(0, len(kept))
            words[row, places] = torch.tensor(kept, dtype=numbers)
            word_mask[row, places] = True
        return words, (~word_mask if inverted else word_mask).to(truth)

    return wrong


def _squeezed(sentences: list[list[int]], longest: int | None = None) -> Padded:
    words, word_mask = by_loop(sentences, longest)
    return words.squeeze(), word_mask.squeeze()


def _turned(sentences: list[list[int]], longest: int | None = None) -> Padded:
    words, word_mask = by_loop(sentences, longest)
    return words.T, word_mask.T


def _in_place(sentences: list[list[int]], longest: int | None = None) -> Padded:
    words, word_mask = by_loop(sentences, longest)
    for sentence in sentences:
        sentence.extend([PAD_ID] * (words.shape[1] - len(sentence)))
    return words, word_mask


EXERCISE = Exercise(
    name="pad-sentences",
    title="Padding, and the mask that goes with it",
    notebook="02",
    minutes=6,
    objective="You can put sentences of any length into one batch without losing what is a word.",
    reference=pad_sentences,
    alternatives=(by_loop, by_lists, by_torch),
    requirements=(
        right_kind(_batch, "two tensors: words of int64, mask of bool"),
        right_shape(_batch, "both are (B, T), T the length of the longest sentence"),
        right_values(_batch, "words first, then zeros; True at words"),
        right_values(_small, "one sentence and sentences of one word are batches too", 1, "small"),
        right_values(_wide, "longest, where it is given, decides T", name="longest"),
        holds("back", "words[b][word_mask[b]] is sentence b again", _all, _read_back),
        inputs_kept(_all, "the lists that came in are not changed"),
    ),
    mutants=(
        Mutant("left", "padding on the left", _mutant(left=True)),
        Mutant("unknown-padding", "padding with the number of <unk>", _mutant(filler=3)),
        Mutant("inverted", "a mask that is True at padding", _mutant(inverted=True)),
        Mutant("all-true", "a mask that is True everywhere", _mutant(everything=True)),
        Mutant("mask-of-numbers", "a mask of 0 and 1 instead of bool", _mutant(truth=torch.long)),
        Mutant("float-words", "word numbers as floats", _mutant(numbers=torch.float32)),
        Mutant("cut", "every sentence cut to the shortest one", _mutant(short=True)),
        Mutant("deaf", "a longest that is given but not used", _mutant(heard=False)),
        Mutant("one-more", "one column more than is needed", _mutant(one_more=1)),
        Mutant("squeezed", "axes of size one squeezed away", _squeezed),
        Mutant("turned", "(T, B) instead of (B, T)", _turned),
        Mutant("in-place", "zeros appended to the lists that came in", _in_place),
    ),
    hints=(
        "First find T. Then make both tensors full of what padding has, and write the words in.",
        "A slice of row b takes the words of sentence b; the same slice of the mask becomes True."
        " torch.zeros(…, dtype=torch.bool) is all False.",
        "T is the largest of the lengths unless longest says otherwise. Go over"
        " enumerate(sentences): row b of words takes the list at its first len(sentence) places.",
    ),
)
