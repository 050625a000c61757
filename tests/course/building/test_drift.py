"""Drift: a notebook that its lesson would not build today is found, with the first cell."""

import pytest

from refseg_lib.course.building.assembling import solution_notebook, student_notebook
from refseg_lib.course.building.digest import seal
from refseg_lib.course.building.drift import drift
from refseg_lib.course.building.notebook_file import notebook_text, read_notebook
from refseg_lib.course.building.run_times import RunTime

STREAM = {"output_type": "stream", "name": "stdout", "text": "hi\n"}


@pytest.fixture
def built(tmp_path, lesson, points):
    """Both notebooks on disk; the solution as if it had been run."""
    folders = tmp_path / "notebooks", tmp_path / "solutions"
    for folder, build in zip(folders, (student_notebook, solution_notebook), strict=True):
        folder.mkdir()
        notebook = build(lesson, points, None)
        if build is solution_notebook:
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    cell |= {"outputs": [STREAM], "execution_count": 3}
        (folder / "05_doubling.ipynb").write_text(notebook_text(notebook), encoding="utf-8")
    return folders


@pytest.fixture
def look(built, points):
    def _look(*lessons, times=None):
        return [str(entry) for entry in drift(lessons, *built, points, times or {})]

    return _look


def edit(folder, change):
    path = folder / "05_doubling.ipynb"
    notebook = read_notebook(path)
    change(notebook)
    path.write_text(notebook_text(notebook), encoding="utf-8")


def test_what_was_just_built_has_not_drifted(look, lesson):
    assert look(lesson) == []


def test_line_ends_of_a_windows_checkout_are_no_drift(look, lesson, built):
    for folder in built:
        path = folder / "05_doubling.ipynb"
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert look(lesson) == []


def test_a_changed_lesson_is_found_in_both_with_the_first_cell(look, read, text):
    lines = look(read(text.replace("## Before you start", "## Before")))
    assert [line.split("/")[-2] for line in lines] == ["notebooks", "solutions"]
    assert all("cell 2 (05-doubling-002) differs in its text" in line for line in lines)


def test_a_changed_solution_shows_in_the_solution_alone(look, read, text):
    (line,) = look(read(text.replace("x + x", "2 * x")))
    assert "solutions/05_doubling.ipynb: cell 4 (exercise-double) differs in its text" in line


def test_changed_points_and_a_new_run_time_are_drift(look, lesson, points):
    assert len(look(lesson, times={"05_doubling": RunTime(3, 2)})) == 2
    points["double"] = 9
    assert len(look(lesson)) == 2


def test_what_nbgrader_reads_is_compared_too(look, lesson, built):
    edit(built[1], lambda notebook: notebook["cells"][4]["metadata"]["nbgrader"].update(points=9))
    assert "cell 5 (check-double) differs in its metadata" in look(lesson)[0]


def test_outputs_are_drift_in_a_students_copy_and_none_in_a_solution(look, lesson, built):
    def change(notebook):
        notebook["cells"][2]["outputs"] = [STREAM | {"text": "other\n"}]

    edit(built[1], change)
    assert look(lesson) == []
    edit(built[0], change)
    (line,) = look(lesson)
    assert "notebooks/05_doubling.ipynb: its cells hold outputs" in line


def test_a_cell_more_or_less_is_found(look, lesson, built):
    edit(built[0], lambda notebook: notebook["cells"].pop())
    edit(built[1], lambda notebook: notebook["cells"].append(notebook["cells"][1] | {"id": "n"}))
    lines = look(lesson)
    assert "has 7 cells instead of 8" in lines[0]
    assert "has 10 cells instead of 9" in lines[1]


def test_a_solution_that_was_never_run_is_found(look, lesson, built):
    edit(built[1], lambda notebook: notebook["cells"][2].update(execution_count=None))
    assert "was not run" in look(lesson)[0]


def test_a_broken_seal_is_found(look, lesson, built):
    for folder in built:
        edit(folder, lambda notebook: notebook["metadata"]["refseg"].update(built="0"))
    assert all("metadata differ" in line for line in look(lesson))
    assert len(look(lesson)) == 2


def test_missing_notebooks_and_those_of_lessons_that_are_gone_are_found(look, lesson, built, make):
    (built[0] / "05_doubling.ipynb").unlink()
    (built[1] / "04_gone.ipynb").write_text(notebook_text(seal(make("a"))))
    (built[0] / "demos.ipynb").write_text(notebook_text(make("written by hand")))
    lines = look(lesson)
    assert "notebooks/05_doubling.ipynb: was never built" in lines[0]
    assert "solutions/04_gone.ipynb: its lesson is gone" in lines[1]
    assert len(lines) == 2
