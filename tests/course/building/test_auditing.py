"""Everything that is wrong is told at once, without running anything."""

import pytest

from refseg_lib.course.building.assembling import solution_notebook, student_notebook
from refseg_lib.course.building.auditing import check_all, refuse, unpublishable, written_badly
from refseg_lib.course.building.notebook_file import notebook_text
from refseg_lib.errors import UserError


@pytest.fixture
def course(tmp_path, text, lesson, points):
    """A built course on disk; its solution as if run without printing."""
    notebooks, solutions = tmp_path / "notebooks", tmp_path / "solutions"
    notebooks.mkdir()
    solutions.mkdir()
    (solutions / "05_doubling.py").write_text(text, encoding="utf-8")
    student = notebook_text(student_notebook(lesson, points, None))
    (notebooks / "05_doubling.ipynb").write_text(student, encoding="utf-8")
    solved = notebook_text(solution_notebook(lesson, points, None))
    solved = solved.replace('"execution_count": null', '"execution_count": 1')
    (solutions / "05_doubling.ipynb").write_text(solved, encoding="utf-8")
    return solutions, notebooks, solutions, points


def test_a_course_as_built_has_nothing_wrong(course):
    assert check_all(*course) == []


def test_each_kind_of_mistake_gets_its_line(course, make):
    sources, notebooks, solutions, points = course
    shown = {"output_type": "stream", "name": "stdout", "text": "see /home/ann/x"}
    given_away = make(" # T\n### deep", " ![](x.png)", "y = sum([x, step])")
    (notebooks / "demos.ipynb").write_text(notebook_text(given_away))
    (solutions / "demos.ipynb").write_text(notebook_text(make(("a", [shown]))))
    (notebooks / "05_doubling.ipynb").unlink()
    lines = check_all(sources, notebooks, solutions, points)
    for piece in (
        "05_doubling.ipynb: was never built",
        "notebooks/demos.ipynb, cell 1 (c1): heading 'deep'",
        "notebooks/demos.ipynb, cell 2 (c2): a picture without a text",
        "notebooks/demos.ipynb, cell 3 (c3): repeats 9 tokens",
        "solutions/demos.ipynb, cell 1 (c1): its output shows '/home/ann'",
    ):
        assert sum(piece in line for line in lines) == 1, piece
    assert len(lines) == 5


def test_the_two_lists_hold_what_their_parts_find(make, tmp_path):
    assert len(written_badly("05", make(" # T\n### A\n![](a)"))) == 2
    shown = {"output_type": "stream", "name": "stdout", "text": f"{tmp_path} {'x' * 10**6}"}
    assert len(unpublishable("05", make(("a", [shown])), tmp_path)) == 2


def test_a_refusal_tells_the_first_problem_and_how_many_more():
    refuse([])
    with pytest.raises(UserError, match=r"^one \(and 2 more\)$"):
        refuse(["one", "two", "three"])
    with pytest.raises(UserError, match=r"^one$"):
        refuse(iter(["one"]))
