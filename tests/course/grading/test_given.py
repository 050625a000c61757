import inspect
import re
from pathlib import Path

import pytest

from refseg_lib.course.exercise import Exercise
from refseg_lib.course.grading.given import given_sources
from refseg_lib.course.grading.remote import Worker
from refseg_lib.course.grading.sandbox import Limits
from refseg_lib.course.registry import all_exercises, find_exercise

GIVING = [exercise for exercise in all_exercises() if exercise.given]


def test_the_answer_is_cut_out_of_what_is_given() -> None:
    exercise = find_exercise("undo-letterbox")
    source = given_sources(exercise)["refseg_lib.data.letterbox"]
    assert "class Letterbox" in source
    assert f"def {exercise.reference.__name__}(" not in source
    assert f"def {exercise.reference.__name__}(" in inspect.getsource(
        inspect.getmodule(exercise.reference)  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("exercise", GIVING, ids=lambda exercise: exercise.name)
def test_in_the_box_what_is_given_can_be_imported_and_the_answer_cannot(
    exercise: Exercise, limits: Limits
) -> None:
    module, answer = exercise.reference.__module__, exercise.reference.__name__
    given = given_sources(exercise)
    with Worker(6, limits) as worker:
        for name in exercise.given:
            assert worker.begin(f"import {name}\ndef f(): pass", "f", given) is None
            worker.end()
        said = worker.begin(f"from {module} import {answer} as f", "f", given)
        worker.end()
    assert said is not None
    assert re.match("ImportError|ModuleNotFoundError", said)


def test_every_exercise_cell_imports_no_more_than_it_is_given(repository: Path) -> None:
    for file in sorted((repository / "solutions").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        for name, cell in re.findall(r'# %% exercise="([\w-]+)"\n(.*?)(?=\n# %%)', text, re.S):
            given = find_exercise(name).given
            for module, what in re.findall(r"from (refseg_lib[\w.]*) import (\w+)", cell):
                assert module in given or f"{module}.{what}" in given, name
