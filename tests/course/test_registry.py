from pathlib import Path

import pytest

from refseg_lib.course.registry import all_exercises, exercise_names, find_exercise
from refseg_lib.errors import UserError


def test_every_exercise_is_found_under_its_own_name() -> None:
    assert exercise_names()
    for name in exercise_names():
        assert find_exercise(name).name == name


def test_every_module_of_exercises_holds_one(repository: Path) -> None:
    files = (repository / "refseg_lib" / "course" / "exercises").glob("[a-z]*.py")
    assert {file.stem.replace("_", "-") for file in files} == set(exercise_names())


def test_exercises_come_notebook_by_notebook() -> None:
    notebooks = [exercise.notebook for exercise in all_exercises()]
    assert notebooks == sorted(notebooks)
    assert all(len(notebook) == 2 and notebook.isdigit() for notebook in notebooks)


def test_a_misspelt_name_is_told_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'gated-exchange'"):
        find_exercise("gated-exchnge")
    with pytest.raises(UserError, match="refseg progress"):
        find_exercise("zzz")
