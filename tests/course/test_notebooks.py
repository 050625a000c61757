"""The notebooks themselves: built from their sources, and run as students run them."""

import json
from pathlib import Path
from typing import Any

import pytest

from refseg_lib.course.building.auditing import check_all
from refseg_lib.course.building.student_copy import run_student_copy
from refseg_lib.course.registry import all_exercises

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.py"))
POINTS = {exercise.name: exercise.points for exercise in all_exercises()}


def cells(notebook: Any) -> dict[str, Any]:
    return {cell["id"]: cell for cell in notebook["cells"]}


def points_shown(notebook: Any) -> dict[str, int]:
    """Exercise name to the number that its check cell shows."""
    shown = {}
    for name, cell in cells(notebook).items():
        if name.startswith("check-"):
            (result,) = (o for o in cell["outputs"] if o["output_type"] == "execute_result")
            shown[name.removeprefix("check-")] = int(result["data"]["text/plain"])
    return shown


def test_every_notebook_is_built_from_its_source_and_gives_nothing_away() -> None:
    folder = ROOT / "solutions"
    assert check_all(folder, ROOT / "notebooks", folder, POINTS) == []


def test_every_exercise_stands_in_the_notebook_it_names() -> None:
    standing = {}
    for lesson in LESSONS:
        built = json.loads((ROOT / "notebooks" / f"{lesson.stem}.ipynb").read_text())
        for name in cells(built):
            if name.startswith("exercise-"):
                standing[name.removeprefix("exercise-")] = lesson.stem[:2]
    assert standing == {exercise.name: exercise.notebook for exercise in all_exercises()}


@pytest.mark.usefixtures("parkref")
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_with_every_exercise_solved_it_runs_to_the_end_with_all_points(lesson: Path) -> None:
    solved = json.loads(lesson.with_suffix(".ipynb").read_text())
    answers = {
        name.removeprefix("exercise-"): "".join(cell["source"])
        for name, cell in cells(solved).items()
        if name.startswith("exercise-")
    }
    ran = run_student_copy(ROOT / "notebooks" / f"{lesson.stem}.ipynb", answers)
    assert points_shown(ran) == {name: POINTS[name] for name in answers}


@pytest.mark.usefixtures("parkref")
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_with_nothing_solved_it_runs_to_the_end_and_every_check_says_not_started(
    lesson: Path,
) -> None:
    ran = run_student_copy(ROOT / "notebooks" / f"{lesson.stem}.ipynb", {})
    shown = points_shown(ran)
    assert set(shown.values()) <= {0}
    for name in shown:
        (result,) = (
            o
            for o in cells(ran)[f"check-{name}"]["outputs"]
            if o["output_type"] == "execute_result"
        )
        assert "Not started" in "".join(result["data"]["text/html"])
