"""The picture's part of paper 004's Eq. 1: [v_p / ||v_p||; s_p] of every pixel of a feature map."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.course import comparing
from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Finding, Mutant, Outcome, Requirement
from refseg_lib.course.requirements import (
    holds,
    inputs_kept,
    right_gradients,
    right_kind,
    right_shape,
    right_values,
)
from refseg_lib.fusion.cmsa import picture_vectors
from refseg_lib.vision.spatial import spatial_coordinates

Sizes = tuple[int, int, int, int]


def _feature(draw: Draw, *size: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Draw maps without small numbers, so that a tiny guard against dividing by 0 never shows."""
    signs = draw.chance(*size).to(dtype) * 2 - 1
    return signs * draw.uniform(*size, low=1.0, high=3.0, dtype=dtype)


def _case(draw: Draw, name: str, *size: int, balanced: bool = False) -> Case:
    inputs = {"feature": _feature(draw, *size), "balanced": balanced}
    return Case(name, inputs, ("feature",))


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one channel, one cell", 1, 1, 1, 1),
        _case(draw, "two channels, 1 × 2 cells", 1, 2, 1, 2),
        _case(draw, "two pictures, three channels, 2 × 3 cells", 2, 3, 2, 3),
    ]


def _types(draw: Draw) -> list[Case]:
    single = _feature(draw, 1, 2, 1, 2, dtype=torch.float32)
    return [
        Case("float32 maps", {"feature": single, "balanced": False}),
        Case("float64 maps", {"feature": _feature(draw, 1, 2, 1, 2), "balanced": False}),
    ]


def _balanced(draw: Draw) -> list[Case]:
    return [
        _case(draw, "balanced: two channels, 1 × 2 cells", 1, 2, 1, 2, balanced=True),
        _case(draw, "balanced: two pictures, three channels", 2, 3, 2, 2, balanced=True),
    ]


def _brighter(draw: Draw) -> list[Case]:
    """One map, and the same map with every cell multiplied by a number of its own."""
    feature, factors = _feature(draw, 1, 3, 2, 2), draw.uniform(1, 1, 2, 2, low=2.0, high=9.0)
    return [
        Case("a map", {"feature": feature, "balanced": False}),
        Case("each cell times a number", {"feature": feature * factors, "balanced": False}),
    ]


def _alone(draw: Draw) -> list[Case]:
    """Two pictures in one batch, then each of them alone."""
    feature = _feature(draw, 2, 3, 2, 2)
    named = [("together", feature), ("the first alone", feature[:1]), ("the second", feature[1:])]
    return [Case(name, {"feature": maps, "balanced": False}) for name, maps in named]


def _black(draw: Draw) -> list[Case]:
    feature = _feature(draw, 1, 3, 1, 2)
    feature[..., 0] = 0
    return [Case("a cell where every channel is 0", {"feature": feature, "balanced": False})]


def _numbers(
    cases: Sequence[Case], outcomes: Sequence[Outcome], references: Sequence[Outcome]
) -> Finding | None:
    for case, outcome, reference in zip(cases, outcomes, references, strict=True):
        expected, got = reference.value, outcome.value
        said = comparing.difference(expected, got)
        if said is not None:
            alike = isinstance(got, Tensor) and expected.shape == got.shape
            if alike and torch.allclose(expected, got.to(expected), atol=1e-3):
                said = "nearly: was something like 1e-6 added to every length, or float32 used?"
            return Finding(case, said, expected, got)
    return None


def _unit(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, (case, value) in enumerate(zip(cases, values, strict=True)):
        lengths = value[..., : case.inputs["feature"].shape[1]].norm(dim=-1)
        if not torch.allclose(lengths, torch.ones_like(lengths), rtol=0, atol=1e-8):
            worst = lengths.flatten()[(lengths - 1).abs().argmax()].item()
            return index, f"every cell's visual part must have length 1, one has {worst:.9g}"
    if not torch.allclose(values[0], values[-1]):
        return len(values) - 1, "multiplying a cell by a number must not change its vector"
    return None


def _same_alone(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index in (1, 2):
        if not torch.allclose(values[0][index - 1], values[index][0]):
            return index, "a picture's vectors must not depend on the others in its batch"
    return None


def _finite(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    if not values[0].isfinite().all():
        return 0, "a cell of zeros has no length to divide by; it must stay zeros, not become NaN"
    return None


def _places(feature: Tensor) -> Tensor:
    height, width = feature.shape[-2:]
    return spatial_coordinates(height, width, device=feature.device, dtype=feature.dtype)


def pixel_by_pixel(feature: Tensor, balanced: bool = False) -> Tensor:
    """Go through the cells like reading a page."""
    images, channels, height, width = feature.shape
    places, rows = _places(feature), []
    gains = (channels**0.5, 8**0.5) if balanced else (1.0, 1.0)
    for image in range(images):
        for row in range(height):
            for column in range(width):
                v, s = feature[image, :, row, column], places[:, row, column]
                length = v.square().sum().sqrt() if v.any() else 1.0
                rows.append(torch.cat([gains[0] * v / length, gains[1] * s]))
    return torch.stack(rows).reshape(images, height * width, channels + 8)


def by_maps(feature: Tensor, balanced: bool = False) -> Tensor:
    """Stay with maps until the end."""
    visual = F.normalize(feature, dim=1)
    place = _places(feature).expand(len(feature), -1, -1, -1)
    if balanced:
        visual, place = (part * part.shape[1] ** 0.5 for part in (visual, place))
    return torch.cat([visual, place], 1).permute(0, 2, 3, 1).flatten(1, 2)


def _unit_length(v: Tensor) -> Tensor:
    return F.normalize(v, dim=-1)


def _lay_out(maps: Tensor) -> Tensor:
    return maps.flatten(2).mT


def _mutant(
    normalise: Callable[[Tensor], Tensor] = _unit_length,
    lay_out: Callable[[Tensor], Tensor] = _lay_out,
    join: Callable[[Tensor, Tensor], Tensor] = lambda v, s: torch.cat([v, s], -1),
    gains: Callable[[int], tuple[float, float]] = lambda c: (c**0.5, 8**0.5),
) -> Callable[..., Tensor]:
    def wrong(feature: Tensor, balanced: bool = False) -> Tensor:
        visual = normalise(lay_out(feature))
        place = _lay_out(_places(feature)[None]).expand(len(feature), -1, -1)
        if balanced:
            of_visual, of_place = gains(feature.shape[1])
            visual, place = visual * of_visual, place * of_place
        return join(visual, place)

    return wrong


def _in_place(feature: Tensor, balanced: bool = False) -> Tensor:
    answer = picture_vectors(feature.clone(), balanced)
    feature.data.div_(feature.data.norm(dim=1, keepdim=True).clamp_min(1e-12))
    return answer


EXERCISE = Exercise(
    name="picture-vectors",
    title="What a pixel is and where it is: [v; s]",
    notebook="03",
    minutes=10,
    objective="You can turn a feature map into one vector per pixel, as Eq. 1 of paper 004 has it.",
    reference=picture_vectors,
    alternatives=(pixel_by_pixel, by_maps),
    requirements=(
        right_kind(_types, "a tensor in the maps' own precision"),
        right_shape(_sizes, "one row per cell, C + 8 numbers in it: (I, h·w, C + 8)"),
        Requirement("values", "value", "the numbers of [v / ||v||; s]", _sizes, _numbers, 3),
        right_values(_balanced, "balanced=True weighs the two parts alike", 1, "balanced"),
        holds("unit", "only the direction of v counts, not its length", _brighter, _unit),
        holds("alone", "a picture does not depend on the others in its batch", _alone, _same_alone),
        holds("black", "a cell of zeros stays zeros", _black, _finite),
        inputs_kept(_sizes, "the map that came in is not changed"),
        right_gradients(_sizes, "gradients reach the map"),
    ),
    mutants=(
        Mutant("not-normalised", "v at its full length", _mutant(lambda v: v)),
        Mutant(
            "over-cells",
            "lengths taken over the cells, not over the channels",
            _mutant(lambda v: F.normalize(v, dim=1)),
        ),
        Mutant(
            "over-batch",
            "one length for the whole batch",
            _mutant(lambda v: v / v.norm().clamp_min(1e-12)),
        ),
        Mutant(
            "together",
            "[v; s] normalised as one vector: places shrink too",
            _mutant(lambda v: v, join=lambda v, s: F.normalize(torch.cat([v, s], -1), dim=-1)),
        ),
        Mutant(
            "reshaped",
            "a reshape without exchanging axes: cells are mixed",
            _mutant(lay_out=lambda m: m.reshape(len(m), -1, m.shape[1])),
        ),
        Mutant(
            "column-by-column",
            "cells counted column by column, not row by row",
            _mutant(lay_out=lambda m: m.mT.flatten(2).mT),
        ),
        Mutant("place-first", "s before v", _mutant(join=lambda v, s: torch.cat([s, v], -1))),
        Mutant("never-balanced", "balanced=True without effect", _mutant(gains=lambda c: (1, 1))),
        Mutant(
            "balanced-by-number",
            "parts multiplied by C and 8, not by their roots",
            _mutant(gains=lambda c: (c, 8)),
        ),
        Mutant(
            "guard-added",
            "1e-6 added to every length, not only to lengths of 0",
            _mutant(lambda v: v / (v.norm(dim=-1, keepdim=True) + 1e-6)),
        ),
        Mutant(
            "zero-over-zero",
            "dividing by a length of 0",
            _mutant(lambda v: v / v.square().sum(-1, keepdim=True).sqrt()),
        ),
        Mutant(
            "length-detached",
            "the length cut off from the gradient",
            _mutant(lambda v: v / v.detach().norm(dim=-1, keepdim=True).clamp_min(1e-12)),
        ),
        Mutant("in-place", "the map that came in divided in place", _in_place),
    ),
    hints=(
        "Do it in two steps: turn (I, C, h, w) into rows of C numbers, one row per cell, then make"
        " each row one long. Print the shapes as you go.",
        "flatten the two axes of the grid into one, then exchange it with the channels; a reshape"
        " alone would mix cells. The length of a row is taken over its last axis.",
        "Treat the (8, h, w) places just like a map, expand them over the pictures, and join both"
        " on the last axis. balanced multiplies v by the root of C and s by the root of 8 first.",
    ),
    replaces=True,
    given=("refseg_lib.errors", "refseg_lib.vision.spatial"),
)
