"""One mask from several parts: their union, never their sum (COCO polygons of one object)."""

from collections.abc import Sequence

import numpy as np
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


def union_of_parts(parts: Tensor) -> Tensor:
    """Unite the parts of one object.

    Args:
        parts: (P, H, W) uint8 or bool; what is not 0 is covered. P may be 0.

    Returns:
        bool (H, W), True = covered by at least one part.
    """
    return (parts != 0).any(dim=0)


def part_by_part(parts: Tensor) -> Tensor:
    """Begin with nothing and add one part after another."""
    mask = torch.zeros(parts.shape[1:], dtype=torch.bool)
    for part in parts:
        mask |= part.bool()
    return mask


def by_counting(parts: Tensor) -> Tensor:
    """Count how many parts cover a pixel; sums of uint8 are int64 in PyTorch."""
    return parts.sum(dim=0) > 0


def by_numpy(parts: Tensor) -> Tensor:
    """Unite as NumPy does."""
    return torch.from_numpy(np.logical_or.reduce(parts.numpy().astype(bool), axis=0))


def _overlapping(draw: Draw, dtype: torch.dtype = torch.uint8, height: int = 4) -> Tensor:
    """Draw three parts; row 0 holds pixels covered by all three, by two, by one and by none."""
    parts = draw.chance(3, height, 4)
    parts[:, 0] = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]], dtype=torch.bool)
    parts[:, 1] = torch.tensor([[0], [0], [1]], dtype=torch.bool)  # makes the last the largest
    parts[:2, 2] = torch.tensor([[1, 0, 0, 0], [0, 1, 0, 0]], dtype=torch.bool)
    parts[2, 2] = False
    return parts.to(dtype)


def _types(draw: Draw) -> list[Case]:
    return [
        Case("parts of uint8, as decoded", {"parts": _overlapping(draw)}),
        Case("parts of bool", {"parts": _overlapping(draw, torch.bool)}),
    ]


def _values(draw: Draw) -> list[Case]:
    return [
        Case("three parts that overlap", {"parts": _overlapping(draw)}),
        Case("three larger parts", {"parts": _overlapping(draw, height=6)}),
    ]


def _few(draw: Draw) -> list[Case]:
    return [
        Case("a single part, one row", {"parts": draw.chance(1, 1, 5).to(torch.uint8)}),
        Case("no part at all", {"parts": torch.zeros(0, 2, 3, dtype=torch.uint8)}),
    ]


def _again(draw: Draw) -> list[Case]:
    parts = _overlapping(draw)
    twice = torch.cat([parts, parts[:1], parts[1:2]])
    return [
        Case("three parts", {"parts": parts}),
        Case("the same, the first two given twice", {"parts": twice}),
    ]


def _orders(draw: Draw) -> list[Case]:
    parts = _overlapping(draw)
    return [
        Case("three parts", {"parts": parts}),
        Case("the same in another order", {"parts": parts[draw.permutation(3)]}),
    ]


def _equal(cases: Sequence[Case], masks: Sequence[Tensor]) -> tuple[int, str] | None:
    differ = int((masks[0] != masks[1]).sum())
    return (1, f"{differ} pixels differ from those of the parts as they were") if differ else None


def _largest(parts: Tensor) -> Tensor:
    return parts[parts.flatten(1).sum(1).argmax()].bool()


def _in_place(parts: Tensor) -> Tensor:
    mask = parts[0]
    for part in parts[1:]:
        mask |= part
    return mask.bool()


EXERCISE = Exercise(
    name="union-of-parts",
    title="One mask from several parts",
    notebook="01",
    minutes=6,
    objective="You can make one mask of an object that is drawn in several parts.",
    reference=union_of_parts,
    alternatives=(part_by_part, by_counting, by_numpy),
    requirements=(
        right_kind(_types, "the mask is a bool tensor"),
        right_shape(_types, "the mask has the shape (H, W)"),
        right_values(_values, "True where one part or more covers the pixel", 2),
        right_values(_few, "one part is its own union, and no part covers nothing", 1, name="few"),
        holds("again", "a part given twice changes nothing", _again, _equal),
        holds("order", "the order of the parts does not matter", _orders, _equal),
        inputs_kept(_values, "the parts are not changed"),
    ),
    mutants=(
        Mutant(
            "sum",
            "the sum of the parts: 2 where two of them overlap",
            lambda parts: parts.sum(dim=0),
        ),
        Mutant(
            "sum-is-one",
            "the sum of the parts compared with 1, which punches holes where they overlap",
            lambda parts: parts.sum(dim=0) == 1,
        ),
        Mutant(
            "exclusive-or",
            "an exclusive or: what two parts cover is lost",
            lambda parts: parts.sum(dim=0) % 2 == 1,
        ),
        Mutant(
            "intersection",
            "what all parts cover instead of what any covers",
            lambda parts: parts.bool().all(dim=0),
        ),
        Mutant(
            "majority",
            "what at least half of the parts cover",
            lambda parts: parts.double().mean(dim=0) >= 0.5,
        ),
        Mutant("first", "the first part alone", lambda parts: parts[0].bool()),
        Mutant("largest", "the largest part alone", _largest),
        Mutant(
            "maximum",
            "the highest value of the parts, never made bool",
            lambda parts: parts.amax(dim=0),
        ),
        Mutant("wrong-axis", "any over the rows", lambda parts: parts.bool().any(dim=1)),
        Mutant("whole-picture", "any over everything: one value", lambda parts: parts.bool().any()),
        Mutant("in-place", "the union written into the first part", _in_place),
        Mutant(
            "squeezed",
            "axes of length 1 dropped",
            lambda parts: parts.bool().any(dim=0).squeeze(),
        ),
    ),
    hints=(
        "A pixel belongs to the object as soon as a single part covers it.",
        "The first axis counts the parts: that is the one to reduce. What is left is (H, W).",
        "Make the parts bool, then reduce the first axis with a logical or; torch.Tensor.any does"
        " that, for no part at all too.",
    ),
)
