"""The numbers that the five papers print, as data.

``published.csv`` holds every value of every table, as printed; beside our measurements it says
what was hoped for. Numbers that papers quote from one another differ now and then: the notes say
where.
"""

import csv
import functools
from dataclasses import dataclass
from importlib import resources

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
