"""The figure of a reproduced table: what was printed beside what was measured."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from refseg_lib.evaluation.analysis.bootstrap import middle
from refseg_lib.explain.figure import COLORS
from refseg_lib.files import atomic_path
from refseg_lib.reproduction.comparing import Entry


def draw_columns(
    columns: Sequence[tuple[str, Sequence[Entry], np.ndarray]], path: Path, most: int = 4
) -> None:
    """Draw rows of dots: on the left as printed, on the right as measured with intervals.

    Args:
        columns: Title, rows, and their scores under other pictures and seeds (draws, rows).
        path: A PNG file.
        most: At most so many columns of the table, one below the other.

    Raises:
        UserError: The disk is full.
    """
    import seaborn as sns
    from matplotlib.figure import Figure

    shown = columns[:most]
    heights = [0.32 * len(entries) + 0.8 for _, entries, _ in shown]
    with sns.axes_style("whitegrid"):
        figure = Figure(figsize=(9.5, sum(heights) + 0.3), layout="constrained")
        axes = figure.subplots(len(shown), 2, squeeze=False, height_ratios=heights)
    for (left, right), (title, entries, drawn) in zip(axes, shown, strict=True):
        names = [_short(entry.method) for entry in entries]
        places = np.arange(len(entries))
        printed = [np.nan if e.published is None else e.published for e in entries]
        left.plot(printed, places, "o", color=COLORS[0], markersize=7)
        ends = np.array([middle(drawn[:, n]) for n in range(len(entries))])
        right.hlines(places, ends[:, 0], ends[:, 1], color=COLORS[1], linewidth=2)
        right.plot([e.mean for e in entries], places, "D", color=COLORS[1], markersize=6)
        for n, entry in enumerate(entries):
            if len(entry.runs) > 1:
                right.plot(entry.scores, [n] * len(entry.runs), "|", color="#000000", markersize=9)
        # As many points across on both sides, so that a step is as long as a step.
        known = [value for value in printed if not np.isnan(value)]
        spans = [(min(known), max(known))] if known else [(0.0, 1.0)]
        spans.append((float(ends.min()), float(ends.max())))
        half = 0.55 * max(high - low for low, high in spans) + 0.5
        for axis, (low, high) in zip((left, right), spans, strict=True):
            axis.set_xlim((low + high) / 2 - half, (low + high) / 2 + half)
        left.set_yticks(places, names, fontsize=9)
        right.set_yticks(places, [""] * len(entries))
        for axis in (left, right):
            axis.set_ylim(len(entries) - 0.5, -0.5)
            axis.tick_params(axis="x", labelsize=8)
        left.set_title("printed oIoU (photographs)", fontsize=9)
        right.set_title(f"measured oIoU, {title}", fontsize=9)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png", metadata={"Software": None})


def _short(method: str, most: int = 44) -> str:
    return method if len(method) <= most else method[: most - 1] + "…"
