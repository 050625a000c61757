"""Systems on the same images, by kind of sentence, with paired intervals.

The systems are scored on the same drawn images (see the bootstrap over images), so that what makes
a picture hard for all of them cancels. Their sentences may differ, as English and Chinese do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.bootstrap import (
    DRAWS,
    SEED,
    ImageSums,
    Interval,
    interval,
    resample,
    score_sums,
    sum_by_image,
)
from refseg_lib.evaluation.analysis.breakdown import (
    ALL,
    TOO_FEW,
    Breakdown,
    Line,
    break_down,
    rounded,
    told_interval,
)
from refseg_lib.evaluation.analysis.kinds import Kind
from refseg_lib.evaluation.sentence_scores import SentenceScore

Labelled = tuple[Sequence[SentenceScore], Sequence[str]]
"""The sentences of a system, and the label of each."""


@dataclass(frozen=True)
class Difference:
    """By how many points a system is ahead of the first one, on the sentences of one label.

    Attributes:
        label: The label; ``"all"`` for the whole split.
        oIoU: Difference of oIoU; negative where the first is ahead.
        oIoU_interval: 95 % of the drawn splits lie within.
        precision: Difference of P@0.5.
        precision_interval: The same for P@0.5.
    """

    label: str
    oIoU: float
    oIoU_interval: Interval | None
    precision: float
    precision_interval: Interval | None

    def to_json(self) -> dict[str, Any]:
        """Return what :func:`json.dumps` takes, rounded to 0.01."""
        return {
            "label": self.label,
            "oIoU": round(self.oIoU, 2),
            "oIoU interval": rounded(self.oIoU_interval),
            "P@0.5": round(self.precision, 2),
            "P@0.5 interval": rounded(self.precision_interval),
        }


@dataclass(frozen=True)
class Comparison:
    """Several systems by one kind of sentence.

    Attributes:
        kind: Name of the kind.
        meaning: What the kind sorts by.
        labels: The whole split first, then every label of which any system has a sentence.
        breakdowns: Name of the system to its scores; the first is what the others are held to.
        differences: Name of every other system to its differences from the first, one for each
            label of which both have a sentence.
    """

    kind: str
    meaning: str
    labels: tuple[str, ...]
    breakdowns: dict[str, Breakdown]
    differences: dict[str, tuple[Difference, ...]]

    def to_json(self) -> dict[str, Any]:
        """Return what :func:`json.dumps` takes."""
        return {
            "kind": self.kind,
            "meaning": self.meaning,
            "systems": {
                name: [line.to_json() for line in one.lines]
                for name, one in self.breakdowns.items()
            },
            "differences": {
                name: [one.to_json() for one in some] for name, some in self.differences.items()
            },
        }

    def markdown(self) -> str:
        """Render two tables, of oIoU and of P@0.5, the systems side by side.

        Behind a score stand its distance from the first system's and the interval of that.
        """
        return f"{self._table('oIoU')}\n\n{self._table('P@0.5')}"

    def _table(self, score: str) -> str:
        heads = [
            self.kind,
            "sentences in images",
            *(f"{name}, {score}" for name in self.breakdowns),
        ]
        rows = [f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1)]
        return "\n".join([*rows, *(self._row(label, score) for label in self.labels)])

    def _row(self, label: str, score: str) -> str:
        lines = [one.find(label) for one in self.breakdowns.values()]
        few = any(line is None or line.few for line in lines)
        amounts = ["0" if line is None else f"{line.n} in {line.images}" for line in lines]
        # One number where all systems have as many sentences, as they have in one language.
        told = amounts[:1] if len(set(amounts)) == 1 else amounts
        cells = [f"{label} ({TOO_FEW})" if few else label, " / ".join(told)]
        for name, line in zip(self.breakdowns, lines, strict=True):
            value = "" if line is None else f"{_picked(line, score)[0]:.1f}"
            for one in self.differences.get(name, ()):
                if one.label == label:
                    ahead, within = _picked(one, score)
                    value += f" ({ahead:+.1f} {told_interval(within)})"
            cells.append(value)
        return f"| {' | '.join(cells)} |"


def compare(
    systems: Mapping[str, Labelled], kind: Kind, draws: int = DRAWS, seed: int = SEED
) -> Comparison:
    """Lay systems side by side.

    Args:
        systems: Name to sentence scores and their labels. All are of the same images; the
            sentences may differ. One system alone has no differences.
        kind: The kind that the labels are of.
        draws: Splits drawn for the intervals.
        seed: Of the drawing.

    Raises:
        UserError: No system, other images, or labels that do not fit.
    """
    if not systems:
        raise UserError("there is no system to compare: give one or more")
    summed = {
        name: sum_by_image(scores, labels, kind.labels)
        for name, (scores, labels) in systems.items()
    }
    first = next(iter(summed))
    for name, one in summed.items():
        if one.images != summed[first].images:
            alone = len(set(one.images) ^ set(summed[first].images))
            raise UserError(
                f"{name} and {first} were scored on different images ({alone} are not in both):"
                " score them on the same split with the same limit"
            )
    breakdowns = {
        name: break_down(scores, labels, kind, draws, seed)
        for name, (scores, labels) in systems.items()
    }
    present = {line.label for one in breakdowns.values() for line in one.lines}
    drawn = resample(summed[first].sums, draws, seed)
    return Comparison(
        kind.name,
        kind.meaning,
        tuple(label for label in (ALL, *kind.labels) if label in present),
        breakdowns,
        {
            name: _differences(summed[first], one, drawn, draws, seed)
            for name, one in summed.items()
            if name != first
        },
    )


def _differences(
    first: ImageSums, other: ImageSums, drawn: NDArray[np.float64], draws: int, seed: int
) -> tuple[Difference, ...]:
    point = score_sums(other.sums.sum(0)) - score_sums(first.sums.sum(0))
    # The same seed and as many images: the same images are drawn.
    apart = resample(other.sums, draws, seed) - drawn
    return tuple(
        Difference(
            label,
            float(point[column, 0]),
            interval(apart[:, column, 0]),
            float(point[column, 1]),
            interval(apart[:, column, 1]),
        )
        for column, label in enumerate((ALL, *first.labels))
        if not np.isnan(point[column]).any()
    )


def _picked(given: Line | Difference, score: str) -> tuple[float, Interval | None]:
    if score == "oIoU":
        return given.oIoU, given.oIoU_interval
    return given.precision, given.precision_interval
