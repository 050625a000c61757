"""P@X: the share of sentences whose IoU is at least X (RMI, CMSA, LAVT: >=; SHNet, CRIS: >)."""

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
from refseg_lib.evaluation.metrics import iou


def precision_at(intersections: Tensor, unions: Tensor, threshold: float) -> Tensor:
    """Compute P@X.

    Args:
        intersections: float64 (N,), pixels in both masks, one number per sentence.
        unions: float64 (N,), pixels in either mask; 0 where both are empty: an IoU of 1.
        threshold: X in [0, 1].

    Returns:
        Percent of sentences with IoU >= X, float64 without axes.
    """
    found = iou(intersections.numpy(), unions.numpy()) >= threshold
    return 100 * torch.from_numpy(found).double().mean()


def by_where(intersections: Tensor, unions: Tensor, threshold: float) -> Tensor:
    """Put 1 where there is nothing to divide."""
    shares = torch.where(unions == 0, torch.ones_like(unions), intersections / unions)
    return (shares >= threshold).double().mean() * 100


def sentence_by_sentence(intersections: Tensor, unions: Tensor, threshold: float) -> Tensor:
    """Count in plain Python."""
    good = 0
    for shared, either in zip(intersections.tolist(), unions.tolist(), strict=True):
        good += (shared / either if either else 1.0) >= threshold
    return torch.tensor(100 * good / len(unions), dtype=torch.float64)


def _sentences(
    draw: Draw, count: int, shares: Sequence[float], empty: int = 0
) -> dict[str, Tensor]:
    """Draw counts whose first IoUs are ``shares``, the others anything; the last are empty."""
    unions = 1000 * draw.integers(count, low=1, high=30).double()
    intersections = (draw.uniform(count) * unions).round()
    known = torch.tensor(shares, dtype=torch.float64)
    intersections[: len(shares)] = (known * unions[: len(shares)]).round()
    if empty:
        intersections[-empty:], unions[-empty:] = 0, 0
    return {"intersections": intersections, "unions": unions}


def _at(name: str, counts: dict[str, Tensor], threshold: float) -> Case:
    return Case(f"{name}, X = {threshold}", {**counts, "threshold": threshold})


def _values(draw: Draw) -> list[Case]:
    few = _sentences(draw, 3, (0.47, 0.93, 0.12))
    # 0.47 and 0.68 are rounded up to 0.5 and 0.7 by those who round; 0.6 as Dice is over 0.7.
    many = _sentences(draw, 9, (0.47, 0.68, 0.93, 0.12, 0.6, 0.97))
    return [_at("three sentences", few, 0.5), *(_at("nine sentences", many, x) for x in (0.7, 0.9))]


def _ties(draw: Draw) -> list[Case]:
    counts = _sentences(draw, 4, (0.5, 0.75, 0.22, 0.97))
    return [_at("one IoU of exactly X", counts, x) for x in (0.5, 0.75)]


def _empty(draw: Draw) -> list[Case]:
    return [_at("the last of five has two empty masks", _sentences(draw, 5, (0.3, 0.9), 1), 0.6)]


def _falling(draw: Draw) -> list[Case]:
    counts = _sentences(draw, 6, (0.95, 0.4, 0.62))
    return [_at("six sentences", counts, x) for x in (0.0, 0.3, 0.5, 0.7, 0.9)]


def _falls(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    if abs(float(values[0]) - 100) > 1e-6:
        return 0, f"every IoU is at least 0, so P@0 is 100, got {float(values[0]):.4g}"
    for index in range(1, len(values)):
        if values[index] > values[index - 1] + 1e-9:
            return index, "with a larger X there are more of them"
    return None


def _mutant(
    share: Callable[[Tensor, Tensor], Tensor], reach: Callable[[Tensor, float], Tensor]
) -> Callable[[Tensor, Tensor, float], Tensor]:
    def wrong(intersections: Tensor, unions: Tensor, threshold: float) -> Tensor:
        return 100 * reach(share(intersections, unions), threshold).double().mean()

    return wrong


def _share(above: Tensor, below: Tensor) -> Tensor:
    return torch.where(below == 0, 1.0, above / below)


def _least(share: Tensor, threshold: float) -> Tensor:
    return share >= threshold


def _one_for_all(intersections: Tensor, unions: Tensor, threshold: float) -> Tensor:
    return 100 * (_share(intersections.sum(), unions.sum()) >= threshold).double()


def _mean_of_the_good(intersections: Tensor, unions: Tensor, threshold: float) -> Tensor:
    share = _share(intersections, unions)
    return 100 * (share * (share >= threshold)).mean()


EXERCISE = Exercise(
    name="precision-at",
    title="Precision at X",
    notebook="01",
    minutes=6,
    objective="You can say how many answers are good enough, for any meaning of enough.",
    reference=precision_at,
    alternatives=(by_where, sentence_by_sentence),
    requirements=(
        right_kind(_values, "a number, as a float64 tensor"),
        right_shape(_values, "without axes: one number for the whole split"),
        right_values(_values, "the percentage of sentences whose IoU is over X", 2),
        right_values(_ties, "an IoU of exactly X is good enough", 1, name="tie"),
        right_values(_empty, "two empty masks have an IoU of 1", 1, name="empty"),
        holds("falling", "P@0 is 100, and a larger X never gives more", _falling, _falls),
        inputs_kept(_values, "the counts are not changed"),
    ),
    mutants=(
        Mutant("over", "> where >= is asked", _mutant(_share, lambda share, x: share > x)),
        Mutant(
            "fraction",
            "a share between 0 and 1 instead of percent",
            lambda intersections, unions, threshold: (
                by_where(intersections, unions, threshold) / 100
            ),
        ),
        Mutant(
            "count",
            "the number of sentences instead of their percentage",
            lambda intersections, unions, threshold: (
                _least(_share(intersections, unions), threshold).double().sum()
            ),
        ),
        Mutant("below", "the sentences that miss X", _mutant(_share, lambda share, x: share < x)),
        Mutant(
            "rounded",
            "IoUs rounded to one digit before they are compared",
            _mutant(lambda i, u: _share(i, u).round(decimals=1), _least),
        ),
        Mutant(
            "empty-is-zero",
            "empty masks counted as missed: 0 / 0 is NaN, and no comparison with NaN is true",
            _mutant(lambda i, u: i / u, _least),
        ),
        Mutant(
            "empty-is-left-out",
            "empty masks left out of the count",
            _mutant(lambda i, u: (i / u)[u > 0], _least),
        ),
        Mutant(
            "dice",
            "Dice instead of IoU",
            _mutant(lambda i, u: torch.where(u == 0, 1.0, 2 * i / (i + u)), _least),
        ),
        Mutant("one-for-all", "the overall IoU compared with X: 0 or 100", _one_for_all),
        Mutant(
            "percent-against-share",
            "an IoU in percent compared with an X between 0 and 1",
            _mutant(lambda i, u: 100 * _share(i, u), _least),
        ),
        Mutant(
            "mean-of-the-good", "the IoUs that reach X added up, not counted", _mean_of_the_good
        ),
    ),
    hints=(
        "Every sentence is either good enough or not: count, then divide by how many there are.",
        "One IoU per sentence first (1 where the union is 0), then a comparison with X.",
        "A comparison gives a bool tensor; made double, its mean is the share of Trues.",
    ),
)
