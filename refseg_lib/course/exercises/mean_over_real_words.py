"""The mean over words at the end of cross-modal self-attention: paper 004 §3.2, Eq. 4."""

from collections.abc import Callable, Sequence
from typing import Any

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


def mean_over_real_words(pairs: Tensor, word_mask: Tensor) -> Tensor:
    """Average what the pairs of a pixel hold over the real words of the sentence.

    Args:
        pairs: (B, P, T, d), any numbers at padding.
        word_mask: (B, T), True at real words, at least one per sentence.

    Returns:
        (B, P, d).
    """
    # The mask first: a bool divided by a whole number is a float32, and a third of it too short.
    share = word_mask.to(pairs.dtype) / word_mask.sum(1, keepdim=True)
    return torch.einsum("bpnd,bn->bpd", pairs, share)


def by_zeros(pairs: Tensor, word_mask: Tensor) -> Tensor:
    """Padding set to zero, a sum, a division."""
    kept = torch.where(word_mask[:, None, :, None], pairs, torch.zeros_like(pairs))
    return kept.sum(2) / word_mask.sum(1)[:, None, None]


def by_cutting(pairs: Tensor, word_mask: Tensor) -> Tensor:
    """Sentence by sentence, padding cut off."""
    return torch.stack([x[:, m].mean(1) for x, m in zip(pairs, word_mask, strict=True)])


def _case(draw: Draw, name: str, pixels: int, *lengths: int, dtype: Any = torch.float64) -> Case:
    mask = first_words(list(lengths))
    pairs = draw.normal(len(lengths), pixels, mask.shape[1], 2, dtype=dtype)
    return Case(name, {"pairs": pairs, "word_mask": mask}, ("pairs",))


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "1 word, 1 pixel", 1, 1),
        _case(draw, "2 words, 3 pixels, no padding", 3, 2),
        _case(draw, "2 sentences of 2 and 4 words, 3 pixels", 3, 2, 4),
    ]


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32, 1 and 2 words", 2, 1, 2, dtype=torch.float32)]


def _gaps(draw: Draw) -> list[Case]:
    case = _case(draw, "padding between the words", 2, 4)
    mask = torch.tensor([[True, False, True, False]])
    return [Case(case.name, {"pairs": case.inputs["pairs"], "word_mask": mask})]


def _between(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    pairs = cases[0].inputs["pairs"]
    if torch.allclose(values[0], (pairs[:, :, 0] + pairs[:, :, 2]) / 2):
        return None
    return 0, "the mask says which words exist, wherever they stand: here the 1st and the 3rd"


def _longer(draw: Draw) -> list[Case]:
    case = _case(draw, "a sentence of 2 words alone", 2, 2)
    padded = torch.cat([case.inputs["pairs"], draw.normal(1, 2, 2, 2, scale=9.0)], 2)
    inputs = {"pairs": padded, "word_mask": first_words([2], 4)}
    return [case, Case("the same with 2 words of padding", inputs)]


_same = as_the_first("padding changed the mean: it may neither be added nor counted")


def _mutant(
    masked: bool = True,
    count: Callable[[Tensor], Tensor] = lambda mask: mask.sum(1, keepdim=True),
    axis: int = 2,
    cut: bool = False,
) -> Callable[..., Tensor]:
    def wrong(pairs: Tensor, word_mask: Tensor) -> Tensor:
        kept = pairs * word_mask[:, None, :, None] if masked else pairs
        kept = kept.detach() if cut else kept
        return kept.sum(axis) / count(word_mask)[:, None].to(pairs)

    return wrong


def _over_pixels(pairs: Tensor, word_mask: Tensor) -> Tensor:
    return (pairs * word_mask[:, None, :, None]).mean(1)


def _largest(pairs: Tensor, word_mask: Tensor) -> Tensor:
    return pairs.masked_fill(~word_mask[:, None, :, None], -torch.inf).amax(2)


def _first_length(pairs: Tensor, word_mask: Tensor) -> Tensor:
    """Padding cut off at the length instead of where the mask says."""
    lengths = word_mask.sum(1).tolist()
    return torch.stack([x[:, :n].mean(1) for x, n in zip(pairs, lengths, strict=True)])


def _single(pairs: Tensor, word_mask: Tensor) -> Tensor:
    weights = word_mask.float()
    total = (pairs.float() * weights[:, None, :, None]).sum(2)
    return total / weights.sum(1)[:, None, None]


def _kept_axis(pairs: Tensor, word_mask: Tensor) -> Tensor:
    return mean_over_real_words(pairs, word_mask)[:, :, None]


def _squeezed(pairs: Tensor, word_mask: Tensor) -> Tensor:
    return mean_over_real_words(pairs, word_mask).squeeze()


def _in_place(pairs: Tensor, word_mask: Tensor) -> Tensor:
    pairs.mul_(word_mask[:, None, :, None])
    return mean_over_real_words(pairs, word_mask)


EXERCISE = Exercise(
    name="mean-over-real-words",
    title="The mean over real words",
    notebook="05",
    minutes=5,
    objective="You can average over words without padding changing the mean (Eq. 4).",
    reference=mean_over_real_words,
    alternatives=(by_zeros, by_cutting),
    requirements=(
        right_kind(_types, "a tensor of the input's own precision"),
        right_shape(_sizes, "shape (B, P, d), also for one word, one pixel or one sentence"),
        right_values(_sizes, "the mean of every pixel over its sentence's real words"),
        holds("padding", "words of padding more or less change nothing", _longer, _same),
        holds("gaps", "the mask decides which words count, not their order", _gaps, _between),
        inputs_kept(_sizes, "the inputs are not changed"),
        right_gradients(_sizes, "gradients reach the real words, and only them"),
    ),
    mutants=(
        Mutant("no-mask", "a mean over all words, padding among them",
               _mutant(False, lambda mask: torch.full((len(mask), 1), mask.shape[1]))),
        Mutant("all-counted", "padding left out of the sum but counted in the division",
               _mutant(count=lambda mask: torch.full((len(mask), 1), mask.shape[1]))),
        Mutant("padding-added", "padding in the sum, divided by the real words only",
               _mutant(False)),
        Mutant("sum", "a sum, not divided by anything",
               _mutant(count=lambda mask: torch.ones(len(mask), 1))),
        Mutant("batch-count", "one count for the whole batch instead of one per sentence",
               _mutant(count=lambda mask: mask.sum()[None, None])),
        Mutant("over-pixels", "a mean over the pixels", _over_pixels),
        Mutant("largest", "the largest number instead of the mean", _largest),
        Mutant("first-words", "the first words, as many as the mask counts, whichever it marks",
               _first_length),
        Mutant("float32", "the mask turned into float32, and the result with it", _single),
        Mutant("kept-axis", "the axis of the words kept with size 1", _kept_axis),
        Mutant("squeezed", "axes of size 1 squeezed away", _squeezed),
        Mutant("detached", "the pairs cut off from the gradient", _mutant(cut=True)),
        Mutant("in-place", "padding overwritten in the tensor that came in", _in_place),
    ),
    hints=(
        "A mean is a sum and a count, and padding must stay out of both.",
        "The mask is (B, T), the pairs are (B, P, T, d): give the mask the axes that it lacks"
        " before you multiply.",
        "Every sentence has its own count, of shape (B, 1, 1) when it divides; leave the number"
        " type to the pairs: a bool times a float64 is a float64.",
    ),
    variants=(mask_of_padding("word_mask"), additive_mask("word_mask")),
)  # fmt: skip
