"""One submission, a test per requirement: ``pytest tests/grading --submission X [-m EXERCISE]``.

The answers run in the same boxes as those of ``refseg grade``.
"""

import re
from pathlib import Path

import pytest

from refseg_lib.course.exercise import Exercise
from refseg_lib.course.registry import all_exercises
from refseg_lib.course.variants import for_cohort

HANDED_IN = "test_handed_in.py"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("refseg", "grading one submission")
    group.addoption("--submission", type=Path, metavar="X.ipynb", help="a notebook handed in")
    group.addoption("--notebook", metavar="NN", help="which one it is, if its name does not say")
    group.addoption("--cohort", type=int, default=0, metavar="SEED", help="of the hidden inputs")
    group.addoption("--varied", action="store_true", help="as in `refseg grade --varied`")


def pytest_configure(config: pytest.Config) -> None:
    for exercise in all_exercises():
        config.addinivalue_line("markers", f"{exercise.name}: {exercise.title}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With a submission nothing but its requirements is asked; without one, those are not."""
    given = config.getoption("--submission", None) is not None
    if collection_path.suffix == ".py" and given != (collection_path.name == HANDED_IN):
        return True
    return None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "asked" not in metafunc.fixturenames:
        return
    pairs = [
        pytest.param(
            (exercise, place),
            id=f"{exercise.name}: {requirement.name}",
            marks=getattr(pytest.mark, exercise.name),
        )
        for exercise in exercises_of(metafunc.config)
        for place, requirement in enumerate(exercise.requirements)
    ]
    metafunc.parametrize("asked", pairs)


def exercises_of(config: pytest.Config) -> list[Exercise]:
    """What the notebook handed in should answer, as this cohort was asked."""
    path, seed = config.getoption("--submission"), config.getoption("--cohort")
    if path is None:
        raise pytest.UsageError("this file judges one submission: add --submission X.ipynb")
    named = re.match(r"\d\d(?=_)", path.name)
    number = config.getoption("--notebook") or (named.group() if named else "")
    asked = [exercise for exercise in all_exercises() if exercise.notebook == number]
    if not path.is_file():
        raise pytest.UsageError(f"there is no submission {path}")
    if not asked:
        raise pytest.UsageError(f"{path}: which notebook is it? Add --notebook 05, for example")
    if not config.getoption("--varied"):
        return asked
    return [for_cohort(exercise, seed) for exercise in asked]
