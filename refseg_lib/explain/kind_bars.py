"""Scores by kind of sentence as bars: one panel per kind, one bar per system, with intervals."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.breakdown import ALL, TOO_FEW, Breakdown
from refseg_lib.explain.figure import COLORS, style

# Besides its colour every system has a pattern: printed in grey, bars are told apart, too.
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++", "--")
BAR, GAP = 0.15, 0.14
"""Inches: height of a bar, and the room between two labels."""
WIDTH, HEAD = 11.0, 0.95
"""Inches: of the figure, and of title and legend above the panels."""

Systems = Mapping[str, Sequence[Breakdown]]
"""Name of a system to its scores by each kind; all systems have the same kinds, in one order."""


def kind_bars(systems: Systems, title: str = "") -> Any:
    """Draw oIoU by kind of sentence.

    Args:
        systems: What to draw, at most seven systems. Labels with too few sentences are named
            below their panel.
        title: Above the figure, such as ``"ParkRef unc, val"``.

    Returns:
        A ``matplotlib.figure.Figure``; :func:`describe_bars` gives its alt text.

    Raises:
        UserError: No system, more systems than patterns, or systems with different kinds.
    """
    kinds = _kinds(systems)
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    columns = _columns(systems, kinds)
    inches = [[_height(systems, kind) for kind in column] for column in columns]
    tall = max(map(sum, inches))
    with matplotlib.rc_context():
        style()
        matplotlib.rcParams["hatch.linewidth"] = 0.7
        figure: Any = Figure(figsize=(WIDTH, HEAD + tall), layout="constrained")
        head, body = figure.subfigures(2, 1, height_ratios=[HEAD, tall])
        for part, column, heights in zip(
            body.subfigures(1, len(columns), squeeze=False)[0], columns, inches, strict=True
        ):
            spare = tall - sum(heights)
            # A short column keeps its bars as thick as those beside it, and ends in blank.
            ratios = [*heights, spare] if spare > 0.01 else heights
            grid = part.add_gridspec(len(ratios), 1, height_ratios=ratios)
            for row, kind in enumerate(column):
                _panel(part.add_subplot(grid[row]), systems, kind)
        patches = [
            Patch(facecolor=color, edgecolor="white", hatch=hatch, label=name)
            for name, color, hatch in zip(systems, COLORS, HATCHES, strict=False)
        ]
        # Four names fill a line.
        head.legend(handles=patches, loc="lower center", ncols=min(len(patches), 4))
        head.suptitle(title, fontsize=15)
    return figure


def describe_bars(systems: Systems) -> str:
    """Say what :func:`kind_bars` shows: of every system the overall score and its hardest kinds.

    Args:
        systems: As for :func:`kind_bars`.

    Returns:
        Some sentences, with the numbers.
    """
    kinds = _kinds(systems)
    told = ["Bars of oIoU by " + ", ".join(kinds) + ", with 95 % intervals."]
    for name, breakdowns in systems.items():
        whole = breakdowns[0].lines[0]
        hardest = []
        for one in breakdowns:
            lines = [line for line in one.lines if line.label != ALL and not line.few]
            if len(lines) > 1:
                worst = min(lines, key=lambda line: line.oIoU)
                hardest.append(f"{one.kind} {worst.label} ({worst.oIoU:.0f})")
        ends = f"; lowest by kind: {', '.join(hardest)}" if hardest else ""
        told.append(f"{name}: {whole.oIoU:.0f} on all {whole.n:,} sentences{ends}.")
    return " ".join(told)


def _kinds(systems: Systems) -> list[str]:
    if not systems or len(systems) > len(HATCHES):
        raise UserError(
            f"bars are drawn of 1 to {len(HATCHES)} systems, got {len(systems)}: more patterns"
            " cannot be told apart"
        )
    kinds = [[one.kind for one in breakdowns] for breakdowns in systems.values()]
    if not kinds[0] or any(other != kinds[0] for other in kinds):
        raise UserError("the systems were not broken down by the same kinds: break all down anew")
    return kinds[0]


def _labels(systems: Systems, kind: str, few: bool = False) -> list[str]:
    """List the labels of which some system has enough sentences, or those of which none has."""
    lines = [line for one in _of(systems, kind) for line in one.lines]
    enough = {line.label for line in lines if not line.few}
    # In the order of the systems' own lines, which is the kind's.
    order: list[str] = []
    for one in _of(systems, kind):
        at = 0
        for line in one.lines:
            if line.label not in order:
                order.insert(at, line.label)
            at = order.index(line.label) + 1
    return [label for label in order if (label in enough) != few]


def _of(systems: Systems, kind: str) -> list[Breakdown]:
    return [next(one for one in some if one.kind == kind) for some in systems.values()]


def _height(systems: Systems, kind: str) -> float:
    lines = 1 + len(", ".join(_labels(systems, kind, few=True))) / 50
    return 0.75 + 0.16 * lines + len(_labels(systems, kind)) * (len(systems) * BAR + GAP)


def _columns(systems: Systems, kinds: list[str]) -> list[list[str]]:
    """Cut the panels into two columns, in reading order, so that the taller one is lowest."""
    heights = [_height(systems, kind) for kind in kinds]
    cuts = range(1, len(kinds) + 1)
    best = min(cuts, key=lambda cut: max(sum(heights[:cut]), sum(heights[cut:])))
    return [column for column in (kinds[:best], kinds[best:]) if column]


def _panel(axes: Any, systems: Systems, kind: str) -> None:
    labels = _labels(systems, kind)
    step = len(systems) * BAR + GAP
    amounts: dict[str, list[str]] = {label: [] for label in labels}
    for number, (one, color, hatch) in enumerate(
        zip(_of(systems, kind), COLORS, HATCHES, strict=False)
    ):
        for place, label in enumerate(labels):
            line = one.find(label)
            amounts[label].append(f"{line.n:,}" if line else "0")
            if line is None or line.few:
                continue
            y = place * step + (number + 0.5) * BAR
            axes.barh(y, line.oIoU, BAR, color=color, hatch=hatch, edgecolor="white", linewidth=0.6)
            if line.oIoU_interval:
                axes.plot(line.oIoU_interval, [y, y], color="black", linewidth=1.1, zorder=3)
                axes.plot(line.oIoU_interval, [y, y], "|", color="black", markersize=4, zorder=3)
    axes.set_yticks([place * step + len(systems) * BAR / 2 for place in range(len(labels))])
    told = [" / ".join(given[:1] if len(set(given)) == 1 else given) for given in amounts.values()]
    names = [f"{label} ({many})" for label, many in zip(labels, told, strict=True)]
    axes.set_yticklabels(names, fontsize=10)
    axes.set_ylim(len(labels) * step, -GAP)
    axes.set_xlim(0, 100)
    axes.set_title(f"by {kind}", loc="left", fontsize=12)
    left_out = _labels(systems, kind, few=True)
    below = "oIoU, percent"
    if left_out:
        below += "\n" + fill(f"{TOO_FEW}: {', '.join(left_out)}", 58)
    axes.set_xlabel(below, fontsize=10)
    axes.tick_params(axis="x", labelsize=10)
    axes.grid(visible=False, axis="y")
