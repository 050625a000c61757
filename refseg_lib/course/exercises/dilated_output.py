"""What a stack of convolutions sees: output size, stride and receptive field.

Why DeepLab, and with it papers 000, 001, 002 and 004, stops striding at 8 and dilates instead.
"""

from collections.abc import Callable, Sequence

import torch

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import (
    holds,
    inputs_kept,
    right_kind,
    right_values,
    whole_numbers,
)

Layers = Sequence[Sequence[int]]
Sight = dict[str, int]
WHOLE = ("size", "stride", "field")


def dilated_output(size: int, layers: Layers) -> Sight:
    """Follow a row of pixels through a stack of convolutions.

    Args:
        size: Pixels in the row.
        layers: (kernel, stride, dilation) of each, first to last; kernels are odd, and every layer
            pads ``dilation * (kernel // 2)`` zeros on both sides, as all backbones here do.

    Returns:
        ``size``: cells of the result; ``stride``: pixels from one cell to the next; ``field``:
        pixels from the first to the last that a cell can see, both included, far from the borders.
    """
    stride, field = 1, 1
    for kernel, step, dilation in layers:
        reach = dilation * (kernel - 1)
        size = (size + 2 * dilation * (kernel // 2) - reach - 1) // step + 1
        field += reach * stride
        stride *= step
    return {"size": size, "stride": stride, "field": field}


def _case(name: str, size: int, *layers: tuple[int, int, int]) -> Case:
    return Case(name, {"size": size, "layers": [list(layer) for layer in layers]})


def _one(draw: Draw) -> list[Case]:
    return [
        _case("no layer at all, 4 pixels", 4),
        _case("one 3-wide layer, 5 pixels", 5, (3, 1, 1)),
        _case("one 3-wide layer with stride 2, 8 pixels", 8, (3, 2, 1)),
        _case("one 3-wide layer with stride 2, 7 pixels", 7, (3, 2, 1)),
        _case("one 3-wide layer with dilation 2, 7 pixels", 7, (3, 1, 2)),
        _case("one pixel, kernel 5 with dilation 3", 1, (5, 1, 3)),
    ]


def _stacks(draw: Draw) -> list[Case]:
    return [
        _case("two 3-wide layers, 9 pixels", 9, (3, 1, 1), (3, 1, 1)),
        _case("stride 2, then 3 wide, 10 pixels", 10, (3, 2, 1), (3, 1, 1)),
        _case("3 wide, then stride 2, 10 pixels", 10, (3, 1, 1), (3, 2, 1)),
        _case("stride 2, then dilation 2, 11 pixels", 11, (3, 2, 1), (3, 1, 2)),
        _random(draw, "four layers drawn at random", 4),
    ]


def _random(draw: Draw, name: str, count: int) -> Case:
    drawn = [
        (1 + 2 * draw.number(1, 3), draw.number(2, 3) if i % 2 else 1, draw.number(2, 4))
        for i in range(count)
    ]
    return _case(name, 2 * draw.number(30, 60) + 1, *drawn)


def _all(draw: Draw) -> list[Case]:
    return _one(draw) + _stacks(draw)


def _with_ones(draw: Draw) -> list[Case]:
    """A stack, and the same stack with 1-wide layers in between."""
    case = _random(draw, "a stack", 3)
    layers = [part for layer in case.inputs["layers"] for part in ([1, 1, 1], layer, [1, 1, 5])]
    return [case, Case("the same with 1-wide layers", {**case.inputs, "layers": layers})]


def _traded(draw: Draw) -> list[Case]:
    """The last stage of a backbone: with stride, and with dilation in its place."""
    size, stem = 32 * draw.number(4, 9), [[3, 2, 1]] * 3
    strided = [*stem, [3, 2, 1], [3, 1, 1], [3, 2, 1], [3, 1, 1]]
    dilated = [*stem, [3, 1, 1], [3, 1, 2], [3, 1, 2], [3, 1, 4]]
    return [
        Case("stride 32", {"size": size, "layers": strided}),
        Case("stride 8 and dilation", {"size": size, "layers": dilated}),
    ]


def _nothing(cases: Sequence[Case], values: Sequence[Sight]) -> tuple[int, str] | None:
    if values[0] != values[1]:
        return 1, f"a 1-wide layer sees its own cell only: expected {values[0]}, got {values[1]}"
    return None


def _sees_as_far(cases: Sequence[Case], values: Sequence[Sight]) -> tuple[int, str] | None:
    wide, fine = values
    if fine["field"] != wide["field"]:
        said = f"{wide['field']} pixels with stride and {fine['field']} with dilation"
        return 1, f"dilation in the place of stride must see just as far, got {said}"
    if fine["size"] != 4 * wide["size"]:
        return 1, "at stride 8 there are four times as many cells in a row as at stride 32"
    return None


def backwards(size: int, layers: Layers) -> Sight:
    """Ask from the last layer to the first what one cell needs, and what two neighbours do."""
    field = step = 1
    for kernel, stride, dilation in reversed(layers):
        field = (field - 1) * stride + dilation * (kernel - 1) + 1
        step *= stride
    for _, stride, _ in layers:
        size = -(-size // stride)
    return {"size": size, "stride": step, "field": field}


def by_experiment(size: int, layers: Layers) -> Sight:
    """Run the convolutions with all weights 1 and look at which pixels move a cell."""

    def run(row: torch.Tensor) -> torch.Tensor:
        for kernel, stride, dilation in layers:
            weight = torch.ones(1, 1, kernel, dtype=row.dtype)
            padding = dilation * (kernel // 2)
            row = torch.nn.functional.conv1d(row, weight, None, stride, padding, dilation)
        return row

    with torch.enable_grad():
        long = torch.zeros(1, 1, 8191, dtype=torch.float64, requires_grad=True)
        cells = run(long)[0, 0]
        seen = []
        for cell in (len(cells) // 2, len(cells) // 2 + 1):
            (moved,) = torch.autograd.grad(cells[cell], long, retain_graph=True)
            places = moved[0, 0].nonzero()
            seen.append((int(places.min()), int(places.max())))
    (first, last), (following, _) = seen
    count = run(torch.zeros(1, 1, size)).shape[-1]
    return {"size": count, "stride": following - first, "field": last - first + 1}


def _mutant(
    cells: Callable[[int, int, int, int], int] = lambda n, k, s, d: -(-n // s),
    reach: Callable[[int, int], int] = lambda k, d: d * (k - 1),
    jump: Callable[[int, int], int] = lambda before, s: before,
    grow: Callable[[int, int], int] = lambda stride, s: stride * s,
    start: int = 1,
) -> Callable[..., Sight]:
    def wrong(size: int, layers: Layers) -> Sight:
        stride, field = 1, start
        for k, s, d in layers:
            size = cells(size, k, s, d)
            field += reach(k, d) * jump(stride, s)
            stride = grow(stride, s)
        return {"size": size, "stride": stride, "field": field}

    return wrong


def _emptied(size: int, layers: list[Sequence[int]]) -> Sight:
    sight = dilated_output(size, layers)
    layers.clear()
    return sight


EXERCISE = Exercise(
    name="dilated-output",
    title="How far a stack of convolutions sees",
    notebook="03",
    minutes=10,
    objective="You can work out size, stride and receptive field of a stack of convolutions.",
    reference=dilated_output,
    alternatives=(backwards, by_experiment),
    requirements=(
        right_kind(_one, "a dictionary with size, stride and field"),
        whole_numbers(_one, WHOLE, "all three are whole numbers (int)"),
        right_values(_one, "one layer", points=2),
        right_values(_stacks, "stacks of layers", points=2, name="stacks"),
        holds("ones", "1-wide layers change nothing", _with_ones, _nothing),
        holds("traded", "dilation sees as far as stride, with more cells", _traded, _sees_as_far),
        inputs_kept(_all, "the list of layers is not changed"),
    ),
    mutants=(
        Mutant(
            "no-padding",
            "a size without padding",
            _mutant(lambda n, k, s, d: (n - d * (k - 1) - 1) // s + 1),
        ),
        Mutant(
            "undilated-padding",
            "padding by kernel // 2 whatever the dilation",
            _mutant(lambda n, k, s, d: (n + 2 * (k // 2) - d * (k - 1) - 1) // s + 1),
        ),
        Mutant(
            "rounded-down",
            "a size rounded down: the last pixels get no cell",
            _mutant(lambda n, k, s, d: n // s),
        ),
        Mutant(
            "steps-forgotten",
            "steps of one pixel in every layer: strides before it forgotten",
            _mutant(jump=lambda before, s: 1),
        ),
        Mutant(
            "own-stride",
            "a layer's own stride already counted in its own field",
            _mutant(jump=lambda before, s: before * s),
        ),
        Mutant("undilated", "a field that forgets the dilation", _mutant(reach=lambda k, d: k - 1)),
        Mutant(
            "wide-kernel",
            "a kernel d·k wide; only the gaps between its taps count",
            _mutant(reach=lambda k, d: d * k - 1),
        ),
        Mutant(
            "whole-kernel",
            "adding the whole kernel, its own pixel included",
            _mutant(reach=lambda k, d: d * (k - 1) + 1),
        ),
        Mutant("nothing-seen", "a field that starts at 0 instead of 1", _mutant(start=0)),
        Mutant(
            "added-strides",
            "strides added instead of multiplied",
            _mutant(grow=lambda stride, s: stride + s - 1),
        ),
        Mutant("emptied", "the list of layers emptied on the way", _emptied),
    ),
    hints=(
        "Keep three numbers and go through the layers in order. Before the first one a cell is a"
        " pixel: it sees one pixel, and the next cell is one pixel away.",
        "A kernel of k taps spread by d reaches over d·(k - 1) steps. With the padding given, a row"
        " of n becomes as long as n / stride rounded up.",
        "A step of a layer is as long as the strides of all layers before it, multiplied. So add"
        " d·(k - 1) such steps to the field first, and multiply the stride afterwards.",
    ),
)
