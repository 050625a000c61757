"""The numbers that the five papers print, as data.

``published.csv`` holds every value of every table, as printed; beside our measurements it says
what was hoped for. Numbers that papers quote from one another differ now and then: the notes say
where.
"""

import csv
import functools
from dataclasses import dataclass
from importlib import resources

from refseg_lib.errors import UserError

PAPERS = {
    "000_BUSNet_CVPR21": "busnet",
    "001_CMPC_CVPR20": "cmpc",
    "002_Bilingual_TIST21": "bilingual",
    "003_SHNet_ACLF22": "shnet",
    "004_CMSA_CVPR19": "cmsa",
}
"""Each paper and its system, after which its tables are named here: ``cmsa-3`` is 004's Table 3."""

ABLATION_TABLES = (
    ("000_BUSNet_CVPR21", "T2"),
    ("001_CMPC_CVPR20", "T2"),
    ("001_CMPC_CVPR20", "T3"),
    ("001_CMPC_CVPR20", "T4"),
    ("002_Bilingual_TIST21", "T4"),
    ("003_SHNet_ACLF22", "T2"),
    ("003_SHNet_ACLF22", "T3"),
    ("003_SHNet_ACLF22", "T4"),
    ("004_CMSA_CVPR19", "T2"),
    ("004_CMSA_CVPR19", "T3"),
)
"""The tables whose rows are variants of one system, built by name with ``ablation=``."""


@dataclass(frozen=True)
class Published:
    """One printed number.

    Attributes:
        paper: Number, system and venue, such as ``"004_CMSA_CVPR19"``.
        table: Its table, such as ``"T3"``.
        method: The row as printed.
        dataset: Such as ``"UNC+"``.
        split: Such as ``"testA"``.
        metric: Such as ``"oIoU"`` or ``"P@0.5"``.
        value: In percent, for scores; None where the table has a row without this number.
        notes: What a reader must know.
    """

    paper: str
    table: str
    method: str
    dataset: str
    split: str
    metric: str
    value: float | None
    notes: str


@functools.cache
def published() -> tuple[Published, ...]:
    """Read all printed numbers, in the order of the papers."""
    file = resources.files("refseg_lib.reproduction") / "published.csv"
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    return tuple(
        Published(**{**row, "value": float(row["value"]) if row["value"] else None}) for row in rows
    )


def methods(paper: str, table: str) -> list[str]:
    """List the rows of a table, in their printed order, each once."""
    return list(
        dict.fromkeys(row.method for row in published() if (row.paper, row.table) == (paper, table))
    )


def table_names() -> list[str]:
    """List the names of all tables with scores, ``busnet-1`` to ``cmsa-3``."""
    found = {
        f"{PAPERS[row.paper]}-{row.table[1:]}"
        for row in published()
        if row.paper in PAPERS and row.table[1:].isdigit() and row.metric != "avg_length"
    }
    return sorted(found)


def printed_table(name: str) -> list[Published]:
    """Return the numbers of one table by its name, such as ``cmsa-3``.

    Raises:
        UserError: There is no such table.
    """
    if name not in table_names():
        raise UserError(f"unknown table {name!r}; choose one of {', '.join(table_names())}")
    system, number = name.split("-")
    return [
        row for row in published() if PAPERS.get(row.paper) == system and row.table == f"T{number}"
    ]
