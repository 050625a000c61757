"""Binary cross-entropy plus Dice, from logits.

Paper 004 Eq. 7 (printed without its minus) and, for Dice, paper 000 §3.5; both as means, see
:mod:`refseg_lib.training.losses`.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import (
    holds,
    inputs_kept,
    right_gradients,
    right_kind,
    right_shape,
    right_values,
)
from refseg_lib.training.losses import cross_entropy, dice


def segmentation_loss(logits: Tensor, mask: Tensor, foreground: float) -> Tensor:
    """Blame logits for a mask: weighted cross-entropy plus Dice.

    Args:
        logits: (B, 1, H, W).
        mask: (B, 1, H, W), 0 or 1.
        foreground: Weight in the cross-entropy of the pixels of the thing meant; others weigh 1.

    Returns:
        A scalar.
    """
    return cross_entropy(logits, mask, foreground) + dice(logits, mask)


def _case(
    draw: Draw,
    name: str,
    size: tuple[int, int, int],
    foreground: float = 1.0,
    *,
    sure: float = 0.0,
    share: float = 0.5,
    dtype: torch.dtype = torch.float64,
) -> Case:
    """Draw logits from N(0, 2²), or of size ``sure`` and more with a sign that may be wrong."""
    batch, height, width = size
    shape = (batch, 1, height, width)
    mask = draw.chance(*shape, share=share)
    if 0 < share < 1 and mask[0].numel() > 1:
        # Of every size something and something else: no draw is an empty or a full mask.
        mask[:, 0, 0, 0], mask[:, 0, -1, -1] = True, False
    logits = draw.normal(*shape, dtype=dtype, scale=2.0)
    if sure:
        logits = logits.sign() * draw.uniform(*shape, low=sure, high=3 * sure, dtype=dtype)
        # One sure mistake of each kind.
        logits[:, 0, 0, 0], logits[:, 0, -1, -1] = -sure * 1.5, sure * 1.25
    return Case(
        name, {"logits": logits, "mask": mask.to(dtype), "foreground": foreground}, ("logits",)
    )


def _types(draw: Draw) -> list[Case]:
    return [
        _case(draw, "float32 logits", (1, 2, 2), dtype=_SINGLE),
        _case(draw, "float64 logits", (1, 2, 2)),
    ]


# In single precision: an epsilon in a logarithm moves these by less than rounding does, and is
# found where it matters, at very sure logits.
_SINGLE = torch.float32


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one sentence, two pixels", (1, 1, 2), dtype=_SINGLE),
        _case(draw, "two sentences, 2 × 3 pixels", (2, 2, 3), dtype=_SINGLE),
    ]


def _heavy(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one sentence, two pixels, foreground weighs 3", (1, 1, 2), 3.0, dtype=_SINGLE),
        _case(draw, "three sentences, foreground weighs 2.5", (3, 2, 2), 2.5, dtype=_SINGLE),
    ]


def _sure(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one sentence, two pixels, both surely wrong", (1, 1, 2), sure=100.0),
        _case(draw, "logits of ±100 and more, foreground weighs 2", (2, 2, 3), 2.0, sure=100.0),
    ]


def _empty(draw: Draw) -> list[Case]:
    case = _case(draw, "an empty mask, and logits that surely say nothing", (1, 2, 2), share=0.0)
    surely = {**case.inputs, "logits": -60 - case.inputs["logits"].abs()}
    return [
        _case(draw, "an empty mask", (1, 2, 2), share=0.0),
        Case(case.name, surely, case.gradient_of),
    ]


def _one_by_one(draw: Draw) -> list[Case]:
    """A batch, then each of its sentences alone; their things differ in size."""
    batch = _case(draw, "a batch of three", (3, 3, 3), 2.0, share=0.3)
    mask = batch.inputs["mask"]
    mask[0] = 0
    mask[1] = 1
    return [batch] + [
        Case(
            f"sentence {b} of it alone",
            {
                "logits": batch.inputs["logits"][b : b + 1],
                "mask": mask[b : b + 1],
                "foreground": 2.0,
            },
        )
        for b in range(3)
    ]


def _no_mean(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    together, alone = values[0], torch.stack(list(values[1:])).mean()
    if not torch.allclose(together, alone, 1e-8, 1e-10):
        return 0, (
            f"the batch costs {float(together):.4g}, its sentences one by one"
            f" {float(alone):.4g} on average: each must count alike, whatever its size"
        )
    return None


def with_pos_weight(logits: Tensor, mask: Tensor, foreground: float) -> Tensor:
    """Use PyTorch's own weight, and Dice of (B, H W) rows."""
    weight = torch.tensor(foreground, dtype=logits.dtype)
    entropy = F.binary_cross_entropy_with_logits(logits, mask, pos_weight=weight)
    p, m = logits.sigmoid().flatten(1), mask.flatten(1)
    overlap = (2 * (p * m).sum(-1) + 1) / ((p + m).sum(-1) + 1)
    return entropy + (1 - overlap).mean()


def by_softplus(logits: Tensor, mask: Tensor, foreground: float) -> Tensor:
    """-log p = softplus(-x), -log(1 - p) = softplus(x); one sentence after the other."""
    costs = []
    for x, m in zip(logits, mask, strict=True):
        entropy = foreground * m * F.softplus(-x, threshold=1e4)
        entropy = entropy + (1 - m) * F.softplus(x, threshold=1e4)
        p = torch.sigmoid(x)
        overlap = (2 * (p * m).sum() + 1) / (p.sum() + m.sum() + 1)
        costs.append(entropy.mean() + 1 - overlap)
    return torch.stack(costs).mean()


Part = Callable[[Tensor, Tensor, float], Tensor]


def _logarithms(least: float) -> Part:
    """Make the cross-entropy of probabilities kept ``least`` away from 0 and 1."""

    def entropy(logits: Tensor, mask: Tensor, foreground: float) -> Tensor:
        p = logits.sigmoid().clamp(least, 1 - least)
        return -(foreground * mask * p.log() + (1 - mask) * (1 - p).log()).mean()

    return entropy


def _no_dice(logits: Tensor, mask: Tensor, foreground: float) -> Tensor:
    return cross_entropy(logits, mask, foreground)


def _normalised(logits: Tensor, mask: Tensor, foreground: float) -> Tensor:
    weight = torch.where(mask > 0.5, foreground, 1.0)
    return cross_entropy(logits, mask, foreground) * weight.numel() / weight.sum()


def _mutant(
    entropy: Part = _no_dice,
    smooth: float = 1.0,
    factor: float = 2.0,
    over_batch: bool = False,
    of_logits: bool = False,
    hard: bool = False,
    rewarded: bool = False,
) -> Part:
    def wrong(logits: Tensor, mask: Tensor, foreground: float) -> Tensor:
        p = logits if of_logits else logits.sigmoid()
        p = (p > 0.5).to(p) if hard else p
        p, m = (x.flatten(0 if over_batch else 1) for x in (p, mask))
        overlap = (factor * (p * m).sum(-1) + smooth) / (p.sum(-1) + m.sum(-1) + smooth)
        return entropy(logits, mask, foreground) + (overlap if rewarded else 1 - overlap).mean()

    return wrong


EXERCISE = Exercise(
    name="segmentation-loss",
    title="What a mask is blamed for",
    notebook="04",
    minutes=15,
    objective="You can write cross-entropy and Dice so that they survive very sure logits.",
    reference=segmentation_loss,
    alternatives=(with_pos_weight, by_softplus),
    requirements=(
        right_kind(_types, "one tensor in the precision of the logits"),
        right_shape(_sizes, "a scalar"),
        right_values(_sizes, "cross-entropy plus Dice, all pixels weighing 1", points=2),
        right_values(_heavy, "the foreground's weight counts where it should", name="weight"),
        right_values(_sure, "logits of ±100 and more give the right, finite number", name="sure"),
        right_values(_empty, "an empty mask gives the right, finite number", name="empty"),
        holds("mean", "a batch costs the mean of its sentences", _one_by_one, _no_mean),
        inputs_kept(_sizes, "logits and mask are not changed"),
        right_gradients(_sure, "gradients reach very sure logits too"),
    ),
    mutants=(
        Mutant("no-dice", "cross-entropy alone", _no_dice),
        Mutant("log-of-sigmoid", "the logarithm of a sigmoid, infinite for a sure mistake",
               _mutant(_logarithms(0.0))),
        Mutant("clamped", "a clamped probability, which forgives what is very wrong",
               _mutant(_logarithms(1e-7))),
        Mutant("sigmoid-twice", "a sigmoid before a loss that takes logits",
               _mutant(lambda x, m, w: cross_entropy(x.sigmoid(), m, w))),
        Mutant("all-weighted", "the foreground's weight on every pixel",
               _mutant(lambda x, m, w: w * cross_entropy(x, m))),
        Mutant("divided-by-weights", "a mean divided by the sum of the weights",
               _mutant(_normalised)),
        Mutant("summed", "pixels summed instead of averaged",
               _mutant(lambda x, m, w: cross_entropy(x, m, w) * m.numel())),
        Mutant("dice-over-batch", "one Dice over the whole batch, where large things drown small",
               _mutant(over_batch=True)),
        Mutant("no-smoothing", "Dice without its + 1 above and below", _mutant(smooth=0.0)),
        Mutant("no-two", "Dice without its factor 2", _mutant(factor=1.0)),
        Mutant("dice-of-logits", "Dice of logits instead of probabilities",
               _mutant(of_logits=True)),
        Mutant("hard-dice", "Dice of the mask after the threshold, which has no gradient",
               _mutant(hard=True)),
        Mutant("overlap-added", "the overlap added instead of one minus the overlap",
               _mutant(rewarded=True)),
    ),
    hints=(
        "Two numbers, added. The cross-entropy is a mean over all pixels of the batch; Dice is"
        " computed for each sentence by itself and averaged then.",
        "Never take the logarithm of a sigmoid yourself: torch.nn.functional has a binary"
        " cross-entropy that takes logits, and can leave the mean to you (reduction) or weigh the"
        " positive class for you.",
        "For Dice, turn logits into probabilities, flatten everything but the batch, and sum along"
        " the last axis: shared = Σ p m, total = Σ p + Σ m, then 1 - (2 shared + 1)/(total + 1).",
    ),
)  # fmt: skip
