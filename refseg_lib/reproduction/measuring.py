"""The runs on disk, put where their rows and columns are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from refseg_lib.reproduction.columns import Column, columns_of
from refseg_lib.reproduction.comparing import Entry
from refseg_lib.reproduction.planning import Choices, task_for, why_not
from refseg_lib.reproduction.rows import Row, rows_of
from refseg_lib.reproduction.running import Places, Record, read_record


@dataclass(frozen=True)
class Cell:
    """One row of one column.

    Attributes:
        row: The row.
        published: Metric to printed number.
        records: Seed to its record, for the runs that are done.
        why_not: Why there can be no run.
    """

    row: Row
    published: dict[str, float]
    records: dict[int, Record]
    why_not: str | None

    def scores(self, column: Column, metric: str, crf: bool = False) -> list[float]:
        """List one score of all seeds that were scored so, in percent."""
        found = []
        for record in self.records.values():
            place = record.find(column.measured_split, crf)
            if place is not None:
                found.append(float(record.rows[place].scores[metric]))  # type: ignore[literal-required]
        return found

    def entry(self, column: Column, crf: bool = False) -> Entry | None:
        """Return what can be compared, None where no run is done."""
        places = [record.find(column.measured_split, crf) for record in self.records.values()]
        runs: list[tuple[np.ndarray, np.ndarray]] = [
            record.images[place]
            for record, place in zip(self.records.values(), places, strict=True)
            if place is not None
        ]
        if not runs:
            return None
        return Entry(self.row.method, self.published.get("oIoU"), tuple(runs))


@dataclass(frozen=True)
class Measured:
    """A table as it stands on disk.

    Attributes:
        columns: Where numbers meet.
        cells: For each column its rows, in printed order.
    """

    columns: tuple[Column, ...]
    cells: tuple[tuple[Cell, ...], ...]

    @property
    def records(self) -> list[Record]:
        """All runs of the table, each once."""
        found = {
            (record.about["data"], record.about["run"]): record
            for cells in self.cells
            for cell in cells
            for record in cell.records.values()
        }
        return list(found.values())


def measure(table: str, choices: Choices, places: Places) -> Measured:
    """Read the records of all rows and columns of a table.

    Raises:
        UserError: An unknown table, one without such splits, or a file that is no record.
    """
    rows = rows_of(table)
    columns = columns_of(rows, choices.data, choices.splits)
    cells = tuple(_cells(rows, column, choices, places) for column in columns)
    return Measured(tuple(columns), cells)


def _cells(
    rows: Sequence[Row], column: Column, choices: Choices, places: Places
) -> tuple[Cell, ...]:
    cells = []
    for row in rows:
        published = {
            number.metric: number.value
            for number in row.printed
            if (number.dataset, number.split) == (column.dataset, column.split)
            and number.value is not None
        }
        records = {}
        for seed in choices.seeds:
            task = task_for(row, column, seed, choices)
            record = None if task is None else read_record(places.record(task))
            if record is not None:
                records[seed] = record
        cells.append(Cell(row, published, records, why_not(row, choices)))
    return tuple(cells)
