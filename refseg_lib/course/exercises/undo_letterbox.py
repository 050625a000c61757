"""The way back from the model's square to the picture: cut the bars off, then resize.

What every protocol but the squares' does before it scores; the code released with papers 001 and
004 resizes first and cuts afterwards, which lets the bars bleed into the picture.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import (
    as_the_first,
    holds,
    inputs_kept,
    right_gradients,
    right_kind,
    right_shape,
    right_values,
)
from refseg_lib.data.letterbox import Letterbox, unletterbox


def _case(name: str, logits: Tensor, height: int, width: int) -> Case:
    return Case(name, {"logits": logits, "height": height, "width": width}, ("logits",))


def _large(draw: Draw) -> list[Case]:
    """Pictures larger than the square: the map is enlarged."""
    return [
        _case("4 × 4 logits of a 4 × 8 picture", draw.normal(4, 4, scale=3), 4, 8),
        _case("4 × 4 logits of an 8 × 4 picture", draw.normal(4, 4, scale=3), 8, 4),
        _case("7 × 7 logits of a 10 × 14 picture", draw.normal(2, 7, 7, scale=3), 10, 14),
        _case("8 × 8 logits of a 30 × 17 picture", draw.normal(2, 8, 8, scale=3), 30, 17),
    ]


def _other(draw: Draw) -> list[Case]:
    return [
        _case("a picture as large as the square", draw.normal(3, 3, scale=3), 3, 3),
        _case("a picture smaller than the square", draw.normal(9, 9, scale=3), 3, 5),
        _case("an upright picture, smaller than the square", draw.normal(1, 9, 9, scale=3), 5, 2),
    ]


def _all(draw: Draw) -> list[Case]:
    return _large(draw) + _other(draw)


def _types(draw: Draw) -> list[Case]:
    logits = draw.normal(4, 4, dtype=torch.float32)
    return [Case("float32 logits", {"logits": logits, "height": 4, "width": 8})]


def _bars(draw: Draw) -> list[Case]:
    """The same picture twice, with other logits in the bars the second time."""
    logits, other = draw.normal(2, 8, 8), draw.normal(2, 8, 8, scale=50)
    box = Letterbox(12, 20, 8)
    other[:, box.rows, box.columns] = logits[:, box.rows, box.columns]
    return [_case("logits", logits, 12, 20), _case("other logits in the bars", other, 12, 20)]


def _together(draw: Draw) -> list[Case]:
    logits = draw.normal(2, 6, 6)
    named = [("two maps", logits), ("the first alone", logits[0]), ("the second", logits[1])]
    return [_case(name, maps, 9, 13) for name, maps in named]


def _ramp(draw: Draw) -> list[Case]:
    """Logits that grow evenly from left to right."""
    slope, start = draw.uniform(2, low=0.5, high=2.0).tolist()
    ramp = (start + slope * torch.arange(8.0, dtype=torch.float64)).expand(8, 8)
    return [_case("logits that grow evenly to the right", ramp.contiguous(), 8, 16)]


_unmoved = as_the_first("what stands in the bars must not reach the picture")


def _same_alone(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index in (1, 2):
        if not torch.allclose(values[0][index - 1], values[index]):
            return index, "a map alone must come back as it does among others"
    return None


def _still_even(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    logits, value = cases[0].inputs["logits"], values[0]
    slope = (logits[0, 1] - logits[0, 0]) / 2
    steps = value[:, 2:-1] - value[:, 1:-2]
    if not torch.allclose(steps, slope.expand_as(steps)):
        return 0, f"twice as wide, each step must be half as high: {slope:.4g} (but at the ends)"
    if not torch.allclose(value.flip(1) + value, (logits[0, 0] + logits[0, -1]).expand_as(value)):
        return 0, "the picture came back shifted"
    return None


def by_weights(logits: Tensor, height: int, width: int) -> Tensor:
    """Cut, then one matrix of weights per axis."""
    side = logits.shape[-1]
    box = Letterbox(height, width, side)
    picture = logits[..., box.rows, box.columns]

    def weights(new: int, old: int) -> Tensor:
        place = ((torch.arange(new, dtype=torch.float64) + 0.5) * old / new - 0.5).clamp(0, old - 1)
        nearness = 1 - (place[:, None] - torch.arange(old)).abs()
        return nearness.clamp_min(0).to(logits)

    down = weights(height, picture.shape[-2])
    return down @ picture @ weights(width, picture.shape[-1]).mT


def in_one_go(logits: Tensor, height: int, width: int) -> Tensor:
    """Narrow to the rectangle with slices from the sides that are left over."""
    side, longer = logits.shape[-1], max(height, width)
    rows, columns = (max(1, round(side * n / longer)) for n in (height, width))
    top, left = (side - rows) // 2, (side - columns) // 2
    picture = logits.narrow(-2, top, rows).narrow(-1, left, columns)
    maps = picture[None, None] if picture.ndim == 2 else picture[:, None]
    resized = F.interpolate(maps, (height, width), mode="bilinear", align_corners=False)
    return resized[0, 0] if picture.ndim == 2 else resized[:, 0]


def _resize(maps: Tensor, size: tuple[int, int], **how: object) -> Tensor:
    options = {"mode": "bilinear", "align_corners": False} | how
    flat = maps.reshape(-1, 1, *maps.shape[-2:])
    return F.interpolate(flat, size, **options).reshape(*maps.shape[:-2], *size)  # pyright: ignore


def _mutant(
    before: Callable[[Tensor], Tensor] = lambda maps: maps,
    rows: Callable[[Letterbox], slice] = lambda box: box.rows,
    columns: Callable[[Letterbox], slice] = lambda box: box.columns,
    **how: object,
) -> Callable[..., Tensor]:
    def wrong(logits: Tensor, height: int, width: int) -> Tensor:
        box = Letterbox(height, width, logits.shape[-1])
        picture = before(logits)[..., rows(box), columns(box)]
        return _resize(picture, (height, width), **how)

    return wrong


def _resized_first(logits: Tensor, height: int, width: int) -> Tensor:
    longer = max(height, width)
    top, left = (longer - height) // 2, (longer - width) // 2
    return _resize(logits, (longer, longer))[..., top : top + height, left : left + width]


def _turned(logits: Tensor, height: int, width: int) -> Tensor:
    return unletterbox(logits.mT, width, height)


def _always_stacked(logits: Tensor, height: int, width: int) -> Tensor:
    return unletterbox(logits.reshape(-1, *logits.shape[-2:]), height, width)


def _in_place(logits: Tensor, height: int, width: int) -> Tensor:
    back = unletterbox(logits.clone(), height, width)
    box = Letterbox(height, width, logits.shape[-1])
    kept = torch.zeros_like(logits)
    kept[..., box.rows, box.columns] = 1
    logits.data.mul_(kept)
    return back


EXERCISE = Exercise(
    name="undo-letterbox",
    title="Back from the square to the picture",
    notebook="03",
    minutes=8,
    objective="You can bring a model's logits back to the picture it was asked about.",
    reference=unletterbox,
    alternatives=(by_weights, in_one_go),
    requirements=(
        right_kind(_types, "a tensor in the logits' own precision"),
        right_shape(_all, "(height, width), with N in front where N maps came in"),
        right_values(_large, "the logits of pictures larger than the square", points=2),
        right_values(_other, "the logits of other pictures", points=1, name="other"),
        holds("bars", "the bars never matter", _bars, _unmoved),
        holds("alone", "one map comes back as it does among others", _together, _same_alone),
        holds("ramp", "what grew evenly still does, in the same place", _ramp, _still_even),
        inputs_kept(_large, "the logits that came in are not changed"),
        right_gradients(_large, "gradients reach the logits"),
    ),
    mutants=(
        Mutant(
            "resized-first", "resizing first, cutting afterwards: the bars bleed in", _resized_first
        ),
        Mutant(
            "not-cut",
            "the whole square stretched to the picture, bars and all",
            _mutant(rows=lambda box: slice(None), columns=lambda box: slice(None)),
        ),
        Mutant(
            "corner",
            "cutting at the corner instead of the middle",
            _mutant(
                rows=lambda box: slice(0, box.new_height),
                columns=lambda box: slice(0, box.new_width),
            ),
        ),
        Mutant(
            "odd-pixel-first",
            "the odd pixel of a bar before the picture, not after it",
            _mutant(
                rows=lambda box: slice(box.size - box.new_height - box.top, box.size - box.top)
            ),
        ),
        Mutant("corners-aligned", "align_corners=True", _mutant(align_corners=True)),
        Mutant(
            "nearest",
            "the nearest logit instead of a mixture of four",
            _mutant(mode="nearest", align_corners=None),
        ),
        Mutant("bicubic", "bicubic resizing, which overshoots", _mutant(mode="bicubic")),
        Mutant(
            "antialiased",
            "smoothing before shrinking, as torchvision's resize does",
            _mutant(antialias=True),
        ),
        Mutant(
            "too-early",
            "a mask made before resizing: outlines get steps",
            _mutant(before=lambda maps: (maps >= 0).to(maps)),
        ),
        Mutant("sigmoid-first", "probabilities instead of logits", _mutant(before=torch.sigmoid)),
        Mutant("turned", "height and width swapped", _turned),
        Mutant("always-stacked", "one map coming back as a stack of one", _always_stacked),
        Mutant(
            "detached",
            "the logits cut off from the gradient",
            _mutant(before=lambda maps: maps.detach()),
        ),
        Mutant("in-place", "the bars wiped in the logits that came in", _in_place),
    ),
    hints=(
        "You know the rectangle already: it is the geometry of the way in. Cut it out of the last"
        " two axes, and only then resize.",
        "torch.nn.functional.interpolate resizes maps of four axes (N, 1, rows, columns): add what"
        " is missing, and take it off again afterwards.",
        "Two slices after an ellipsis cut the rectangle out. Then bilinear, to (height, width),"
        " with align_corners off: centres of pixels fit, not corners. No threshold, no sigmoid.",
    ),
    given=("refseg_lib.errors", "refseg_lib.data.letterbox"),
)
