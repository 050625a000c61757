"""One softmax over pairs as a product of two: the first identity of the exact factorisation.

See ``refseg_lib.fusion.pair_attention``, identity 1, for what the library does with it.
"""

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


def split_softmax(pixel_scores: Tensor, word_scores: Tensor, word_mask: Tensor) -> Tensor:
    """Compute the softmax over all pairs (p, n) of ``pixel_scores[p] + word_scores[n]``.

    Args:
        pixel_scores: (B, P).
        word_scores: (B, T).
        word_mask: (B, T), True at real words.

    Returns:
        (B, P, T) weights; each sentence's sum to one, padding has none.
    """
    over_words = word_scores.masked_fill(~word_mask, -torch.inf).softmax(-1)
    return pixel_scores.softmax(-1)[:, :, None] * over_words[:, None]


def over_pairs(pixel_scores: Tensor, word_scores: Tensor, word_mask: Tensor) -> Tensor:
    """The left side of the identity: one softmax over P·T numbers."""
    scores = pixel_scores[:, :, None] + word_scores[:, None]
    scores = scores.masked_fill(~word_mask[:, None], -torch.inf)
    return scores.flatten(1).softmax(-1).view_as(scores)


def by_exponentials(pixel_scores: Tensor, word_scores: Tensor, word_mask: Tensor) -> Tensor:
    """Exponentials by hand, their product divided by the product of their sums."""
    word_scores = torch.where(word_mask, word_scores, -1e9)
    e = (pixel_scores - pixel_scores.amax(1, keepdim=True)).exp()
    f = (word_scores - word_scores.amax(1, keepdim=True)).exp()
    return torch.einsum("bp,bn->bpn", e, f) / (e.sum(1) * f.sum(1))[:, None, None]


def _case(draw: Draw, name: str, pixels: int, *lengths: int, dtype: Any = torch.float64) -> Case:
    mask = first_words(list(lengths))
    inputs = {
        "pixel_scores": draw.normal(len(lengths), pixels, dtype=dtype),
        "word_scores": draw.normal(*mask.shape, dtype=dtype),
        "word_mask": mask,
    }
    return Case(name, inputs, ("pixel_scores", "word_scores"))


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "1 word, 1 pixel", 1, 1),
        _case(draw, "2 words, 3 pixels", 3, 2),
        _case(draw, "2 sentences of 2 and 4 words, 3 pixels", 3, 2, 4),
    ]


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32, 2 words, 3 pixels", 3, 2, dtype=torch.float32)]


def _some(draw: Draw) -> list[Case]:
    return [
        _case(draw, "2 words, 3 pixels", 3, 2),
        _case(draw, "2 sentences of 2 and 4 words, 3 pixels", 3, 2, 4),
    ]


def _to_one(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, (case, weights) in enumerate(zip(cases, values, strict=True)):
        total = weights.sum((1, 2))
        if not torch.allclose(total, torch.ones_like(total)):
            return index, f"the weights of a sentence add up to {total[0].item():.4g}, not to 1"
        if bool((weights.mT[~case.inputs["word_mask"]] != 0).any()):
            return index, "padding has a weight"
    return None


def _alike(_cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, w in enumerate(values):
        if not torch.allclose(w[:, 0, 0] * w[:, 1, 1], w[:, 0, 1] * w[:, 1, 0]):
            said = "the first two pixels must share their weights alike for the first two words"
            return index, said
    return None


def _shifted(draw: Draw) -> list[Case]:
    case = _case(draw, "2 words, 3 pixels", 3, 2)
    higher = {"pixel_scores": case.inputs["pixel_scores"] + 900.0}
    return [case, Case("the same, all pixel scores 900 higher", {**case.inputs, **higher})]


_same = as_the_first("the weights changed, or overflowed: subtract the maximum before exp")


def _mutant(
    mask: str = "before",
    join: Callable[[Tensor, Tensor], Tensor] = torch.mul,
    axis: int = 1,
    stable: bool = True,
    cut: bool = False,
) -> Callable[..., Tensor]:
    def softmax(scores: Tensor) -> Tensor:
        scores = scores - scores.detach().amax(axis, keepdim=True) if stable else scores
        return scores.exp() / scores.exp().sum(axis, keepdim=True)

    def wrong(pixel_scores: Tensor, word_scores: Tensor, word_mask: Tensor) -> Tensor:
        if mask == "before":
            word_scores = word_scores.masked_fill(~word_mask, -1e9)
        word_scores = word_scores * word_mask if mask == "times" else word_scores
        over_words = softmax(word_scores)
        over_words = over_words * word_mask if mask == "after" else over_words
        over_words = over_words.detach() if cut else over_words
        return join(softmax(pixel_scores)[:, :, None], over_words[:, None])

    return wrong


def _raw_words(pixel_scores: Tensor, word_scores: Tensor, word_mask: Tensor) -> Tensor:
    return pixel_scores.softmax(-1)[:, :, None] * (word_scores.exp() * word_mask)[:, None]


def _per_pixel(pixel_scores: Tensor, word_scores: Tensor, word_mask: Tensor) -> Tensor:
    scores = pixel_scores[:, :, None] + word_scores[:, None]
    return scores.masked_fill(~word_mask[:, None], -torch.inf).softmax(-1)


def _squeezed(**inputs: Tensor) -> Tensor:
    return split_softmax(**inputs).squeeze()


def _in_place(pixel_scores: Tensor, word_scores: Tensor, word_mask: Tensor) -> Tensor:
    word_scores.masked_fill_(~word_mask, -1e9)
    pixel_scores.sub_(pixel_scores.detach().amax(-1, keepdim=True))
    return split_softmax(pixel_scores, word_scores, word_mask)


EXERCISE = Exercise(
    name="split-softmax",
    title="One softmax from two",
    notebook="05",
    minutes=8,
    objective="You can take a softmax over pairs apart into one over pixels and one over words.",
    reference=split_softmax,
    alternatives=(over_pairs, by_exponentials),
    requirements=(
        right_kind(_types, "a tensor of the inputs' own precision"),
        right_shape(_sizes, "shape (B, P, T), also for one word, one pixel or one sentence"),
        right_values(_sizes, "the numbers of one softmax over all pairs", points=2),
        holds("sum", "all weights of a sentence sum to one, padding has none", _some, _to_one),
        holds("independent", "pixels share their weights alike for every word", _some, _alike),
        holds("shift", "high scores do not overflow", _shifted, _same),
        inputs_kept(_sizes, "the inputs are not changed"),
        right_gradients(_sizes, "gradients reach both kinds of scores"),
    ),
    mutants=(
        Mutant("added", "the two softmaxes added instead of multiplied", _mutant(join=torch.add)),
        Mutant("raw-words", "word scores exponentiated, not divided by their sum", _raw_words),
        Mutant("per-pixel", "a softmax over the words of each pixel, so that pixel scores cancel",
               _per_pixel),
        Mutant("over-batch", "a softmax over the sentences", _mutant(axis=0)),
        Mutant("no-mask", "padding words weighted like real ones", _mutant("none")),
        Mutant("mask-after", "a mask after the softmax: sums below one", _mutant("after")),
        Mutant("times-mask", "scores times the mask, but exp(0) is 1, not 0", _mutant("times")),
        Mutant("overflow", "exp without subtracting the maximum", _mutant(stable=False)),
        Mutant("detached", "word weights cut off from the gradient", _mutant(cut=True)),
        Mutant("squeezed", "axes of size 1 squeezed away", _squeezed),
        Mutant("in-place", "the scores that came in overwritten", _in_place),
    ),
    hints=(
        "Write exp(a_p + b_n) as a product, and the sum over all pairs as a product of two sums.",
        "What remains is one softmax of the a alone and one of the b alone; padding concerns only"
        " one of them.",
        "Put an axis of size 1 into each, (B, P, 1) and (B, 1, T), and multiply; the mask comes in"
        " before the softmax over words, as -inf.",
    ),
    variants=(mask_of_padding("word_mask"), additive_mask("word_mask")),
)  # fmt: skip
