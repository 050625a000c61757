"""Everything an instructor gets: grades.csv, a page per student, a page about the class."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from refseg_lib.course.grading.batch import Job, file_name
from refseg_lib.course.grading.class_report import class_report
from refseg_lib.course.grading.feedback import feedback_page
from refseg_lib.course.grading.gradebook import write_grades
from refseg_lib.files import write_atomically


def write_reports(records: Sequence[dict[str, Any]], out: Path) -> list[Path]:
    """Write ``grades.csv``, ``class.html`` and ``feedback/STUDENT.NN.….html``.

    Args:
        records: Of :func:`refseg_lib.course.grading.batch.grade_folder`.
        out: The folder given to it.

    Returns:
        The files an instructor opens first: grades and class report.
    """
    for record in records:
        job = Job(record["student"], record["notebook"], Path(record["path"]))
        write_atomically(out / "feedback" / f"{file_name(job)}.html", feedback_page(record))
    write_grades(records, out / "grades.csv")
    write_atomically(out / "class.html", class_report(records))
    return [out / "grades.csv", out / "class.html"]
