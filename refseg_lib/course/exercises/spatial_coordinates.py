"""The 8-D spatial coordinate of every cell: papers 000, 001 and 004 §3.1, 002 §3.2.1.

The papers name the numbers; their order and the size of a cell are those of the code that all of
them build on. A second order, as the text of 004 has it, is the library's alone.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import holds, right_kind, right_shape, right_values
from refseg_lib.vision.spatial import spatial_coordinates


def _case(height: int, width: int, name: str = "") -> Case:
    rows, columns = ("row" if height == 1 else "rows"), ("column" if width == 1 else "columns")
    said = name or f"{height} {rows}, {width} {columns}"
    return Case(said, {"height": height, "width": width})


def _hand(draw: Draw) -> list[Case]:
    return [_case(1, 1), _case(1, 2), _case(2, 1), _case(2, 3)]


def _larger(draw: Draw) -> list[Case]:
    return [_case(draw.number(3, 6), draw.number(7, 11), "a wide grid"), _case(40, 40)]


def _all(draw: Draw) -> list[Case]:
    return _hand(draw) + _larger(draw)


def _edges(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, grid in enumerate(values):
        for low, high, along, word in ((0, 2, grid.mT, "column"), (1, 3, grid, "row")):
            starts, stops = along[low], along[high]
            if not torch.allclose(starts[1:], stops[:-1], atol=1e-6):
                return index, f"where one {word} stops the next one must start"
            ends = torch.stack([starts[0], stops[-1]])
            if not torch.allclose(ends.mean(1), torch.tensor([-1.0, 1.0]), atol=1e-6):
                return index, f"the first {word} must start at -1 and the last one stop at 1"
    return None


def _mirror(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, grid in enumerate(values):
        if not torch.allclose(grid.flip(2)[0], -grid[2], atol=1e-6):
            return index, "in a mirror, x_min of every cell must become minus x_max"
        if not torch.allclose(grid.flip(1)[1], -grid[3], atol=1e-6):
            return index, "upside down, y_min of every cell must become minus y_max"
    return None


def cell_by_cell(height: int, width: int, device: Any = None, dtype: Any = torch.float32) -> Tensor:
    """Write every number of every cell down."""
    grid = torch.empty(8, height, width, device=device, dtype=dtype)
    for row in range(height):
        for column in range(width):
            x = [2 * column / width - 1, 2 * (column + 1) / width - 1, (2 * column + 1) / width - 1]
            y = [2 * row / height - 1, 2 * (row + 1) / height - 1, (2 * row + 1) / height - 1]
            cell = [number for pair in zip(x, y, strict=True) for number in pair]
            grid[:, row, column] = torch.tensor([*cell, 1 / width, 1 / height])
    return grid


def by_linspace(height: int, width: int, device: Any = None, dtype: Any = torch.float32) -> Tensor:
    """Cut [-1, 1] at equal distances and spread the pieces with meshgrid."""
    made = {"device": device, "dtype": dtype}
    cuts = [torch.linspace(-1, 1, n + 1, **made) for n in (height, width)]
    numbers = []
    for pick in (lambda c: c[:-1], lambda c: c[1:], lambda c: (c[:-1] + c[1:]) / 2):
        y, x = torch.meshgrid(*map(pick, cuts), indexing="ij")
        numbers += [x, y]
    numbers += [torch.full((height, width), 1 / n, **made) for n in (width, height)]
    return torch.stack(numbers)


def _mutant(change: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """Spoil the right answer."""

    def wrong(height: int, width: int, device: Any = None, dtype: Any = torch.float32) -> Tensor:
        return change(spatial_coordinates(height, width, device=device, dtype=dtype))

    return wrong


def _places_only(change: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda grid: torch.cat([change(grid[:6]), grid[6:]])


def _sizes_only(change: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda grid: torch.cat([grid[:6], change(grid[6:])])


def _corners(grid: Tensor) -> Tensor:
    """Let the last cell start at 1, as ``linspace(-1, 1, W)`` does."""
    height, width = grid.shape[1:]
    x, y = (torch.linspace(-1, 1, n, device=grid.device, dtype=grid.dtype) for n in (width, height))
    moved = torch.stack([x.expand(height, width), y[:, None].expand(height, width)]) - grid[:2]
    return torch.cat([grid[:6] + moved.repeat(3, 1, 1), grid[6:]])


def _early_centres(grid: Tensor) -> Tensor:
    """Take half of 1/W for half of a cell; a cell is 2/W wide."""
    return torch.stack([*grid[:4], *(grid[:2] + grid[6:] / 2), *grid[6:]])


EXERCISE = Exercise(
    name="spatial-coordinates",
    title="Eight numbers that say where a cell is",
    notebook="03",
    minutes=10,
    objective="You can give every cell of a grid the 8-D spatial coordinate of the papers.",
    reference=spatial_coordinates,
    alternatives=(cell_by_cell, by_linspace),
    requirements=(
        right_kind(_all, "a float32 tensor, unless another dtype is asked for"),
        right_shape(_all, "eight numbers first, then rows, then columns: (8, height, width)"),
        right_values(_hand, "the numbers of grids that fit on paper", points=2),
        right_values(_larger, "the numbers of larger grids", points=1, name="larger"),
        holds("edges", "cells touch, and together they reach from -1 to 1", _all, _edges),
        holds("mirror", "mirroring the grid changes signs and nothing else", _all, _mirror),
    ),
    mutants=(
        Mutant("swapped", "x and y swapped", _mutant(lambda g: g[[1, 0, 3, 2, 5, 4, 6, 7]])),
        Mutant(
            "swapped-to-the-end",
            "x and y swapped, 1/W and 1/H too",
            _mutant(lambda g: g[[1, 0, 3, 2, 5, 4, 7, 6]]),
        ),
        Mutant(
            "transposed",
            "rows and columns of the grid itself swapped",
            _mutant(lambda g: g.mT),
        ),
        Mutant(
            "zero-to-one",
            "places from 0 to 1 instead of -1 to 1",
            _mutant(_places_only(lambda places: (places + 1) / 2)),
        ),
        Mutant(
            "corner-to-corner",
            "linspace(-1, 1, W) for x_min: the last cell would start at 1",
            _mutant(_corners),
        ),
        Mutant(
            "y-upwards",
            "y growing upwards; rows of a picture count down",
            _mutant(lambda g: torch.cat([g[:1], -g[1:2], g[2:3], -g[3:4], g[4:5], -g[5:6], g[6:]])),
        ),
        Mutant(
            "cell-of-two",
            "2/W and 2/H in the last two places",
            _mutant(_sizes_only(lambda sizes: 2 * sizes)),
        ),
        Mutant(
            "image-size",
            "W and H themselves in the last two places",
            _mutant(_sizes_only(lambda sizes: 1 / sizes)),
        ),
        Mutant(
            "sizes-swapped", "1/H before 1/W", _mutant(_sizes_only(lambda sizes: sizes.flip(0)))
        ),
        Mutant(
            "early-centre",
            "the centre a quarter into the cell, which is 2/W wide",
            _mutant(_early_centres),
        ),
        Mutant(
            "channels-last",
            "the eight numbers in the last axis, not the first",
            _mutant(lambda g: g.permute(1, 2, 0)),
        ),
        Mutant(
            "grouped",
            "x, x, x, y, y, y as in the text of paper 004, not x, y, x, y, x, y",
            _mutant(lambda g: g[[0, 2, 4, 1, 3, 5, 6, 7]]),
        ),
        Mutant("double", "float64, as NumPy makes it", _mutant(lambda g: g.double())),
    ),
    hints=(
        "Start with one axis: W cells share [-1, 1], so each is 2/W wide. Where does cell 0 start,"
        " and where does cell w?",
        "x_min depends on the column alone and is the same in all rows: make it once as a vector,"
        " then expand it; y_min the same for the rows. x_max is x_min plus one cell.",
        "Make eight (height, width) maps in the order x_min, y_min, x_max, y_max, x_c, y_c, 1/W,"
        " 1/H and stack them on a new first axis; the last two are the same number everywhere.",
    ),
    replaces=True,
)
