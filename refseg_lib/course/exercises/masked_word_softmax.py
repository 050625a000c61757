"""A softmax over words in which padding has no part (the attention of papers 000, 001 and 004)."""

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

Softmax = Callable[[Tensor, Tensor], Tensor]


def masked_word_softmax(scores: Tensor, word_mask: Tensor) -> Tensor:
    """Turn one score per word into weights.

    Args:
        scores: (B, T), any numbers, also in the padding.
        word_mask: (B, T), True at real words, at least one in each row.

    Returns:
        (B, T): 0 at padding, and every row sums to one.
    """
    return scores.masked_fill(~word_mask, -torch.inf).softmax(-1)


def by_loop(scores: Tensor, word_mask: Tensor) -> Tensor:
    """Row by row, the real words cut out."""
    weights = []
    for row, there in zip(scores, word_mask, strict=True):
        weights.append(torch.zeros_like(row).masked_scatter(there, row[there].softmax(0)))
    return torch.stack(weights)


def by_hand(scores: Tensor, word_mask: Tensor) -> Tensor:
    """Exponentials of the distance to the highest real score, divided by their sum."""
    real = torch.where(word_mask, scores, -torch.inf)
    grown = (real - real.amax(1, keepdim=True)).exp()
    return grown / grown.sum(1, keepdim=True)


def by_bias(scores: Tensor, word_mask: Tensor) -> Tensor:
    """A bias added before the softmax: 0 at words, the least number there is at padding."""
    least = torch.finfo(scores.dtype).min
    return (scores * word_mask + (~word_mask).to(scores.dtype) * least).softmax(1)


def _case(
    draw: Draw,
    name: str,
    lengths: list[int],
    longest: int | None = None,
    real: tuple[float, float] = (-2.0, 2.0),
    padding: tuple[float, float] = (1.0, 3.0),
    dtype: torch.dtype = torch.float64,
    gradient: bool = False,
) -> Case:
    word_mask = first_words(lengths, longest)
    words, rest = (
        draw.uniform(*word_mask.shape, low=ends[0], high=ends[1], dtype=dtype)
        for ends in (real, padding)
    )
    return Case(
        name,
        {"scores": torch.where(word_mask, words, rest), "word_mask": word_mask},
        ("scores",) if gradient else (),
    )


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32 scores, no padding", [2, 2], dtype=torch.float32)]


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one sentence of one word, T = 1", [1]),
        _case(draw, "one sentence of two words", [2]),
        _case(draw, "three sentences of two words", [2, 2, 2]),
    ]


def _padded(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one word, one padding", [1], 2),
        _case(draw, "two words, one padding", [2], 3),
        _case(draw, "sentences of 1, 4 and 2 words", [1, 4, 2]),
    ]


def _between(draw: Draw) -> list[Case]:
    """Padding on the left and in the middle: the mask says where, nothing else does."""
    case = _case(draw, "padding on the left and in the middle", [4, 4], 4)
    holes = torch.tensor([[False, True, True, True], [True, False, True, False]])
    return [Case(case.name, {**case.inputs, "word_mask": holes})]


def _large(draw: Draw) -> list[Case]:
    return [
        _case(draw, "scores near 1000", [2, 3], real=(990, 1010), padding=(990, 1010)),
        _case(draw, "scores near -1000", [1, 2], 3, real=(-1010, -990), padding=(-2, 2)),
        _case(draw, "a score of 5000 in the padding", [2], 3, padding=(5000, 5001)),
    ]


def _garbage(draw: Draw) -> list[Case]:
    first = _case(draw, "zeros in the padding", [1, 3], 4, padding=(0.0, 1e-300))
    there = first.inputs["word_mask"]
    other = torch.where(there, first.inputs["scores"], draw.uniform(2, 4, low=-9, high=9))
    name = "the same scores, others in the padding"
    return [first, Case(name, {"scores": other, "word_mask": there})]


def _gradients(draw: Draw) -> list[Case]:
    return [_case(draw, "sentences of 2 and 3 words", [2, 3], 4, gradient=True)]


def _everything(draw: Draw) -> list[Case]:
    return [*_sizes(draw), *_padded(draw), *_between(draw)]


def _sum_to_one(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, (case, weights) in enumerate(zip(cases, values, strict=True)):
        if bool((weights[~case.inputs["word_mask"]] != 0).any()):
            return index, "a padding has a weight that is not 0"
        total = weights.sum(1)
        if not torch.allclose(total, torch.ones_like(total)):
            return index, f"a row sums to {total.tolist()[0]:.4g}, not to 1"
    return None


_same = as_the_first("the weights moved, though only the scores in the padding are others")


def _before(fill: float, axis: int = -1, inverted: bool = False) -> Softmax:
    def wrong(scores: Tensor, word_mask: Tensor) -> Tensor:
        there = ~word_mask if inverted else word_mask
        return scores.masked_fill(~there, fill).softmax(axis)

    return wrong


def _without(scores: Tensor, word_mask: Tensor) -> Tensor:
    return scores.softmax(-1)


def _after(scores: Tensor, word_mask: Tensor) -> Tensor:
    return scores.softmax(-1) * word_mask


def _after_and_divided(scores: Tensor, word_mask: Tensor) -> Tensor:
    weights = scores.softmax(-1) * word_mask
    return weights / weights.sum(-1, keepdim=True)


def _raw(scores: Tensor, word_mask: Tensor) -> Tensor:
    grown = scores.exp() * word_mask
    return grown / grown.sum(-1, keepdim=True)


def _padded_sum(scores: Tensor, word_mask: Tensor) -> Tensor:
    grown = (scores - scores.amax(-1, keepdim=True)).exp() * word_mask
    return grown / (grown.sum(-1, keepdim=True) + 1e-3)


def _squeezed(scores: Tensor, word_mask: Tensor) -> Tensor:
    return masked_word_softmax(scores, word_mask).squeeze()


def _in_place(scores: Tensor, word_mask: Tensor) -> Tensor:
    weights = masked_word_softmax(scores, word_mask)
    scores.data.masked_fill_(~word_mask, -torch.inf)
    return weights


def _detached(scores: Tensor, word_mask: Tensor) -> Tensor:
    return masked_word_softmax(scores, word_mask).detach()


EXERCISE = Exercise(
    name="masked-word-softmax",
    title="A softmax that padding has no part in",
    notebook="02",
    minutes=6,
    objective="You can turn scores into attention over the words that are really there.",
    reference=masked_word_softmax,
    alternatives=(by_loop, by_hand, by_bias),
    requirements=(
        right_kind(_types, "one tensor, as precise as the scores"),
        right_shape(_sizes, "(B, T) stays (B, T), also for T = 1"),
        right_values(_sizes, "without padding: a softmax over the words", 1),
        right_values(_padded, "with padding: the softmax of the real words", name="padded"),
        right_values(_between, "wherever the padding stands", 1, "between"),
        right_values(_large, "large scores, up and down, give numbers and no NaN", name="large"),
        holds("sum", "padding weighs 0, and a row sums to 1", _everything, _sum_to_one),
        holds("garbage", "the scores in the padding do not matter", _garbage, _same),
        inputs_kept(_everything, "the scores that came in are not changed"),
        right_gradients(_gradients, "gradients reach the scores of real words only"),
    ),
    mutants=(
        Mutant("no-mask", "a softmax that takes padding for words", _without),
        Mutant("after", "a mask after the softmax: the rows no longer sum to 1", _after),
        Mutant(
            "after-divided",
            "a softmax over padding too, mended by a division: a high score in the padding leaves"
            " 0 / 0",
            _after_and_divided,
        ),
        Mutant("zeros", "scores of padding set to 0, as if that were no weight", _before(0.0)),
        Mutant("not-low-enough", "scores of padding set to -100, not to -inf", _before(-100.0)),
        Mutant("over-batch", "a softmax over the sentences", _before(-torch.inf, axis=0)),
        Mutant("inverted", "the mask the wrong way round", _before(-torch.inf, inverted=True)),
        Mutant("overflow", "exp of large scores, which is infinite", _raw),
        Mutant("epsilon", "a constant added to the sum, so that rows miss 1", _padded_sum),
        Mutant("squeezed", "axes of size one squeezed away", _squeezed),
        Mutant("in-place", "-inf written into the scores that came in", _in_place),
        Mutant("detached", "weights cut off from the gradient", _detached),
    ),
    hints=(
        "A weight of 0 comes from a score of -inf: exp(-inf) = 0. So treat the scores before the"
        " softmax, not the weights behind it.",
        "masked_fill writes one number wherever a bool tensor is True. Mind that the mask is True"
        " at words; ~ turns it round. masked_fill_ would change the input.",
        "Fill the padding's scores with minus infinity and take the softmax over the last axis:"
        " torch's softmax already subtracts the largest score.",
    ),
    variants=(mask_of_padding("word_mask", instead_of="inverted"), additive_mask("word_mask")),
)
