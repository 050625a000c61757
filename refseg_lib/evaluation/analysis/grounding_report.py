"""What :mod:`.stepwise_grounding` found, as numbers and as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLAT = 0.1


@dataclass(frozen=True)
class ShiftRow:
    """The attention A of a level's shifts (paper 000, Eq. 4): where an edge sends its message.

    Attributes:
        level: The backbone level.
        edges: How many.
        mean: The mean over edges and cells, in [-1, 1].
        deviation: The mean over edges of the standard deviation over cells.
        flat: Percent of the edges whose deviation is below :data:`FLAT`: the same everywhere, such
            an edge shifts nothing.
    """

    level: str
    edges: int
    mean: float
    deviation: float
    flat: float


def shift_rows(
    attention: Mapping[str, Sequence[NDArray[np.float64]]],
) -> tuple[ShiftRow, ...]:
    """Sum attention up: level to a map (h, w) per edge."""
    rows = []
    for level, maps in sorted(attention.items()):
        spread = np.array([m.std() for m in maps])
        rows.append(
            ShiftRow(
                level=level,
                edges=len(maps),
                mean=round(float(np.mean([m.mean() for m in maps])), 4),
                deviation=round(float(spread.mean()), 4),
                flat=round(100 * float((spread < FLAT).mean()), 2),
            )
        )
    return tuple(rows)


@dataclass(frozen=True)
class GroundingRow:
    """The mean over some nodes, in percent.

    Attributes:
        group: Which nodes.
        map: ``"initial"``, ``"shifted"`` or ``"answer"``.
        n: Nodes.
        area: The entity's share of the picture: chance.
        pointing: See the module.
        auc: Likewise.
        inside: Likewise.
        n_others: Nodes whose sentence has such other nodes.
        own_pointing: ``pointing`` of these alone.
        other_pointing: Of the maps of the other nodes, on the same masks.
        own_auc: ``auc`` of these alone.
        other_auc: Of the maps of the other nodes.
    """

    group: str
    map: str
    n: int
    area: float
    pointing: float
    auc: float
    inside: float
    n_others: int
    own_pointing: float | None
    other_pointing: float | None
    own_auc: float | None
    other_auc: float | None


@dataclass(frozen=True)
class Grounding:
    """The result.

    Attributes:
        model: The model's name.
        dataset: Data set, split, language.
        graphs: Which graphs it reasoned along.
        sentences: Sentences asked.
        unmatched: Nodes of the graphs that are no true node: not scored.
        unseen: Nodes whose entity shows no pixel: not scored.
        rows: The means.
        shifts: How the attention of the shifts is spread.
    """

    model: str
    dataset: str
    graphs: str
    sentences: int
    unmatched: int
    unseen: int
    rows: tuple[GroundingRow, ...]
    shifts: tuple[ShiftRow, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers and strings, ready for ``json.dump``."""
        return asdict(self)

    def markdown(self) -> str:
        """Return a heading, what was done, and a table."""
        head = (
            "| nodes | map | n | area = chance | pointing | AUC | response inside"
            " | pointing: own, other | AUC: own, other |\n|---|---|--:|--:|--:|--:|--:|--:|--:|"
        )
        lines = [
            f"| {row.group} | {row.map} | {row.n} | {row.area:.1f} |"
            f" {row.pointing:.1f} | {row.auc:.1f} | {row.inside:.1f} |"
            f" {_pair(row.own_pointing, row.other_pointing)} |"
            f" {_pair(row.own_auc, row.other_auc)} |"
            for row in self.rows
        ]
        about = (
            f"{self.model}, {self.dataset}, {self.sentences} sentences, language graphs:"
            f" {self.graphs}; percent. {self.unmatched} nodes match no true one, {self.unseen} mean"
            " nothing visible. Chance for AUC is 50. Own, other: the node's own map, and those of"
            " its sentence's other nodes, on the same mask."
        )
        shifts = (
            "Attention A of the shifts, in [-1, 1]; flat: its standard deviation over the cells is"
            f" below {FLAT}, so that the edge says the same of every place.\n\n"
            "| level | edges | mean A | deviation over cells | flat, % |\n|---|--:|--:|--:|--:|"
        )
        spread = [
            f"| {row.level} | {row.edges} | {row.mean:.2f} | {row.deviation:.2f} | {row.flat:.1f} |"
            for row in self.shifts
        ]
        return "\n".join(
            ("## What the steps look at", "", about, "", head, *lines, "", shifts, *spread, "")
        )


def _pair(own: float | None, other: float | None) -> str:
    return "–" if own is None or other is None else f"{own:.1f}, {other:.1f}"
