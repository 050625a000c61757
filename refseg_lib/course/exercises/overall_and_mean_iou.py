"""oIoU and mIoU from counts of pixels: the two numbers that papers both call "IoU"."""

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
from refseg_lib.evaluation.metrics import score

Pair = tuple[Tensor, Tensor]


def overall_and_mean_iou(intersections: Tensor, unions: Tensor) -> Pair:
    """Compute both scores with the library's own metrics.

    Args:
        intersections: float64 (N,), pixels in both masks, one number per sentence.
        unions: float64 (N,), pixels in either mask; 0 where both are empty: an IoU of 1.

    Returns:
        ``(oIoU, mIoU)`` in percent, float64 without axes.
    """
    scores = score(intersections.numpy(), unions.numpy())
    return (
        torch.tensor(scores["oIoU"], dtype=torch.float64),
        torch.tensor(scores["mIoU"], dtype=torch.float64),
    )


def by_where(intersections: Tensor, unions: Tensor) -> Pair:
    """Put 1 wherever the division has no answer."""
    return 100 * _overall(intersections, unions), 100 * _mean(intersections, unions)


def _overall(above: Tensor, below: Tensor) -> Tensor:
    return _share(above.sum(), below.sum())


def _mean(above: Tensor, below: Tensor) -> Tensor:
    return _share(above, below).mean()


def _share(above: Tensor, below: Tensor) -> Tensor:
    return torch.where(below == 0, torch.ones_like(below), above / below)


def sentence_by_sentence(intersections: Tensor, unions: Tensor) -> Pair:
    """Go through the sentences in plain Python."""
    above = below = sum_of_shares = 0.0
    for shared, either in zip(intersections.tolist(), unions.tolist(), strict=True):
        above, below = above + shared, below + either
        sum_of_shares += shared / either if either else 1.0
    overall = above / below if below else 1.0
    scores = torch.tensor([overall, sum_of_shares / len(unions)], dtype=torch.float64)
    return 100 * scores[0], 100 * scores[1]


def _sentences(draw: Draw, name: str, count: int, empty: int = 0) -> Case:
    """Draw counts of large and small objects: whole pixels, at least 500 in a union."""
    unions = draw.integers(count, low=500, high=30_000)
    unions[0], unions[-1] = unions[0] % 100 + 600, unions[-1] % 100 + 20_000
    share = draw.uniform(count, low=0.05, high=0.95)
    share[0] = 0.3 + share[0] / 10  # the small object is found badly,
    share[-1] = 0.8 + share[-1] / 10  # the large one well
    intersections = (share * unions).long()
    if empty:
        intersections[1 : 1 + empty], unions[1 : 1 + empty] = 0, 0
    return Case(name, {"intersections": intersections.double(), "unions": unions.double()})


def _values(draw: Draw) -> list[Case]:
    return [
        _sentences(draw, "a small object and a large one", 2),
        _sentences(draw, "ten sentences", 10),
    ]


def _empty(draw: Draw) -> list[Case]:
    nothing = torch.zeros(2, dtype=torch.float64)
    return [
        _sentences(draw, "four sentences, the second with two empty masks", 4, empty=1),
        Case("nothing but empty masks", {"intersections": nothing, "unions": nothing.clone()}),
    ]


def _one(draw: Draw) -> list[Case]:
    return [_sentences(draw, "one sentence", 1)]


def _alike(cases: Sequence[Case], values: Sequence[Pair]) -> tuple[int, str] | None:
    same = torch.allclose(*values[0], rtol=1e-6)
    return None if same else (0, "of one sentence, oIoU and mIoU must be the same number")


def _orders(draw: Draw) -> list[Case]:
    case, order = _sentences(draw, "five sentences", 5), draw.permutation(5)
    return [
        case,
        Case("the same in another order", {n: counts[order] for n, counts in case.inputs.items()}),
        Case("the same, twice each", {n: counts.repeat(2) for n, counts in case.inputs.items()}),
    ]


def _equal(cases: Sequence[Case], values: Sequence[Pair]) -> tuple[int, str] | None:
    for index, pair in enumerate(values[1:], start=1):
        if not torch.allclose(torch.stack(pair), torch.stack(values[0]), rtol=1e-6):
            return index, "the scores changed"
    return None


Number = Callable[[Tensor, Tensor], Tensor]


def _wrong(overall: Number = _overall, mean: Number = _mean) -> Callable[[Tensor, Tensor], Pair]:
    return lambda intersections, unions: (
        100 * overall(intersections, unions),
        100 * mean(intersections, unions),
    )


def _dice(above: Tensor, below: Tensor) -> Tensor:
    return _share(2 * above, above + below)


EXERCISE = Exercise(
    name="overall-and-mean-iou",
    title="Overall and mean IoU",
    notebook="01",
    minutes=10,
    objective="You can compute the two scores that papers call IoU, and say which is which.",
    reference=overall_and_mean_iou,
    alternatives=(by_where, sentence_by_sentence),
    requirements=(
        right_kind(_values, "two numbers, as float64 tensors"),
        right_shape(_values, "both without axes: one number for the whole split"),
        right_values(_values, "oIoU first, then mIoU, in percent", 3),
        right_values(
            _empty, "where nothing is meant and nothing found, the IoU is 1", 1, name="empty"
        ),
        holds("one", "of a single sentence both are its IoU", _one, _alike),
        holds("order", "order does not matter, nor giving everything twice", _orders, _equal),
        inputs_kept(_values, "the counts are not changed"),
    ),
    mutants=(
        Mutant("swapped", "mIoU first and oIoU second", _wrong(_mean, _overall)),
        Mutant(
            "fractions",
            "numbers between 0 and 1 instead of percent",
            lambda intersections, unions: tuple(x / 100 for x in by_where(intersections, unions)),
        ),
        Mutant("mean-twice", "the mean of the IoUs in both places", _wrong(_mean)),
        Mutant(
            "overall-twice",
            "all intersections over all unions in both places",
            _wrong(mean=_overall),
        ),
        Mutant(
            "empty-is-zero",
            "an IoU of 0 where both masks are empty (from a tiny number added to the union)",
            _wrong(
                lambda i, u: i.sum() / u.sum().clamp(min=1e-6),
                lambda i, u: (i / u.clamp(min=1e-6)).mean(),
            ),
        ),
        Mutant(
            "empty-is-zero-in-the-mean",
            "an IoU of 0 in the mean where both masks are empty, and 0 / 0 where nothing else is",
            _wrong(lambda i, u: i.sum() / u.sum(), lambda i, u: (i / u.clamp(min=1e-6)).mean()),
        ),
        Mutant(
            "empty-is-nan",
            "0 / 0, which is NaN and spreads",
            _wrong(lambda i, u: i.sum() / u.sum(), lambda i, u: (i / u).mean()),
        ),
        Mutant(
            "empty-is-left-out",
            "a mean over the sentences whose union is not empty",
            _wrong(mean=lambda i, u: (i / u)[u > 0].mean()),
        ),
        Mutant(
            "dice",
            "Dice (twice the intersection over the two areas) instead of IoU",
            _wrong(lambda i, u: _dice(i.sum(), u.sum()), lambda i, u: _dice(i, u).mean()),
        ),
        Mutant(
            "per-sentence",
            "the IoU of every sentence where their mean is asked",
            _wrong(mean=_share),
        ),
    ),
    hints=(
        "oIoU divides two sums; mIoU is the mean of many divisions.",
        "Divide the sums for oIoU. For mIoU divide entry by entry first and take the mean last.",
        "torch.where(unions == 0, …) chooses 1 where there is nothing to divide by; a sum of unions"
        " can be 0 as well.",
    ),
)
