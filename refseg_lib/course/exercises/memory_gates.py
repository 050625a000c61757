"""Where the gates come from: memory and reset gate of each level, paper 004 §3.3.

The paper says that the gates are maps of one channel, computed at each level on its own; how is
not printed. The library's choice, ``refseg_lib.fusion.gated.GatedFusion``, is taught here: one 3x3
convolution with two outputs per level, then a sigmoid. There it is part of a module, so the
function stands here.
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

Maps = Sequence[Tensor]
Gates = tuple[list[Tensor], list[Tensor]]


def memory_gates(levels: Maps, weights: Maps, biases: Maps) -> Gates:
    """Compute both gates of every level.

    Args:
        levels: L maps X^i, each (B, C, h, w).
        weights: L kernels, each (2, C, 3, 3): row 0 makes the memory gate, row 1 the reset gate.
        biases: L biases, each (2,).

    Returns:
        Memory gates m_i and reset gates r_i: two lists of L maps (B, 1, h, w) in [0, 1].
    """
    both = [
        torch.sigmoid(F.conv2d(x, weight, bias, padding=1))
        for x, weight, bias in zip(levels, weights, biases, strict=True)
    ]
    return [gates[:, :1] for gates in both], [gates[:, 1:] for gates in both]


def _case(
    draw: Draw, name: str, levels: int, *size: int, dtype: torch.dtype = torch.float64
) -> Case:
    inputs = {
        "levels": [draw.normal(*size, dtype=dtype) for _ in range(levels)],
        "weights": [draw.normal(2, size[1], 3, 3, dtype=dtype, scale=0.4) for _ in range(levels)],
        "biases": [draw.uniform(2, low=0.3, high=1.5, dtype=dtype) for _ in range(levels)],
    }
    return Case(name, inputs, ("levels", "weights", "biases"))


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32, two levels", 2, 1, 2, 2, 2, dtype=torch.float32)]


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one level, one channel, one cell", 1, 1, 1, 1, 1),
        _case(draw, "two levels, two channels, 2 × 3 cells", 2, 1, 2, 2, 3),
        _case(draw, "three levels, two pictures, 4 × 3 cells", 3, 2, 3, 4, 3),
    ]


def _strong(draw: Draw) -> list[Case]:
    """Maps so strong that only a squashing function keeps a gate between 0 and 1."""
    case = _case(draw, "maps with numbers near ±30", 2, 1, 2, 3, 3)
    return [Case(case.name, {**case.inputs, "levels": [30 * x for x in case.inputs["levels"]]})]


def _outside(cases: Sequence[Case], values: Sequence[Gates]) -> tuple[int, str] | None:
    for index, (memory, reset) in enumerate(values):
        numbers = torch.cat([gates.flatten() for gates in (*memory, *reset)])
        if not bool(((numbers >= 0) & (numbers <= 1)).all()):
            low, high = numbers.min().item(), numbers.max().item()
            return index, f"gates go from {low:.3g} to {high:.3g}, outside of [0, 1]"
        if not bool(((numbers < 0.2).any()) & ((numbers > 0.8).any())):
            return index, "maps this strong should close some gates and open others; none did"
    return None


def _raised(draw: Draw) -> list[Case]:
    case = _case(draw, "two levels", 2, 1, 2, 3, 3)
    higher = [bias + torch.tensor([0.7, -0.4], dtype=bias.dtype) for bias in case.inputs["biases"]]
    name = "biases of m higher by 0.7, of r lower by 0.4"
    return [case, Case(name, {**case.inputs, "biases": higher})]


def _moved_oddly(cases: Sequence[Case], values: Sequence[Gates]) -> tuple[int, str] | None:
    for name, step, before, after in zip("mr", (0.7, -0.4), values[0], values[1], strict=True):
        for one, other in zip(before, after, strict=True):
            moved = torch.logit(other) - torch.logit(one)
            if not torch.allclose(moved, torch.full_like(moved, step), atol=1e-6):
                return 1, f"before its sigmoid every cell of {name} should have moved by {step}"
    return None


def _shifted(draw: Draw) -> list[Case]:
    case = _case(draw, "one level, 6 × 6 cells", 1, 1, 2, 6, 6)
    moved = [x.roll((1, 2), (-2, -1)) for x in case.inputs["levels"]]
    return [case, Case("the same, moved one down and two right", {**case.inputs, "levels": moved})]


def _left_behind(cases: Sequence[Case], values: Sequence[Gates]) -> tuple[int, str] | None:
    for before, after in zip(values[0], values[1], strict=True):
        for one, other in zip(before, after, strict=True):
            # Cells with all their neighbours inside, before and after the move.
            if not torch.allclose(one[..., 1:4, 1:3], other[..., 2:5, 3:5]):
                return 1, "away from the border the gates should have moved along with the map"
    return None


def by_shifts(levels: Maps, weights: Maps, biases: Maps) -> Gates:
    """A convolution is nine shifted maps, each with its own weights."""
    memory, reset = [], []
    for x, weight, bias in zip(levels, weights, biases, strict=True):
        h, w = x.shape[-2:]
        padded = F.pad(x, (1, 1, 1, 1))
        score = bias[:, None, None].expand(len(x), -1, h, w)
        for i in range(3):
            for j in range(3):
                part = padded[..., i : i + h, j : j + w]
                score = score + torch.einsum("bchw,oc->bohw", part, weight[..., i, j])
        for row, gates in enumerate((memory, reset)):
            gates.append(1 / (1 + torch.exp(-score[:, row, None])))
    return memory, reset


def by_unfolding(levels: Maps, weights: Maps, biases: Maps) -> Gates:
    """Every cell's neighbourhood as one vector, times a matrix."""
    pairs = []
    for x, weight, bias in zip(levels, weights, biases, strict=True):
        around = F.unfold(x, kernel_size=3, padding=1)
        score = weight.flatten(1) @ around + bias[:, None]
        pairs.append(score.sigmoid().unflatten(-1, x.shape[-2:]).split(1, dim=1))
    return [m for m, _ in pairs], [r for _, r in pairs]


def _mutant(
    squash: Callable[[Tensor], Tensor] = torch.sigmoid,
    border: str | None = "constant",
    biased: bool = True,
    plus: float = 0.0,
    shared: bool = False,
    swapped: bool = False,
    flat: bool = False,
    cut: bool = False,
    kernel: Callable[[Tensor], Tensor] = lambda weight: weight,
) -> Callable[..., Gates]:
    def wrong(levels: Maps, weights: Maps, biases: Maps) -> Gates:
        first, second = [], []
        for i, x in enumerate(levels):
            weight, bias = weights[0 if shared else i], biases[0 if shared else i]
            x = x.detach() if cut else x
            x = x if border is None else F.pad(x, (1, 1, 1, 1), mode=border)
            gates = squash(F.conv2d(x, kernel(weight), bias + plus if biased else None))
            first.append(gates[:, 0] if flat else gates[:, :1])
            second.append(gates[:, 1] if flat else gates[:, 1:])
        return (second, first) if swapped else (first, second)

    return wrong


EXERCISE = Exercise(
    name="memory-gates",
    title="Two gates for every level",
    notebook="06",
    minutes=10,
    objective="You can compute gates from a feature map: a small convolution and a sigmoid.",
    reference=memory_gates,
    alternatives=(by_shifts, by_unfolding),
    requirements=(
        right_kind(_types, "two lists, memory then reset, with one map per level in each"),
        right_shape(_sizes, "every gate is (B, 1, h, w), as large as its level"),
        right_values(_sizes, "the sigmoid of a 3 × 3 convolution with its bias", points=3),
        holds("range", "gates lie in [0, 1], however strong the maps are", _strong, _outside),
        holds("bias", "a higher bias opens a gate at every cell alike", _raised, _moved_oddly),
        holds("move", "away from the border, gates move along with the map", _shifted,
              _left_behind),
        inputs_kept(_sizes, "maps, weights and biases are not changed"),
        right_gradients(_sizes, "gradients reach maps, weights and biases"),
    ),
    mutants=(
        Mutant("no-sigmoid", "the convolution without a sigmoid", _mutant(squash=lambda x: x)),
        Mutant("tanh", "a tanh, which goes from -1 to 1, instead of a sigmoid",
               _mutant(squash=torch.tanh)),
        Mutant("softmax", "a softmax that makes the two gates add up to 1",
               _mutant(squash=lambda x: x.softmax(1))),
        Mutant("clamped", "the scores cut off at 0 and 1 instead of a sigmoid",
               _mutant(squash=lambda x: x.clamp(0, 1))),
        Mutant("sigmoid-twice", "the sigmoid taken twice",
               _mutant(squash=lambda x: x.sigmoid().sigmoid())),
        Mutant("swapped", "memory and reset exchanged", _mutant(swapped=True)),
        Mutant("no-bias", "the bias forgotten", _mutant(biased=False)),
        Mutant("plus-one", "1 added to the bias, which already starts at 1", _mutant(plus=1.0)),
        Mutant("no-padding", "no padding: the gates lose a ring of cells", _mutant(border=None)),
        Mutant("edge-repeated", "the edge repeated outwards instead of zeros",
               _mutant(border="replicate")),
        Mutant("shared", "the first level's weights used at every level", _mutant(shared=True)),
        Mutant("middle-only", "a 1 × 1 convolution: only the middle of the kernel used",
               _mutant(kernel=lambda w: F.pad(w[..., 1:2, 1:2], (1, 1, 1, 1)))),
        Mutant("per-picture", "one gate for the whole picture: the scores averaged over the cells",
               _mutant(squash=lambda x: x.mean((2, 3), keepdim=True).expand_as(x).sigmoid())),
        Mutant("axis-lost", "gates of shape (B, h, w), without the axis of the channels",
               _mutant(flat=True)),
        Mutant("detached", "gates cut off from the gradient of the maps", _mutant(cut=True)),
    ),
    hints=(
        "Take one level first. torch.nn.functional has a conv2d that takes map, weight and bias;"
        " which padding keeps 3 × 3 from shrinking the map?",
        "The convolution gives two channels per level. Squash them, then take them apart: channel 0"
        " is the memory gate, channel 1 the reset gate, each still with an axis of length 1.",
        "A slice such as [:, :1] keeps the axis that an index such as [:, 0] drops. Collect the"
        " gates of all levels in two lists.",
    ),
)  # fmt: skip
