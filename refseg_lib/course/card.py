"""The verdict as an HTML card: what holds, the smallest input where something does not, a hint.

Inline styles only: notebooks that were opened but not run lose scripts and style sheets. State is
told by words and signs, never by colour alone.
"""

import html
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from refseg_lib.course.exercise import Finding
from refseg_lib.course.verdict import Result, Verdict
from refseg_lib.explain.ink import ink_on
from refseg_lib.explain.viridis import viridis

_GREEN, _RED, _GREY = "#00694d", "#a8370a", "#5d5d68"
_LARGEST = 8
"""Rows and columns of a tensor that are printed."""


def verdict_card(verdict: Verdict) -> str:
    """Draw a verdict.

    Returns:
        One ``<section>`` of HTML, without script, style sheet or id.
    """
    if verdict.passed:
        state, colour = "✓ Passed", _GREEN
    elif verdict.started:
        state, colour = "✗ Not yet", _RED
    else:
        state, colour = "○ Not started", _GREY
    exercise = verdict.exercise
    parts = [
        f'<p style="margin:0;font-size:1.1em"><b style="color:{colour}">{state}</b>'
        f" · {html.escape(exercise.title)} · {verdict.points} of {exercise.points} points</p>",
        f'<progress value="{verdict.points}" max="{exercise.points}"'
        f' style="width:100%;accent-color:{colour}"'
        f' aria-label="{verdict.points} of {exercise.points} points"></progress>',
    ]
    if not verdict.started:
        parts.append(
            f'<p style="margin:.4em 0 0">{html.escape(exercise.objective)} Write the function,'
            " run its cell, then run this cell again.</p>"
        )
    else:
        parts.append(_requirements(verdict))
    if verdict.mistake is not None:
        parts.append(
            '<p style="margin:.6em 0 0"><b>Looks like:</b> '
            f"{html.escape(verdict.mistake.says)}.</p>"
        )
    if verdict.first is not None and verdict.first.finding is not None:
        parts.append(_finding(verdict.first, verdict.first.finding))
    if not verdict.passed:
        parts.append(_hints(verdict))
    return (
        f'<section aria-label="check of {html.escape(exercise.name)}" style="border:1px solid'
        f" {colour};border-left-width:6px;border-radius:6px;padding:.7em 1em;max-width:52em;"
        f'line-height:1.45">{"".join(parts)}</section>'
    )


def _requirements(verdict: Verdict) -> str:
    lines = []
    for result in verdict.results:
        sign, colour, said = ("✓", _GREEN, "met") if not result.finding else ("✗", _RED, "not met")
        points = result.requirement.points
        lines.append(
            f'<li style="list-style:none"><span style="color:{colour};font-weight:bold"'
            f' role="img" aria-label="{said}">{sign}</span>'
            f" {html.escape(result.requirement.text)}"
            f' <span style="color:{_GREY}">({points} {"point" if points == 1 else "points"})</span>'
            "</li>"
        )
    return f'<ul style="margin:.5em 0 0;padding:0">{"".join(lines)}</ul>'


def _finding(result: Result, finding: Finding) -> str:
    parts = [
        '<div style="margin:.7em 0 0"><b>Look at this first</b>'
        f" ({html.escape(result.requirement.text)}):"
        f" <i>{html.escape(finding.case.name)}</i>"
        f'<p style="margin:.3em 0">{html.escape(finding.message)}</p>'
    ]
    shown = [("expected", finding.expected), ("got", finding.got)]
    if finding.expected is not None and finding.got is not None:
        # One scale for both: the same number has the same colour.
        span = _span(finding.expected, finding.got)
        figures = [_figure(label, value, span) for label, value in shown]
        parts.append(f'<div style="display:flex;gap:1.5em;flex-wrap:wrap">{"".join(figures)}</div>')
    inputs = "".join(_figure(name, value) for name, value in finding.case.inputs.items())
    parts.append(
        '<details style="margin-top:.4em"><summary style="cursor:pointer">the input</summary>'
        f'<div style="display:flex;gap:1.5em;flex-wrap:wrap">{inputs}</div></details></div>'
    )
    return "".join(parts)


def _hints(verdict: Verdict) -> str:
    """Offer one hint more with every try, each folded away."""
    offered = verdict.exercise.hints[: max(1, min(3, verdict.attempts))]
    return "".join(
        f'<details style="margin-top:.4em"><summary style="cursor:pointer">Hint {number} of'
        f' {len(verdict.exercise.hints)}</summary><p style="margin:.3em 0 0 1em">'
        f"{html.escape(hint)}</p></details>"
        for number, hint in enumerate(offered, 1)
    )


Span = tuple[float, float]


def _figure(label: str, value: Any, span: Span | None = None) -> str:
    return (
        f'<div><div style="color:{_GREY};font-size:.9em">{html.escape(label)}'
        f"{_shape_of(value)}</div>{_drawn(value, span)}</div>"
    )


def _span(*values: Any) -> Span | None:
    """Return the least and the largest finite number in some tensors and arrays."""
    numbers = [
        np.asarray(_plain(value), np.float64).ravel() for value in values if _drawable(value)
    ]
    finite = np.concatenate([n[np.isfinite(n)] for n in numbers]) if numbers else np.empty(0)
    return (float(finite.min()), float(finite.max())) if finite.size else None


def _drawable(value: Any) -> bool:
    return isinstance(value, Tensor) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        return value.float().numpy() if value.is_floating_point() else value.numpy()
    return value


def _shape_of(value: Any) -> str:
    if isinstance(value, Tensor | np.ndarray) and value.ndim:
        return " " + html.escape("×".join(map(str, value.shape)))
    return ""


def _drawn(value: Any, span: Span | None = None) -> str:
    if _drawable(value):
        return _table(_plain(value), span)
    if isinstance(value, Mapping):
        return "".join(_figure(str(name), item) for name, item in list(value.items())[:_LARGEST])
    if isinstance(value, list | tuple) and any(
        isinstance(item, Tensor | np.ndarray | list | tuple | Mapping) for item in value
    ):
        return "".join(_figure(f"[{i}]", item) for i, item in enumerate(value[:_LARGEST]))
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return f"<code>{html.escape(text[:400])}</code>"


def _table(array: np.ndarray, span: Span | None) -> str:
    """Draw the last two axes as a grid of numbers on viridis; further axes at their first index."""
    note = ""
    while array.ndim > 2:
        if len(array) > 1:
            note = f'<div style="color:{_GREY};font-size:.8em">the first of {len(array)}</div>'
        array = array[0]
    array = np.atleast_2d(array)
    cut = array.shape[0] > _LARGEST or array.shape[1] > _LARGEST
    array = array[:_LARGEST, :_LARGEST]
    numbers = array.astype(np.float64)
    low, high = span or _span(numbers) or (0.0, 0.0)
    rows = []
    for row, entries in zip(numbers, array, strict=True):
        cells = []
        for number, entry in zip(row, entries, strict=True):
            share = (number - low) / (high - low) if high > low and np.isfinite(number) else 0.5
            back, ink = _colours(share) if np.isfinite(number) else ("#ffffff", "#a8370a")
            cells.append(
                f'<td style="background:{back};color:{ink};padding:.15em .4em;text-align:right;'
                f'font:12px monospace">{html.escape(_number(entry))}</td>'
            )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    more = f'<div style="color:{_GREY};font-size:.8em">… and more</div>' if cut else ""
    return f'{note}<table style="border-collapse:collapse">{"".join(rows)}</table>{more}'


def _number(entry: Any) -> str:
    if isinstance(entry, np.bool_):
        return "True" if entry else "False"
    if isinstance(entry, np.integer):
        return str(entry)
    return f"{entry:.3g}"


def _colours(share: float) -> tuple[str, str]:
    """Return background and text colour of a value in [0, 1]."""
    ground = viridis(share)
    return f"rgb({','.join(map(str, ground))})", ink_on(ground)
