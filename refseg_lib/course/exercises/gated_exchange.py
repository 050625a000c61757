"""Gated exchange between levels, paper 004 Eq. 5."""

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
from refseg_lib.fusion.gated import gate

Maps = Sequence[Tensor]


def _case(
    draw: Draw, name: str, levels: int, *size: int, dtype: torch.dtype = torch.float64
) -> Case:
    batch, _, height, width = size
    gates = (batch, 1, height, width)
    return Case(
        name,
        {
            "levels": [draw.normal(*size, dtype=dtype) for _ in range(levels)],
            "memory": [draw.uniform(*gates, dtype=dtype) for _ in range(levels)],
            "reset": [draw.uniform(*gates, dtype=dtype) for _ in range(levels)],
            "gamma": draw.uniform(levels, low=0.2, high=0.9, dtype=dtype),
        },
        ("levels", "memory", "reset", "gamma"),
    )


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "two levels, one channel, one cell", 2, 1, 1, 1, 1),
        _case(draw, "three levels, two channels, 2 × 3 cells", 3, 2, 2, 2, 3),
    ]


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32 maps", 2, 1, 2, 2, 2, dtype=torch.float32)]


def _closed(draw: Draw) -> list[Case]:
    """The same maps with every reset gate at 0."""
    case = _case(draw, "every reset gate at 0", 2, 1, 2, 2, 2)
    zeros = [torch.zeros_like(r) for r in case.inputs["reset"]]
    return [Case(case.name, {**case.inputs, "reset": zeros})]


def _unchanged(cases: Sequence[Case], values: Sequence[Maps]) -> tuple[int, str] | None:
    for index, (case, fused) in enumerate(zip(cases, values, strict=True)):
        for x, f in zip(case.inputs["levels"], fused, strict=True):
            if not torch.allclose(x, f):
                return index, "with its reset gate at 0 a level must come out as it went in"
    return None


def by_the_equation(levels: Maps, memory: Maps, reset: Maps, gamma: Tensor) -> list[Tensor]:
    """Eq. 5 term by term."""
    fused = []
    for i, x in enumerate(levels):
        messages = sum(gamma[j] * memory[j] * levels[j] for j in range(len(levels)) if j != i)
        controller = (1 - memory[i]) * x + messages
        fused.append(reset[i] * torch.tanh(controller) + (1 - reset[i]) * x)
    return fused


def by_einsum(levels: Maps, memory: Maps, reset: Maps, gamma: Tensor) -> list[Tensor]:
    """All levels at once: messages from everyone to everyone but oneself."""
    x, m, r = (torch.stack(list(maps)) for maps in (levels, memory, reset))
    others = 1 - torch.eye(len(x), dtype=x.dtype)
    sent = gamma[:, None, None, None, None] * m * x
    controller = (1 - m) * x + torch.einsum("ij,jbchw->ibchw", others, sent)
    return list(torch.lerp(x, torch.tanh(controller), r))


def _mutant(
    kept: bool = True,
    own: bool = False,
    weighted: bool = True,
    squash: bool = True,
    swapped: bool = False,
    rest: bool = True,
    receiver: bool = False,
    cut: bool = False,
) -> Callable[..., list[Tensor]]:
    def wrong(levels: Maps, memory: Maps, reset: Maps, gamma: Tensor) -> list[Tensor]:
        fused = []
        for i, x in enumerate(levels):
            controller = (1 - memory[i] if kept else memory[i]) * x
            for j in range(len(levels)):
                if j != i or own:
                    who = i if receiver else j
                    share = gamma[who] if weighted else 1.0
                    message = memory[who] * levels[j]
                    controller = controller + share * (message.detach() if cut else message)
            controller = torch.tanh(controller) if squash else controller
            r = 1 - reset[i] if swapped else reset[i]
            fused.append(r * controller + ((1 - r) * x if rest else 0))
        return fused

    return wrong


def _in_place(levels: Maps, memory: Maps, reset: Maps, gamma: Tensor) -> list[Tensor]:
    fused = by_the_equation(levels, memory, reset, gamma)
    for x, f in zip(levels, fused, strict=True):
        x.data.copy_(f)
    return fused


def _one_after_another(levels: Maps, memory: Maps, reset: Maps, gamma: Tensor) -> list[Tensor]:
    current = list(levels)
    for i in range(len(current)):
        current[i] = by_the_equation(current, memory, reset, gamma)[i]
    return current


EXERCISE = Exercise(
    name="gated-exchange",
    title="Gated exchange between levels",
    notebook="06",
    minutes=20,
    objective="You can let feature levels exchange messages through gates (Eq. 5).",
    reference=gate,
    alternatives=(by_the_equation, by_einsum),
    requirements=(
        right_kind(_types, "a list with one map per level, in the maps' own precision"),
        right_shape(_sizes, "every map keeps its shape (B, C, h, w)"),
        right_values(_sizes, "the numbers of Eq. 5", points=3),
        holds("closed", "a closed reset gate leaves its level as it was", _closed, _unchanged),
        inputs_kept(_sizes, "the maps that came in are not changed"),
        right_gradients(_sizes, "gradients reach maps, gates and gamma", points=2),
    ),
    mutants=(
        Mutant("kept-inverted", "keeping m of a level's own map instead of 1 - m", _mutant(False)),
        Mutant("own-message", "a level sending its message to itself too", _mutant(own=True)),
        Mutant("no-gamma", "messages without their weights gamma", _mutant(weighted=False)),
        Mutant("no-tanh", "the controller without its tanh", _mutant(squash=False)),
        Mutant("reset-inverted", "the reset gate the wrong way round", _mutant(swapped=True)),
        Mutant("no-rest", "the part (1 - r) X missing", _mutant(rest=False)),
        Mutant(
            "receiver-gate",
            "the receiver's gate and weight on every message",
            _mutant(receiver=True),
        ),
        Mutant("detached", "messages cut off from the gradient", _mutant(cut=True)),
        Mutant("in-place", "the result written over the maps that came in", _in_place),
        Mutant(
            "one-after-another",
            "levels updated one after another, later ones seeing earlier results",
            _one_after_another,
        ),
    ),
    hints=(
        "Two steps per level: first the controller G, then F mixes tanh(G) with the level itself.",
        "The sum in G runs over the other levels only; each message carries its sender's gate and"
        " its sender's gamma.",
        "Write the messages of level i as a loop over j != i, add (1 - m_i) X_i, and only then"
        " take tanh; compute all levels from the maps that came in.",
    ),
    replaces=True,
)
