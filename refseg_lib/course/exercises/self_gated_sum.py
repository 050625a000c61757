"""The ablation "CMSA+Gated" of paper 004, Table 3: each level times its own memory gate, summed.

The paper (§4.3): "to generate memory gates and directly multiply by its own features without
interactions with features from other levels". ``refseg_lib.fusion.gated.SelfGatedFusion`` computes
it between its convolutions; as a function on its own it stands here.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

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

Maps = Sequence[Tensor]


def self_gated_sum(levels: Maps, memory: Maps) -> Tensor:
    """Add up the levels, each weighted by its gate.

    Args:
        levels: L maps X^i, each (B, C, h, w).
        memory: L gates m_i in [0, 1], each (B, 1, h, w).

    Returns:
        (B, C, h, w), the sum over i of m_i X^i.
    """
    total = memory[0] * levels[0]
    for m, x in zip(memory[1:], levels[1:], strict=True):
        total = total + m * x
    return total


def _case(
    draw: Draw, name: str, levels: int, *size: int, dtype: torch.dtype = torch.float64
) -> Case:
    gates = (size[0], 1, *size[2:])
    # Gates stay away from 0, 1/2 and 1, where some mistakes would not show.
    memory = [draw.uniform(*gates, low=0.05, high=0.45, dtype=dtype) for _ in range(levels)]
    inputs = {"levels": [draw.normal(*size, dtype=dtype) for _ in range(levels)], "memory": memory}
    return Case(name, inputs, ("levels", "memory"))


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32 maps", 2, 1, 2, 2, 2, dtype=torch.float32)]


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "two levels, one channel, one cell", 2, 1, 1, 1, 1),
        _case(draw, "three levels, two pictures, 2 × 3 cells", 3, 2, 2, 2, 3),
        _case(draw, "a single level", 1, 1, 2, 2, 2),
    ]


def _closed(draw: Draw) -> list[Case]:
    """The gate of level 1 at 0; then the same with other numbers in level 1."""
    case = _case(draw, "the second gate at 0", 3, 1, 2, 2, 2)
    x, m = list(case.inputs["levels"]), list(case.inputs["memory"])
    m[1] = torch.zeros_like(m[1])
    other = [x[0], draw.normal(*x[1].shape, scale=9.0), x[2]]
    return [
        Case(case.name, {"levels": x, "memory": m}),
        Case("the same with other numbers behind that gate", {"levels": other, "memory": m}),
    ]


def _heard(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    if not torch.allclose(values[0], values[1]):
        return 1, "its gate is 0 everywhere, yet what this level holds changes the result"
    return None


def _open(draw: Draw) -> list[Case]:
    case = _case(draw, "every gate at 1", 3, 1, 2, 2, 2)
    ones = [torch.ones_like(m) for m in case.inputs["memory"]]
    return [Case(case.name, {**case.inputs, "memory": ones})]


def _held_back(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, (case, value) in enumerate(zip(cases, values, strict=True)):
        if not torch.allclose(value, torch.stack(list(case.inputs["levels"])).sum(0)):
            return index, "with all gates at 1 the plain sum of the levels must come out"
    return None


def by_stacking(levels: Maps, memory: Maps) -> Tensor:
    """All levels in one tensor."""
    return (torch.stack(list(levels)) * torch.stack(list(memory))).sum(dim=0)


def by_einsum(levels: Maps, memory: Maps) -> Tensor:
    """Name the axes."""
    gates = torch.stack([m[:, 0] for m in memory])
    return torch.einsum("lbchw,lbhw->bchw", torch.stack(list(levels)), gates)


def _mutant(
    weigh: Callable[[Tensor], Tensor] = lambda m: m,
    turn: int = 0,
    divide: Callable[[Tensor], Tensor | int] | None = None,
    then: Callable[[Tensor], Tensor] | None = None,
    cut: bool = False,
) -> Callable[..., Tensor]:
    def wrong(levels: Maps, memory: Maps) -> Tensor:
        x, m = torch.stack(list(levels)), torch.stack(list(memory)).roll(turn, 0)
        m = weigh(m.detach() if cut else m)
        total = (m * x).sum(0)
        total = total if divide is None else total / divide(m)
        return total if then is None else then(total)

    return wrong


def _last_only(levels: Maps, memory: Maps) -> Tensor:
    result = levels[0]
    for x, m in zip(levels, memory, strict=True):
        result = m * x
    return result


def _in_place(levels: Maps, memory: Maps) -> Tensor:
    result = self_gated_sum(levels, memory)
    for m, x in zip(memory, levels, strict=True):
        x.data.mul_(m.data)
    return result


EXERCISE = Exercise(
    name="self-gated-sum",
    title="A gate for every level, and no messages",
    notebook="06",
    minutes=5,
    objective="You can let every level of a network be weighted, cell by cell, by a gate.",
    reference=self_gated_sum,
    alternatives=(by_stacking, by_einsum),
    requirements=(
        right_kind(_types, "one tensor in the maps' own precision"),
        right_shape(_sizes, "one map (B, C, h, w) for all levels together"),
        right_values(_sizes, "the sum of m_i X_i over the levels", points=2),
        holds("closed", "what is behind a closed gate makes no difference", _closed, _heard),
        holds("open", "with all gates open it is the plain sum", _open, _held_back),
        inputs_kept(_sizes, "the maps and gates that came in are not changed"),
        right_gradients(_sizes, "gradients reach maps and gates"),
    ),
    mutants=(
        Mutant("plain-sum", "a plain sum without gates",
               lambda levels, memory: torch.stack(list(levels)).sum(0) + 0 * memory[0]),
        Mutant("inverted", "1 - m in the place of m", _mutant(weigh=lambda m: 1 - m)),
        Mutant("mean", "the mean over the levels instead of the sum", _mutant(divide=len)),
        Mutant("normalised", "gates made to add up to 1 over the levels",
               _mutant(divide=lambda m: m.sum(0))),
        Mutant("neighbour", "every level weighted by the gate of the level before it",
               _mutant(turn=1)),
        Mutant("hard", "gates rounded to 0 and 1 first",
               _mutant(weigh=lambda m: (m > 0.25).to(m.dtype) + 0 * m)),
        Mutant("sigmoid", "a sigmoid around the gates, which are gates already",
               _mutant(weigh=torch.sigmoid)),
        Mutant("tanh", "a tanh around the sum, which is part of Eq. 5 only",
               _mutant(then=torch.tanh)),
        Mutant("per-picture", "one weight for the whole map: the gate's mean over the cells",
               _mutant(weigh=lambda m: m.mean((-2, -1), keepdim=True))),
        Mutant("last-only", "the sum overwritten in every round: only the last level is left",
               _last_only),
        Mutant("detached", "gates cut off from the gradient", _mutant(cut=True)),
        Mutant("in-place", "the gated maps written over the maps that came in", _in_place),
    ),
    hints=(
        "Every level has its own gate: levels and memory are two lists of one length, read side by"
        " side.",
        "A gate (B, 1, h, w) times a map (B, C, h, w) needs no expand: the axis of length 1 fits"
        " every channel.",
        "zip the two lists, multiply, and add up; or stack either list along a new first axis and"
        " sum over that axis.",
    ),
)  # fmt: skip
