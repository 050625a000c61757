"""Maps of different sizes on one grid, as every fusion of levels needs it (paper 004 §3.3).

The reference is the library's own, ``refseg_lib.fusion.levels.same_size``. The trained models call
it too, but their backbone is dilated: their levels have one size, and even a wrong answer would
leave them as they are. So it is not offered for plugging in.
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
from refseg_lib.fusion.levels import same_size

Maps = Sequence[Tensor]
Size = tuple[int, int]


def _case(draw: Draw, name: str, *sizes: Size, batch: int = 1, dtype: torch.dtype = torch.float64):
    levels = [draw.normal(batch, 2, *size, dtype=dtype) for size in sizes]
    return Case(name, {"levels": levels}, ("levels",))


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32, 2 × 2 and 1 × 1 cells", (2, 2), (1, 1), dtype=torch.float32)]


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "1 × 4 and 1 × 2 cells", (1, 4), (1, 2)),
        _case(draw, "the finest last: 2 × 3, then 4 × 6 cells", (2, 3), (4, 6)),
        _case(draw, "the finest in the middle, two pictures", (3, 2), (6, 4), (2, 2), batch=2),
        _case(draw, "three times as fine: 6 × 9 and 2 × 3 cells", (6, 9), (2, 3)),
        _case(draw, "all of one size", (2, 3), (2, 3)),
    ]


def _even(draw: Draw) -> list[Case]:
    """A map that is the same everywhere, beside a finer one."""
    case = _case(draw, "a coarse map with one number everywhere", (5, 4), (2, 2))
    fine, coarse = case.inputs["levels"]
    return [Case(case.name, {"levels": [fine, coarse[..., :1, :1].expand_as(coarse).clone()]})]


def _uneven(cases: Sequence[Case], values: Sequence[Maps]) -> tuple[int, str] | None:
    for index, (case, maps) in enumerate(zip(cases, values, strict=True)):
        fine, coarse = case.inputs["levels"]
        if not torch.allclose(maps[1], coarse[..., :1, :1].expand_as(maps[1])):
            return index, "the enlarged map is no longer the same everywhere"
        if not torch.allclose(maps[0], fine):
            return index, "the finest map itself was changed"
    return None


def _mirrored(draw: Draw) -> list[Case]:
    case = _case(draw, "a map of 2 × 3 cells to 4 × 6", (4, 6), (2, 3))
    flipped = [x.flip(-1) for x in case.inputs["levels"]]
    return [case, Case("the same, left and right exchanged", {"levels": flipped})]


def _lopsided(cases: Sequence[Case], values: Sequence[Maps]) -> tuple[int, str] | None:
    if not torch.allclose(values[0][1], values[1][1].flip(-1)):
        return 1, "a mirrored map does not come out mirrored: its cells were moved to one side"
    return None


def _finest(levels: Maps) -> Size:
    height, width = max((tuple(x.shape[-2:]) for x in levels), key=lambda s: s[0] * s[1])
    return height, width


def _shares(fine: int, coarse: int, like: Tensor) -> Tensor:
    """How much each coarse cell counts in each fine one, (fine, coarse), along one axis."""
    place = (torch.arange(fine, dtype=like.dtype) + 0.5) * coarse / fine - 0.5
    place = place.clamp(0, coarse - 1)
    apart = (place[:, None] - torch.arange(coarse, dtype=like.dtype)).abs()
    return (1 - apart).clamp(min=0)


def by_shares(levels: Maps) -> list[Tensor]:
    """Two small matrices per map: one mixes its rows, the other its columns."""
    h, w = _finest(levels)
    return [
        torch.einsum("yi,bcij,xj->bcyx", _shares(h, x.shape[-2], x), x, _shares(w, x.shape[-1], x))
        for x in levels
    ]


def by_sampling(levels: Maps) -> list[Tensor]:
    """Every map asked at the centres of the fine cells."""
    h, w = _finest(levels)
    sampled = []
    for x in levels:
        still = torch.eye(2, 3, dtype=x.dtype)[None].expand(len(x), -1, -1)
        grid = F.affine_grid(still, [len(x), 1, h, w], align_corners=False)
        sampled.append(F.grid_sample(x, grid, padding_mode="border", align_corners=False))
    return sampled


def _resized(pick: Callable[[Maps], Size], mode: str = "bilinear", cut: bool = False, **more: bool):
    def wrong(levels: Maps) -> list[Tensor]:
        size = pick(levels)
        maps = [x.detach() if cut else x for x in levels]
        return [
            x if x.shape[-2:] == size else F.interpolate(x, size=size, mode=mode, **more)
            for x in maps
        ]

    return wrong


def _coarsest(levels: Maps) -> Size:
    height, width = min((tuple(x.shape[-2:]) for x in levels), key=lambda s: s[0] * s[1])
    return height, width


def _square(levels: Maps) -> Size:
    longer = max(_finest(levels))
    return longer, longer


def _twice(levels: Maps) -> list[Tensor]:
    size = _finest(levels)
    return [x if x.shape[-2:] == size else F.interpolate(x, scale_factor=2, mode="bilinear")
            for x in levels]  # fmt: skip


def _reshaped(levels: Maps) -> list[Tensor]:
    """As many numbers as needed, whatever cell they come from."""
    h, w = _finest(levels)
    return [
        x.flatten(2).repeat(1, 1, -(-h * w // x[0, 0].numel()))[..., : h * w].unflatten(2, (h, w))
        for x in levels
    ]


def _padded(levels: Maps) -> list[Tensor]:
    h, w = _finest(levels)
    return [F.pad(x, (0, w - x.shape[-1], 0, h - x.shape[-2])) for x in levels]


EXERCISE = Exercise(
    name="same-grid",
    title="Maps of different sizes on one grid",
    notebook="06",
    minutes=6,
    objective="You can bring the maps of several levels onto the finest grid among them.",
    reference=same_size,
    alternatives=(by_shares, by_sampling),
    requirements=(
        right_kind(_types, "a list with one map per level, in the maps' own precision"),
        right_shape(_sizes, "every map has the height and width of the finest one"),
        right_values(_sizes, "the numbers of a bilinear enlargement", points=2),
        holds("even", "a map with one number everywhere keeps it, and the finest map stays",
              _even, _uneven),
        holds("mirror", "a mirrored map comes out mirrored", _mirrored, _lopsided),
        inputs_kept(_sizes, "the maps that came in are not changed"),
        right_gradients(_sizes, "gradients reach the maps of every level"),
    ),
    mutants=(
        Mutant("nearest", "the nearest cell copied instead of a bilinear mix",
               _resized(_finest, "nearest")),
        Mutant("corners", "align_corners=True: centres of the corner cells laid on one another",
               _resized(_finest, align_corners=True)),
        Mutant("bicubic", "bicubic enlargement, which overshoots", _resized(_finest, "bicubic")),
        Mutant("coarsest", "everything reduced to the coarsest grid", _resized(_coarsest)),
        Mutant("first", "everything brought to the first level's grid",
               _resized(lambda levels: (levels[0].shape[-2], levels[0].shape[-1]))),
        Mutant("last", "everything brought to the last level's grid",
               _resized(lambda levels: (levels[-1].shape[-2], levels[-1].shape[-1]))),
        Mutant("square", "the longer side of the finest map used for height and width",
               _resized(_square)),
        Mutant("twice", "coarser maps always doubled, whatever the finest one's size", _twice),
        Mutant("padded", "zeros added at the right and the bottom instead of enlarging", _padded),
        Mutant("reshaped", "numbers repeated in memory order, so that rows are torn apart",
               _reshaped),
        Mutant("detached", "maps cut off from the gradient", _resized(_finest, cut=True)),
    ),
    hints=(
        "Find the target first: the (height, width) with the most cells among the levels. It may"
        " stand anywhere in the list.",
        "torch.nn.functional has an interpolate; tell it a size, not a factor, and a mode.",
        "Cells are areas, not points: with align_corners=False two cells (0, 4) become four, (0, 1,"
        " 3, 4), as in the table of the notebook. A map that fits already is left as it is.",
    ),
)  # fmt: skip
