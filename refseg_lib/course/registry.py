"""Finding exercises by name: every module of :mod:`refseg_lib.course.exercises` holds one."""

import difflib
import functools
import importlib
import pkgutil

from refseg_lib.course import exercises
from refseg_lib.course.exercise import Exercise
from refseg_lib.errors import UserError


@functools.cache
def exercise_names() -> tuple[str, ...]:
    """Return the names of all exercises, sorted."""
    modules = pkgutil.iter_modules(exercises.__path__)
    return tuple(sorted(module.name.replace("_", "-") for module in modules))


def find_exercise(name: str) -> Exercise:
    """Return an exercise by its name, such as ``"masked-softmax"``.

    Raises:
        UserError: There is none; the message names the nearest.
    """
    if name not in exercise_names():
        near = difflib.get_close_matches(str(name), exercise_names(), 1)
        hint = f"did you mean {near[0]!r}?" if near else "`refseg progress` lists all of them"
        raise UserError(f"there is no exercise {name!r}; {hint}")
    module = importlib.import_module(f"{exercises.__name__}.{name.replace('-', '_')}")
    return module.EXERCISE


def all_exercises() -> list[Exercise]:
    """Return all exercises by notebook, and by name within one."""
    found = [find_exercise(name) for name in exercise_names()]
    return sorted(found, key=lambda exercise: (exercise.notebook, exercise.name))
