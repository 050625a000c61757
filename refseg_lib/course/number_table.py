"""A tensor as a small table of numbers on viridis: the part that matters, and what was left out."""

import html
from typing import Any

import numpy as np

from refseg_lib.explain.ink import ink_on
from refseg_lib.explain.viridis import viridis

Span = tuple[float, float]
RED, GREY = "#a8370a", "#5d5d68"
LARGEST = 8
"""Rows and columns that are printed."""

_CELL = "padding:.25em .45em;text-align:right;font:12px monospace"
# Dark and light, so that it is seen on every colour of the map.
_FRAME = f";box-shadow:inset 0 0 0 2px {RED},inset 0 0 0 3px #fff"


def number_table(
    array: np.ndarray, span: Span | None = None, wrong: np.ndarray | None = None
) -> str:
    """Draw the last two axes of an array as a grid, at most 8 × 8 of its numbers.

    Args:
        array: Numbers or bools, any shape.
        span: Least and largest number of the colour scale; by default the array's own.
        wrong: bool of the same shape, True where an entry is wrong. What is shown holds the first
            of these; they are framed, unless all that is shown is wrong.

    Returns:
        HTML: a table, and below it which part of the array it is, written as an index, when it is
        not all. Dots stand where the grid goes on.
    """
    at = _first_place(wrong) if wrong is not None else None
    at = at or (0,) * array.ndim
    part = (*at[:-2], *(_window(n, i) for n, i in zip(array.shape[-2:], at[-2:], strict=True)))
    numbers = np.atleast_2d(array[part])
    frames = np.zeros(numbers.shape, bool)
    if wrong is not None and not wrong[part].all():
        frames = np.atleast_2d(wrong[part])
    span = span or _span(numbers)
    left, right = _goes_on(array, part, -1)
    above, below = _goes_on(array, part, -2)
    rows = [
        [_cell(entry, framed, span) for entry, framed in zip(line, marks, strict=True)]
        for line, marks in zip(numbers, frames, strict=True)
    ]
    rows = [[_dots("…")] * left + row + [_dots("…")] * right for row in rows]
    dots = [_dots("⋮")] * (numbers.shape[1] + left + right)
    rows = [dots] * above + rows + [dots] * below
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<table style="border-collapse:collapse">{body}</table>{_note(array, part, frames)}'


def _first_place(wrong: np.ndarray) -> tuple[int, ...] | None:
    places = np.argwhere(wrong)
    return tuple(int(i) for i in places[0]) if len(places) else None


def _window(size: int, place: int) -> slice:
    """Choose the rows or columns to show: the first ones, or later ones that hold ``place``."""
    start = 0 if place < LARGEST else min(place - LARGEST // 2, size - LARGEST)
    return slice(start, min(start + LARGEST, size))


def _goes_on(array: np.ndarray, part: tuple[Any, ...], axis: int) -> tuple[bool, bool]:
    """Say whether there is more before, and behind, what is shown of an axis."""
    if array.ndim < -axis:
        return False, False
    return part[axis].start > 0, part[axis].stop < array.shape[axis]


def _note(array: np.ndarray, part: tuple[Any, ...], frames: np.ndarray) -> str:
    said = []
    if frames.any():
        said.append("framed: what differs")
    if array.size > frames.size:
        told = (
            i if isinstance(i, int) else ":" if i.stop - i.start == n else f"{i.start}:{i.stop}"
            for i, n in zip(part, array.shape, strict=True)
        )
        said.append(f"only the part [{', '.join(map(str, told))}] is shown")
    return f'<div style="color:{GREY};font-size:.8em">{"; ".join(said)}</div>' if said else ""


def _cell(entry: Any, framed: bool, span: Span) -> str:
    number, (low, high) = float(entry), span
    share = (number - low) / (high - low) if high > low and np.isfinite(number) else 0.5
    back, ink = colours(share) if np.isfinite(number) else ("#ffffff", RED)
    frame = _FRAME if framed else ""
    return (
        f'<td style="background:{back};color:{ink};{_CELL}{frame}">{html.escape(_told(entry))}</td>'
    )


def _dots(sign: str) -> str:
    return f'<td style="color:{GREY};{_CELL}" aria-hidden="true">{sign}</td>'


def _span(numbers: np.ndarray) -> Span:
    finite = numbers[np.isfinite(numbers)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _told(entry: Any) -> str:
    if isinstance(entry, np.bool_):
        return "True" if entry else "False"
    if isinstance(entry, np.integer):
        return str(entry)
    return f"{entry:.3g}"


def colours(share: float) -> tuple[str, str]:
    """Return background and text colour of a value in [0, 1]."""
    ground = viridis(share)
    return f"rgb({','.join(map(str, ground))})", ink_on(ground)
