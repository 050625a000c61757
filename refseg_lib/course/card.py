"""The verdict as an HTML card: what holds, the smallest input where something does not, a hint.

Inline styles only: notebooks that were opened but not run lose scripts and style sheets. State is
told by words and signs, never by colour alone.
"""

import html
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from refseg_lib.course.comparing import wrong_entries
from refseg_lib.course.exercise import Finding
from refseg_lib.course.number_table import GREY, RED, Span, number_table
from refseg_lib.course.verdict import Result, Verdict

_GREEN = "#00694d"
_MOST_ITEMS, _MOST_LETTERS = 8, 400
"""What is shown of a list, and of what is no tensor."""


def verdict_card(verdict: Verdict) -> str:
    """Draw a verdict.

    Returns:
        One ``<section>`` of HTML, without script, style sheet or id.
    """
    if verdict.passed:
        state, colour = "✓ Passed", _GREEN
    elif verdict.started:
        state, colour = "✗ Not yet", RED
    else:
        state, colour = "○ Not started", GREY
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
        sign, colour, said = ("✓", _GREEN, "met") if not result.finding else ("✗", RED, "not met")
        points = result.requirement.points
        worth = f"{points} {'point' if points == 1 else 'points'}"
        if verdict.waits(result):
            sign, colour, said = "○", GREY, "not judged yet"
            worth += "; not judged yet: first the result must be right"
        lines.append(
            f'<li style="list-style:none"><span style="color:{colour};font-weight:bold"'
            f' role="img" aria-label="{said}">{sign}</span>'
            f" {html.escape(result.requirement.text)}"
            f' <span style="color:{GREY}">({worth})</span></li>'
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
        pairs = zip(shown, reversed(shown), strict=True)
        figures = [_figure(label, value, span, other) for (label, value), (_, other) in pairs]
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


def _figure(label: str, value: Any, span: Span | None = None, other: Any = None) -> str:
    """Draw a value; where it differs from ``other``, so that one sees it."""
    return (
        f'<div><div style="color:{GREY};font-size:.9em">{html.escape(label)}'
        f"{_shape_of(value)}</div>{_drawn(value, span, other)}</div>"
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


def _drawn(value: Any, span: Span | None, other: Any) -> str:
    if _drawable(value):
        return number_table(_plain(value), span, _wrong(value, other))
    if isinstance(value, Mapping):
        others = other if isinstance(other, Mapping) else {}
        items = [(str(name), item, others.get(name)) for name, item in value.items()]
        return _items(items, span)
    if isinstance(value, list | tuple) and any(
        isinstance(item, Tensor | np.ndarray | list | tuple | Mapping) for item in value
    ):
        alike = isinstance(other, list | tuple) and len(other) == len(value)
        items = [(f"[{i}]", item, other[i] if alike else None) for i, item in enumerate(value)]
        return _items(items, span)
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    more = " …" if len(text) > _MOST_LETTERS else ""
    return f"<code>{html.escape(text[:_MOST_LETTERS])}{more}</code>"


def _items(items: list[tuple[str, Any, Any]], span: Span | None) -> str:
    shown = "".join(_figure(name, item, span, other) for name, item, other in items[:_MOST_ITEMS])
    left = len(items) - _MOST_ITEMS
    more = f'<div style="color:{GREY};font-size:.9em">… and {left} more</div>' if left > 0 else ""
    return shown + more


def _wrong(value: Any, other: Any) -> np.ndarray | None:
    """Find the entries of a tensor or array that differ from another of its kind and shape."""
    one, two = (torch.as_tensor(v) if _drawable(v) else None for v in (value, other))
    if one is None or two is None or one.dtype != two.dtype or one.shape != two.shape:
        return None
    return wrong_entries(one, two).cpu().numpy()
