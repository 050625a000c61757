"""grades.csv, with the columns that nbgrader exports, so that what reads those reads these."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from refseg_lib.course.grading.printable import printable
from refseg_lib.files import write_atomically

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
    "raw_score", "late_submission_penalty", "score", "max_score",
)  # fmt: skip


def write_grades(records: Sequence[dict[str, Any]], file: Path) -> None:
    """Write one line per student and notebook.

    Names, dates and penalties are not the grader's to know and stay empty or 0, as in nbgrader's
    own export when it was not told.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow(
            {
                "assignment": record["notebook"],
                "student_id": plain(record["student"]),
                "raw_score": float(record["points"]),
                "late_submission_penalty": 0.0,
                "score": float(record["points"]),
                "max_score": float(record["of"]),
            }
        )
    write_atomically(file, text.getvalue())


def plain(name: str) -> str:
    """Keep a student's name from being taken for a formula by a spreadsheet, or for two lines."""
    name = printable(name)
    return f"'{name}" if name[:1] in "=+-@" else name
