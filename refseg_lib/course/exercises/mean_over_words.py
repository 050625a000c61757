"""The mean over a sentence's real words: how the simplest systems read it (004 Eq. 4 too)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from refseg_lib.course.draw import Draw, first_words
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import (
    as_the_first,
    holds,
    inputs_kept,
    right_gradients,
    right_kind,
    right_shape,
    right_values,
)
from refseg_lib.course.variants import additive_mask, mask_of_padding
from refseg_lib.fusion.cmsa import mean_over_words

Mean = Callable[[Tensor, Tensor], Tensor]


def by_loop(words: Tensor, word_mask: Tensor) -> Tensor:
    """Sentence by sentence, its words cut out."""
    return torch.stack([sentence[there].mean(0) for sentence, there in zip(words, word_mask)])  # noqa: B905


def by_einsum(words: Tensor, word_mask: Tensor) -> Tensor:
    """A weighted sum whose weights are one over the number of words."""
    there = word_mask.to(words.dtype)
    return torch.einsum("btc,bt->bc", words, there / there.sum(1, keepdim=True))


def _case(
    draw: Draw,
    name: str,
    lengths: list[int],
    channels: int = 3,
    longest: int | None = None,
    dtype: torch.dtype = torch.float64,
    gradient: bool = False,
) -> Case:
    word_mask = first_words(lengths, longest)
    # What stands in the padding is large, so that it shows wherever it gets in.
    padding = 5 + draw.uniform(*word_mask.shape, channels, dtype=dtype)
    words = draw.normal(*word_mask.shape, channels, dtype=dtype)
    words = torch.where(word_mask[..., None], words, padding)
    return Case(name, {"words": words, "word_mask": word_mask}, ("words",) if gradient else ())


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32 words, no padding", [2], dtype=torch.float32)]


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one sentence, one word, one number", [1], 1),
        _case(draw, "one sentence of two words, three numbers each", [2]),
        _case(draw, "two sentences of two words, three numbers each", [2, 2]),
    ]


def _padded(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one word and one padding", [1], 1, 2),
        _case(draw, "sentences of 1, 4 and 2 words", [1, 4, 2]),
        _case(draw, "the longest sentence is padded too", [3, 2], 2, 6),
    ]


def _garbage(draw: Draw) -> list[Case]:
    first = _case(draw, "zeros in the padding", [2, 3], 2, 5)
    words, word_mask = first.inputs["words"], first.inputs["word_mask"]
    other = 1e6 * draw.normal(*words.shape)
    return [
        Case(first.name, {"words": words * word_mask[..., None], "word_mask": word_mask}),
        Case(
            "the same words, a million in the padding",
            {"words": torch.where(word_mask[..., None], words, other), "word_mask": word_mask},
        ),
    ]


def _together(draw: Draw) -> list[Case]:
    """A batch, and each of its sentences alone, without padding."""
    batch = _case(draw, "three sentences in a batch", [2, 4, 1], 2)
    words, word_mask = batch.inputs["words"], batch.inputs["word_mask"]
    alone = []
    for row, length in enumerate([2, 4, 1]):
        one = {"words": words[[row], :length], "word_mask": word_mask[[row], :length]}
        alone.append(Case(f"sentence {row} of them alone", one))
    return [*alone, batch]


def _zero_word(draw: Draw) -> list[Case]:
    """A real word whose vector is zero: it counts."""
    case = _case(draw, "the second of three words is a vector of zeros", [3], 2, 4)
    words = case.inputs["words"].clone()
    words[:, 1] = 0
    return [Case(case.name, {**case.inputs, "words": words})]


def _gradients(draw: Draw) -> list[Case]:
    return [_case(draw, "sentences of 1 and 3 words", [1, 3], 2, gradient=True)]


def _everything(draw: Draw) -> list[Case]:
    return [*_sizes(draw), *_padded(draw)]


_same = as_the_first("the mean moved, though only the padding is another")


def _as_alone(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    batch = len(values) - 1
    for row, alone in enumerate(values[:-1]):
        if not torch.allclose(alone[0], values[batch][row]):
            return batch, f"sentence {row} has another mean in the batch than alone"
    return None


def _mutant(divide: Callable[[Tensor], Tensor | float], zeroed: bool = True) -> Mean:
    def wrong(words: Tensor, word_mask: Tensor) -> Tensor:
        kept = words * word_mask[..., None] if zeroed else words
        return kept.sum(1) / divide(word_mask)

    return wrong


def _words(word_mask: Tensor) -> Tensor:
    return word_mask.sum(1, keepdim=True)


def _places(word_mask: Tensor) -> float:
    return float(word_mask.shape[1])


def _not_zero(words: Tensor, word_mask: Tensor) -> Tensor:
    there = (words * word_mask[..., None] != 0).any(-1)
    return mean_over_words(words, there)


def _highest(words: Tensor, word_mask: Tensor) -> Tensor:
    return words.masked_fill(~word_mask[..., None], -torch.inf).amax(1)


def _channels(words: Tensor, word_mask: Tensor) -> Tensor:
    return (words * word_mask[..., None]).mean(-1)


def _squeezed(words: Tensor, word_mask: Tensor) -> Tensor:
    return mean_over_words(words, word_mask).squeeze()


def _detached(words: Tensor, word_mask: Tensor) -> Tensor:
    return mean_over_words(words, word_mask).detach()


def _inverted(words: Tensor, word_mask: Tensor) -> Tensor:
    return mean_over_words(words, ~word_mask)


def _in_place(words: Tensor, word_mask: Tensor) -> Tensor:
    mean = mean_over_words(words, word_mask)
    words.data.mul_(word_mask[..., None])
    return mean


EXERCISE = Exercise(
    name="mean-over-words",
    title="The mean over the real words",
    notebook="02",
    minutes=5,
    objective="You can average over words so that padding changes nothing.",
    reference=mean_over_words,
    alternatives=(by_loop, by_einsum),
    requirements=(
        right_kind(_types, "one tensor, as precise as the words"),
        right_shape(_sizes, "(B, T, C) becomes (B, C), for one sentence and one word too"),
        right_values(_sizes, "without padding: the mean over the words", 1),
        right_values(_padded, "with padding: the mean over the real words", name="padded"),
        right_values(_zero_word, "a word whose vector is zero counts", 1, "zero-word"),
        holds("garbage", "what stands in the padding does not matter", _garbage, _same),
        holds("single", "a sentence in a batch is that sentence alone", _together, _as_alone),
        inputs_kept(_everything, "the words that came in are not changed"),
        right_gradients(_gradients, "gradients reach the words, and no padding"),
    ),
    mutants=(
        Mutant("plain", "a plain mean, padding and all", _mutant(_places, zeroed=False)),
        Mutant("by-T", "the right sum, divided by T", _mutant(_places)),
        Mutant(
            "padding-summed",
            "the sum over all places, divided by the number of words",
            _mutant(_words, zeroed=False),
        ),
        Mutant("sum", "a sum that is not divided", _mutant(lambda _mask: 1.0)),
        Mutant(
            "batch-count",
            "every sum divided by the batch's mean number of words",
            _mutant(lambda mask: float(mask.sum()) / len(mask)),
        ),
        Mutant("plus-one", "divided by one too many", _mutant(lambda mask: _words(mask) + 1)),
        Mutant("inverted", "the mean over the padding", _inverted),
        Mutant("not-zero", "words counted by whether their vector is zero", _not_zero),
        Mutant("highest", "the maximum instead of the mean", _highest),
        Mutant("channels", "the mean over the numbers of a word instead of the words", _channels),
        Mutant("squeezed", "axes of size one squeezed away", _squeezed),
        Mutant("in-place", "the padding of the input overwritten with zeros", _in_place),
        Mutant("detached", "a result cut off from the gradient", _detached),
    ),
    hints=(
        "Two steps: make the padding count nothing in the sum, then divide by how many real words"
        " each sentence has, not by T.",
        "The mask is (B, T) and the words are (B, T, C): an index with None at the end gives the"
        " mask a third axis, and bool times float is float.",
        "Multiply, sum over axis 1, and divide by the mask's own sum over axis 1; with"
        " keepdim=True it is (B, 1), which divides (B, C) row by row.",
    ),
    replaces=True,
    variants=(mask_of_padding("word_mask", instead_of="inverted"), additive_mask("word_mask")),
)
