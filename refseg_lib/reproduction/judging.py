"""One column of a reproduced table, judged: the order of its rows and the paper's claims."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from refseg_lib.reproduction.claims import CLAIMS, Claim
from refseg_lib.reproduction.columns import Column
from refseg_lib.reproduction.comparing import (
    Entry,
    Gain,
    Ranks,
    draw_scores,
    gain,
    ranks,
    same_runs,
)
from refseg_lib.reproduction.measuring import Cell


@dataclass(frozen=True)
class Compared:
    """One column, ready for text and figure.

    Attributes:
        column: Which.
        entries: Its rows with runs.
        drawn: Their scores under other pictures and seeds, see
            :func:`refseg_lib.reproduction.comparing.draw_scores`; None without runs.
        crf: Whether all of this was scored with a dense CRF.
    """

    column: Column
    entries: list[Entry]
    drawn: np.ndarray | None
    crf: bool

    @property
    def title(self) -> str:
        """Data set, split and whether with CRF."""
        crf = ", CRF" if self.crf else ""
        return f"{self.column.data} {self.column.measured_split}{crf}"

    @functools.cached_property
    def ranks(self) -> Ranks | None:
        """How the order of its rows agrees with the printed one; None where nothing can be said."""
        return None if self.drawn is None else ranks(self.entries, self.drawn)


class Judged(NamedTuple):
    """One claim, what was found, and by how many seeds."""

    claim: Claim
    by: Gain
    seeds: int


def compare(column: Column, cells: Sequence[Cell]) -> Compared:
    """Make a column ready from its cells, rows without a run left out."""
    run = [cell for cell in cells if cell.entry(column)]
    # A table that was printed with a CRF is compared with one, once all of its runs have one.
    crf = bool(run) and all(cell.row.crf and cell.entry(column, crf=True) for cell in run)
    entries = [entry for cell in run if (entry := cell.entry(column, crf))]
    return Compared(column, entries, draw_scores(entries) if entries else None, crf)


def judge(table: str, one: Compared) -> list[Judged]:
    """Judge the claims of a table of which both rows were run, and are not one and the same."""
    if one.drawn is None:
        return []
    place = {entry.method: n for n, entry in enumerate(one.entries)}
    found = []
    for claim in CLAIMS.get(table, ()):
        if claim.better not in place or claim.worse not in place:
            continue
        if claim.dataset not in (None, one.column.dataset):
            continue
        better, worse = place[claim.better], place[claim.worse]
        # Two rows may be one network here, as without word vectors those with and without GloVe.
        if same_runs(one.entries[better], one.entries[worse]):
            continue
        by = gain(one.entries, one.drawn, better, worse)
        if by is not None:
            seeds = min(len(one.entries[n].runs) for n in (better, worse))
            found.append(Judged(claim, by, seeds))
    return found
