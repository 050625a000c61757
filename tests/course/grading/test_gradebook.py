import csv
from pathlib import Path
from typing import Any

from refseg_lib.course.grading.gradebook import plain, write_grades


def test_every_student_has_a_line_that_nbgraders_readers_understand(
    record: dict[str, Any], tmp_path: Path
) -> None:
    write_grades([record, {**record, "student": "bob, jr"}], tmp_path / "grades.csv")
    with open(tmp_path / "grades.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
        "raw_score", "late_submission_penalty", "score", "max_score",
    ]  # fmt: skip
    assert [row["student_id"] for row in rows] == ["ada", "bob, jr"]
    assert (float(rows[0]["score"]), float(rows[0]["max_score"])) == (1.0, 9.0)


def test_a_name_is_no_formula_and_no_second_line() -> None:
    assert plain('=HYPERLINK("x")') == '\'=HYPERLINK("x")'
    assert plain("a\nb") == "a?b"
    assert plain("李华") == "李华"
