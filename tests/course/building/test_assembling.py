"""The two notebooks of a lesson: the same cells, but what is the student's to write."""

import nbformat
import pytest

from refseg_lib.course.building.assembling import solution_notebook, student_notebook
from refseg_lib.course.building.digest import is_untouched
from refseg_lib.course.building.exercise_cell import BEGIN, END
from refseg_lib.course.building.notebook_file import notebook_text
from refseg_lib.course.building.run_times import RunTime

# cell metadata schema 3 of nbgrader, written out by hand
NBGRADER = {
    "exercise-double": {
        "schema_version": 3,
        "grade": False,
        "grade_id": "exercise-double",
        "locked": False,
        "solution": True,
        "task": False,
    },
    "check-double": {
        "schema_version": 3,
        "grade": True,
        "grade_id": "check-double",
        "locked": True,
        "points": 2,
        "solution": False,
        "task": False,
    },
}


@pytest.fixture
def both(lesson, points):
    run = RunTime(12, 2)
    return student_notebook(lesson, points, run), solution_notebook(lesson, points, run)


def by_id(notebook):
    return {cell["id"]: cell for cell in notebook["cells"]}


def test_the_student_gets_every_cell_but_the_solutions_and_what_is_for_teachers(lesson, both):
    student = by_id(both[0])
    for cell in lesson.cells[1:]:
        if cell.role == "solution_only":
            assert cell.id not in student
        elif cell.role != "exercise":
            assert student[cell.id]["source"] == cell.source
    stub = student["exercise-double"]["source"]
    assert stub.endswith('    """\n    raise NotImplementedError("double: write me")')
    for secret in ("total", BEGIN, END, "for teachers"):
        assert secret not in notebook_text(both[0])


def test_the_solution_is_the_source_whole(lesson, both):
    assert [cell["source"] for cell in both[1]["cells"][1:]] == [c.source for c in lesson.cells[1:]]
    assert by_id(both[1])["exercise-double"]["source"].count(BEGIN) == 1


def test_neither_holds_an_output_before_it_was_run(both):
    for notebook in both:
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert code
        assert all(c["outputs"] == [] and c["execution_count"] is None for c in code)


def test_both_open_with_the_same_card_which_says_the_time_and_the_points(both):
    cards = [notebook["cells"][0]["source"] for notebook in both]
    assert cards[0] == cards[1]
    assert "12 s on two cores" in cards[0]
    assert "2 exercises, 5 points" in cards[0]


def test_building_twice_gives_the_same_bytes(lesson, points):
    first, second = (notebook_text(student_notebook(lesson, points, None)) for _ in range(2))
    assert first == second
    assert first.endswith("\n")
    assert "version" not in nbformat.reads(first, as_version=4).metadata["language_info"]


def test_both_are_valid_and_sealed(both):
    for notebook in both:
        nbformat.validate(nbformat.from_dict(notebook))
        assert notebook["metadata"]["kernelspec"]["name"] == "python3"
        assert is_untouched(notebook)


def test_nbgrader_finds_the_answer_to_collect_and_the_check_to_score(both):
    for notebook in both:
        cells = by_id(notebook)
        for name, wanted in NBGRADER.items():
            assert cells[name]["metadata"] == {"nbgrader": wanted}
        plain = [c for c in notebook["cells"] if not c["id"].startswith(("exercise-", "check-"))]
        assert all(cell["metadata"] == {} for cell in plain)
