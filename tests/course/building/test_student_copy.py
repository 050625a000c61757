"""A student's copy runs to its end whatever is still unsolved, and answers count."""

import pytest

from refseg_lib.course.building.assembling import student_notebook
from refseg_lib.course.building.notebook_file import notebook_text
from refseg_lib.course.building.student_copy import run_student_copy
from refseg_lib.errors import UserError


@pytest.fixture
def copy_(tmp_path, lesson, points):
    path = tmp_path / "notebooks" / "05_doubling.ipynb"
    path.parent.mkdir()
    path.write_text(notebook_text(student_notebook(lesson, points, None)), encoding="utf-8")
    return path


def test_an_answer_earns_its_points_and_an_untouched_stub_none_and_all_cells_run(copy_):
    before = copy_.read_bytes()
    done = run_student_copy(copy_, {"double": "def double(x):\n    return 2 * x"})
    printed = {
        cell["id"]: "".join(output["text"] for output in cell["outputs"])
        for cell in done["cells"]
        if cell["cell_type"] == "code"
    }
    assert printed["check-double"] == "double: 2 points\n"
    assert printed["check-shift"] == "shift: 0 points\n"
    assert printed["05-doubling-009"] == "乘 ['α', 'β']\n"
    assert copy_.read_bytes() == before


def test_an_answer_to_an_exercise_that_is_not_there_is_refused(copy_):
    with pytest.raises(UserError, match=r"no exercise 'pool'.* it has double, shift"):
        run_student_copy(copy_, {"pool": "pass"})
