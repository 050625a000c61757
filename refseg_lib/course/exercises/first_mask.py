"""From logits to a mask: probability 0.5 or more (the threshold of the protocol ``strict``)."""

import math
from collections.abc import Sequence

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


def first_mask(logits: Tensor, threshold: float = 0.5) -> Tensor:
    """Turn logits into a mask.

    Args:
        logits: Any shape, any real numbers.
        threshold: A probability in (0, 1).

    Returns:
        bool, of the same shape: True where the probability, the sigmoid of the logit, is at least
        ``threshold``; a tie is the thing meant, as in
        :func:`refseg_lib.evaluation.protocols.strict_mask`.
    """
    return torch.sigmoid(logits) >= threshold


def by_logit(logits: Tensor, threshold: float = 0.5) -> Tensor:
    """Bring the threshold to the logits instead."""
    return logits >= math.log(threshold / (1 - threshold))


def one_by_one(logits: Tensor, threshold: float = 0.5) -> Tensor:
    """Write the sigmoid out, number by number."""
    found = [1 / (1 + math.exp(-logit)) >= threshold for logit in logits.flatten().tolist()]
    return torch.tensor(found, dtype=torch.bool).reshape(logits.shape)


def _spread(draw: Draw, *shape: int) -> Tensor:
    """Draw logits among which all mistakes show: far from 0, near it, on both sides."""
    logits = draw.normal(*shape, scale=1.5)
    # Probabilities of 0.57, 0.38, 0.98 and 0.14, moved a little.
    logits.view(-1)[:4] = torch.tensor([0.3, -0.5, 4.0, -1.8]) + draw.uniform(4, high=0.05)
    return logits


def _one(draw: Draw) -> list[Case]:
    return [Case("two by two pixels", {"logits": _spread(draw, 2, 2)})]


def _shapes(draw: Draw) -> list[Case]:
    return [
        Case("a single row", {"logits": _spread(draw, 5)}),
        Case("a batch of one, one channel", {"logits": _spread(draw, 1, 1, 2, 3)}),
    ]


def _values(draw: Draw) -> list[Case]:
    return [
        *_one(draw),
        Case("a batch of two", {"logits": _spread(draw, 2, 1, 3, 4)}),
        # Nothing reaches 0.48 here: the mask is empty.
        Case(
            "a model that is sure of nothing", {"logits": draw.uniform(2, 4, low=-1.5, high=-0.1)}
        ),
    ]


def _thresholds(draw: Draw) -> list[Case]:
    """Ask for other thresholds, with the same logits each time."""
    logits = _spread(draw, 3, 4)
    return [
        Case(f"threshold {threshold}", {"logits": logits, "threshold": threshold})
        for threshold in (0.2, 0.35, 0.8, 0.95)
    ]


def _ties(draw: Draw) -> list[Case]:
    logits = _spread(draw, 2, 3)
    logits[1, 1] = 0.0
    return [Case("a logit of exactly 0", {"logits": logits})]


def _grows(cases: Sequence[Case], masks: Sequence[Tensor]) -> tuple[int, str] | None:
    for index in range(1, len(masks)):
        if (masks[index] & ~masks[index - 1]).any():
            lower, higher = (case.inputs["threshold"] for case in cases[index - 1 : index + 1])
            return index, f"a pixel is in the mask at {higher} that was not in it at {lower}"
    if masks and torch.equal(masks[0], masks[-1]):
        return len(masks) - 1, "the threshold changes nothing"
    return None


def _changed_in_place(logits: Tensor, threshold: float = 0.5) -> Tensor:
    return logits.sigmoid_() >= threshold


EXERCISE = Exercise(
    name="first-mask",
    title="Your first mask",
    notebook="00",
    minutes=5,
    objective="You can turn a model's logits into a mask.",
    reference=first_mask,
    alternatives=(by_logit, one_by_one),
    requirements=(
        right_kind(_one, "the mask is a bool tensor"),
        right_shape(_shapes, "the mask has the shape of the logits, axes of length 1 included"),
        right_values(_values, "without a threshold, True where the probability is over 0.5"),
        right_values(
            _thresholds, "with a threshold, True where it is over that", 1, name="threshold"
        ),
        right_values(_ties, "a probability of exactly 0.5 is True", 1, name="tie"),
        holds("grows", "a higher threshold never adds a pixel", _thresholds, _grows),
        inputs_kept(_values, "the logits are not changed"),
    ),
    mutants=(
        Mutant(
            "tie-is-background",
            "> where >= is asked: a probability of exactly 0.5 is left out",
            lambda logits, threshold=0.5: torch.sigmoid(logits) > threshold,
        ),
        Mutant(
            "no-sigmoid",
            "logits compared with a probability, the sigmoid missing",
            lambda logits, threshold=0.5: logits >= threshold,
        ),
        Mutant(
            "no-threshold",
            "0.5 whatever threshold is given",
            lambda logits, threshold=0.5: torch.sigmoid(logits) >= 0.5,
        ),
        Mutant(
            "rounded",
            "rounding to 0 or 1, which knows no threshold and rounds a half down to 0",
            lambda logits, threshold=0.5: torch.sigmoid(logits).round().bool(),
        ),
        Mutant(
            "background",
            "the mask of everything else",
            lambda logits, threshold=0.5: torch.sigmoid(logits) < threshold,
        ),
        Mutant(
            "float",
            "a mask of 0.0 and 1.0 instead of False and True",
            lambda logits, threshold=0.5: (torch.sigmoid(logits) >= threshold).to(logits.dtype),
        ),
        Mutant(
            "sigmoid-twice",
            "a sigmoid of a sigmoid, which is never below 0.5",
            lambda logits, threshold=0.5: torch.sigmoid(torch.sigmoid(logits)) >= threshold,
        ),
        Mutant(
            "softmax",
            "a softmax over all pixels: they share one probability instead of having one each",
            lambda logits, threshold=0.5: (
                torch.softmax(logits.flatten(), 0).reshape(logits.shape) >= threshold
            ),
        ),
        Mutant(
            "share-of-the-highest",
            "probabilities measured against the picture's highest",
            lambda logits, threshold=0.5: (
                torch.sigmoid(logits) / torch.sigmoid(logits).max() >= threshold
            ),
        ),
        Mutant(
            "flat",
            "all pixels in one row, the shape lost",
            lambda logits, threshold=0.5: torch.sigmoid(logits).flatten() >= threshold,
        ),
        Mutant(
            "squeezed",
            "axes of length 1 dropped",
            lambda logits, threshold=0.5: torch.sigmoid(logits).squeeze() >= threshold,
        ),
        Mutant(
            "in-place",
            "sigmoid_ with its underscore, which overwrites the logits",
            _changed_in_place,
        ),
    ),
    hints=(
        "A logit is any real number; the sigmoid 1 / (1 + exp(-x)) makes it a probability.",
        "Comparing a tensor with a number compares every entry and gives a bool tensor of the same"
        " shape: no loop, no if.",
        "Two steps: torch.sigmoid, then a comparison with threshold that is True for equal numbers"
        " too.",
    ),
)
