from pathlib import Path
from typing import Any

from refseg_lib.course.grading.reports import write_reports


def test_an_instructor_gets_grades_a_class_page_and_a_page_per_student(
    record: dict[str, Any], tmp_path: Path
) -> None:
    names = ["ada", "../../etc", "=1+1", "李华", ".hidden"]
    write_reports([{**record, "student": name} for name in names], tmp_path / "out")
    assert (tmp_path / "out" / "grades.csv").exists()
    assert (tmp_path / "out" / "class.html").exists()
    assert len(list((tmp_path / "out" / "feedback").iterdir())) == len(names)
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
