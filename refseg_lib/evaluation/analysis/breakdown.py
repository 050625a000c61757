"""Scores of one system by kind of sentence, each with an interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from refseg_lib.evaluation.analysis.bootstrap import (
    DRAWS,
    SEED,
    Interval,
    interval,
    resample,
    sum_by_image,
)
from refseg_lib.evaluation.analysis.kinds import Kind
from refseg_lib.evaluation.sentence_scores import SentenceScore, score_sentences

ALL = "all"
FEW, FEW_IMAGES = 20, 10
"""Below so many sentences or images a score says too little to be read. Resampling a handful of
images knows nothing of all the others: its interval is too narrow."""
TOO_FEW = "too few to say"


@dataclass(frozen=True)
class Line:
    """The scores of the sentences of one label, in percent.

    Attributes:
        label: The label; ``"all"`` for the whole split.
        n: Sentences.
        images: Images that they speak of.
        oIoU: All intersections over all unions.
        mIoU: Mean IoU.
        precision: P@0.5.
        oIoU_interval: 95 % of the drawn splits lie within; None where no drawn split has such a
            sentence.
        precision_interval: The same for P@0.5.
    """

    label: str
    n: int
    images: int
    oIoU: float
    mIoU: float
    precision: float
    oIoU_interval: Interval | None
    precision_interval: Interval | None

    @property
    def few(self) -> bool:
        """Whether these are too few sentences, or too few images, to say anything."""
        return self.n < FEW or self.images < FEW_IMAGES

    def to_json(self) -> dict[str, Any]:
        """Return what :func:`json.dumps` takes, scores rounded to 0.01."""
        return {
            "label": self.label,
            "n": self.n,
            "images": self.images,
            "oIoU": round(self.oIoU, 2),
            "oIoU interval": rounded(self.oIoU_interval),
            "mIoU": round(self.mIoU, 2),
            "P@0.5": round(self.precision, 2),
            "P@0.5 interval": rounded(self.precision_interval),
            "too few": self.few,
        }


@dataclass(frozen=True)
class Breakdown:
    """The scores of one system by one kind of sentence.

    Attributes:
        kind: Name of the kind.
        meaning: What the kind sorts by.
        lines: The whole split first, then every label that has a sentence, in reading order.
    """

    kind: str
    meaning: str
    lines: tuple[Line, ...]

    def find(self, label: str) -> Line | None:
        """Return the line of a label, None where no sentence has it."""
        return next((line for line in self.lines if line.label == label), None)

    def to_json(self) -> dict[str, Any]:
        """Return what :func:`json.dumps` takes."""
        lines = [line.to_json() for line in self.lines]
        return {"kind": self.kind, "meaning": self.meaning, "lines": lines}

    def markdown(self) -> str:
        """Render a table; labels with too few sentences say so."""
        rows = [
            f"| {self.kind} | sentences | images | oIoU | mIoU | P@0.5 |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        for line in self.lines:
            name = f"{line.label} ({TOO_FEW})" if line.few else line.label
            overall = f"{line.oIoU:.1f} {told_interval(line.oIoU_interval)}"
            precision = f"{line.precision:.1f} {told_interval(line.precision_interval)}"
            rows.append(
                f"| {name} | {line.n} | {line.images} | {overall} | {line.mIoU:.1f} | {precision} |"
            )
        return "\n".join(rows)


def break_down(
    scores: Sequence[SentenceScore],
    labels: Sequence[str],
    kind: Kind,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Breakdown:
    """Score the sentences of every label.

    Args:
        scores: The sentences of a split, as :func:`refseg_lib.evaluation.scoring.evaluate` wrote
            them.
        labels: The label of each, from ``kind.label``.
        kind: The kind.
        draws: Splits drawn for the intervals.
        seed: Of the drawing.

    Raises:
        UserError: No sentence, or labels that do not fit.
    """
    summed = sum_by_image(scores, labels, kind.labels)
    drawn = resample(summed.sums, draws, seed)
    lines = []
    for column, label in enumerate((ALL, *kind.labels)):
        group = [
            score
            for score, given in zip(scores, labels, strict=True)
            if column == 0 or given == label
        ]
        if not group:
            continue
        overall, precision = (interval(drawn[:, column, k]) for k in range(2))
        point = score_sentences(group)
        lines.append(
            Line(
                label,
                len(group),
                int((summed.sums[:, column, 0] > 0).sum()),
                point["oIoU"],
                point["mIoU"],
                point["P@0.5"],
                overall,
                precision,
            )
        )
    return Breakdown(kind.name, kind.meaning, tuple(lines))


def rounded(given: Interval | None) -> list[float] | None:
    """Return an interval as JSON has it, rounded to 0.01."""
    return None if given is None else [round(end, 2) for end in given]


def told_interval(given: Interval | None) -> str:
    """Print an interval, such as ``"[70.1, 74.9]"``."""
    return "" if given is None else f"[{given[0]:.1f}, {given[1]:.1f}]"
