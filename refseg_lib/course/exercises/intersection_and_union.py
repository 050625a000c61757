"""Intersection and union, two counts of pixels per sentence: what every score starts from."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import (
    holds,
    inputs_kept,
    right_kind,
    right_shape,
    right_values,
)

Counts = tuple[Tensor, Tensor]
Count = Callable[[Tensor, Tensor], Tensor]


def intersection_and_union(prediction: Tensor, truth: Tensor) -> Counts:
    """Count the pixels that two masks share, and those in either.

    Args:
        prediction: bool (B, H, W), True = the thing found.
        truth: bool (B, H, W), True = the thing meant.

    Returns:
        ``(intersection, union)``, both int64 (B,).
    """
    return (prediction & truth).sum(dim=(1, 2)), (prediction | truth).sum(dim=(1, 2))


def by_areas(prediction: Tensor, truth: Tensor) -> Counts:
    """Add the two areas and take away what was counted twice."""
    shared = (prediction * truth).flatten(1).sum(1)
    return shared, prediction.flatten(1).sum(1) + truth.flatten(1).sum(1) - shared


def by_einsum(prediction: Tensor, truth: Tensor) -> Counts:
    """Take products of ones and zeros; nothing of either is left where both are 0."""
    p, t = prediction.long(), truth.long()
    return torch.einsum("bhw,bhw->b", p, t), p[0].numel() - torch.einsum("bhw,bhw->b", 1 - p, 1 - t)


def sentence_by_sentence(prediction: Tensor, truth: Tensor) -> Counts:
    """Go through the batch."""
    pairs = zip(prediction, truth, strict=True)
    counts = torch.tensor([[int((p & t).sum()), int((p | t).sum())] for p, t in pairs])
    return counts[:, 0], counts[:, 1]


def _masks(draw: Draw, name: str, *shape: int) -> Case:
    """Draw two masks with all four kinds of pixels: in both, in one, in the other, in neither."""
    prediction, truth = draw.chance(*shape), draw.chance(*shape)
    for mask, corner in ((prediction, [1, 1, 0, 0]), (truth, [1, 0, 1, 0])):
        mask.flatten(1)[:, :4] = torch.tensor(corner, dtype=torch.bool)
    return Case(name, {"prediction": prediction, "truth": truth})


def _one(draw: Draw) -> list[Case]:
    return [_masks(draw, "one sentence, 2 × 3 pixels", 1, 2, 3)]


def _values(draw: Draw) -> list[Case]:
    return [*_one(draw), _masks(draw, "three sentences, 3 × 4 pixels", 3, 3, 4)]


def _empty(draw: Draw) -> list[Case]:
    case = _masks(draw, "two sentences, nothing meant and nothing found in the second", 2, 2, 4)
    for mask in case.inputs.values():
        mask[1] = False
    return [case]


def _large(draw: Draw) -> list[Case]:
    masks = {name: draw.chance(2, 28, 28, share=0.9) for name in ("prediction", "truth")}
    return [Case("masks of 28 × 28 pixels", masks)]


def _sums(cases: Sequence[Case], values: Sequence[Counts]) -> tuple[int, str] | None:
    for index, (case, (shared, either)) in enumerate(zip(cases, values, strict=True)):
        areas = torch.stack([mask.flatten(1).sum(1) for mask in case.inputs.values()]).sum(0)
        if not torch.equal(shared + either, areas):
            told = f"{(shared + either).tolist()}, the two areas together {areas.tolist()}"
            return index, f"intersection and union together are {told}"
    return None


def _swapped(draw: Draw) -> list[Case]:
    case = _masks(draw, "two sentences", 2, 3, 3)
    other = {"prediction": case.inputs["truth"], "truth": case.inputs["prediction"]}
    return [case, Case("the same, prediction and truth swapped", other)]


def _equal(cases: Sequence[Case], values: Sequence[Counts]) -> tuple[int, str] | None:
    same = all(torch.equal(x, y) for x, y in zip(*values, strict=True))
    return None if same else (1, "swapping prediction and truth changed the counts")


def _in_place(prediction: Tensor, truth: Tensor) -> Counts:
    prediction &= truth
    return prediction.sum((1, 2)), (prediction | truth).sum((1, 2))


def _wrong(intersection: Count, union: Count) -> Callable[[Tensor, Tensor], Counts]:
    """Make a wrong answer of two functions of the masks."""
    return lambda prediction, truth: (intersection(prediction, truth), union(prediction, truth))


def _both(prediction: Tensor, truth: Tensor) -> Tensor:
    return (prediction & truth).sum((1, 2))


def _either(prediction: Tensor, truth: Tensor) -> Tensor:
    return (prediction | truth).sum((1, 2))


EXERCISE = Exercise(
    name="intersection-and-union",
    title="Intersection and union",
    notebook="01",
    minutes=8,
    objective="You can count what two masks share and what they cover together.",
    reference=intersection_and_union,
    alternatives=(by_areas, by_einsum, sentence_by_sentence),
    requirements=(
        right_kind(_one, "two tensors of whole numbers (int64)"),
        right_shape(_values, "one number per sentence: both have the shape (B,)"),
        right_values(_values, "the numbers of pixels in both masks, and in either", 3),
        right_values(_empty, "two empty masks share 0 pixels and cover 0", 1, name="empty"),
        right_values(_large, "masks of some hundred pixels are counted too", 1, name="large"),
        holds("areas", "intersection + union = the one area + the other", _values, _sums),
        holds("swap", "which mask comes first does not matter", _swapped, _equal),
        inputs_kept(_values, "the masks are not changed"),
    ),
    mutants=(
        Mutant(
            "whole-batch",
            "one count for the whole batch instead of one per sentence",
            _wrong(lambda p, t: (p & t).sum(), lambda p, t: (p | t).sum()),
        ),
        Mutant(
            "union-is-the-sum",
            "the two areas added: what both cover is counted twice",
            _wrong(_both, lambda p, t: p.sum((1, 2)) + t.sum((1, 2))),
        ),
        Mutant("swapped", "the union first and the intersection second", _wrong(_either, _both)),
        Mutant(
            "exclusive-or",
            "the pixels in just one of the masks taken for the union",
            _wrong(_both, lambda p, t: (p ^ t).sum((1, 2))),
        ),
        Mutant(
            "agreement",
            "background in both counted as shared: that is accuracy",
            _wrong(lambda p, t: (p == t).sum((1, 2)), _either),
        ),
        Mutant(
            "all-pixels",
            "all pixels of the picture taken for the union",
            _wrong(_both, lambda p, t: torch.ones_like(p).sum((1, 2))),
        ),
        Mutant(
            "larger-area",
            "the larger of the two areas taken for the union",
            _wrong(_both, lambda p, t: torch.maximum(p.sum((1, 2)), t.sum((1, 2)))),
        ),
        Mutant(
            "shares",
            "means instead of sums: shares of the picture",
            _wrong(
                lambda p, t: (p & t).double().mean((1, 2)),
                lambda p, t: (p | t).double().mean((1, 2)),
            ),
        ),
        Mutant(
            "rows-only",
            "only the last axis summed: a count for every row",
            _wrong(lambda p, t: (p & t).sum(-1), lambda p, t: (p | t).sum(-1)),
        ),
        Mutant(
            "eight-bits",
            "counts kept in 8 bits, which begin again at 0 after 255",
            _wrong(lambda p, t: _both(p, t) % 256, lambda p, t: _either(p, t) % 256),
        ),
        Mutant("in-place", "the intersection written into the prediction", _in_place),
    ),
    hints=(
        "For bool tensors & is True where both are, | where at least one is; summing a bool tensor"
        " counts its Trues.",
        "Every sentence of the batch has its own count: sum over rows and columns, not over the"
        " first axis.",
        "Two lines of one form: combine the masks pixel by pixel, then sum over dim=(1, 2).",
    ),
)
