"""What a notebook calls: ``check`` examines an answer, ``working`` hands a function that works."""

import contextlib
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from refseg_lib.course import progress
from refseg_lib.course.checking import examine
from refseg_lib.course.registry import find_exercise
from refseg_lib.course.variants import under, usual_form, variant_named
from refseg_lib.course.verdict import Verdict
from refseg_lib.errors import UserError

_passed: dict[str, Callable[..., Any]] = {}
"""Answers that passed in this session, by exercise."""


def check(
    name: str, answer: Callable[..., Any], seed: int = 0, variant: str | None = None
) -> Verdict:
    """Examine an answer; the verdict displays as a card.

    Args:
        name: The exercise.
        answer: Your function.
        seed: Of the inputs it is tried on; another seed asks the same with other numbers.
        variant: The convention under which your notebook asks it; None for the usual one.

    Returns:
        The verdict. Whatever the answer raises is part of it.

    Raises:
        UserError: There is no such exercise or variant, or the answer is not a function.
    """
    exercise = find_exercise(name)
    convention = variant_named(exercise, variant) if variant else None
    if convention:
        exercise = under(exercise, convention)
    if not callable(answer):
        raise UserError(
            f"check({name!r}, …) needs your function, got {type(answer).__name__}: pass its name"
            " without brackets"
        )
    # For nbgrader a check cell with anything on stderr, a warning too, has failed.
    with contextlib.redirect_stderr(sys.stdout):
        verdict = examine(exercise, answer, seed)
    attempts = progress.remember(verdict)
    if verdict.passed:
        _passed[name] = usual_form(answer, convention) if convention else answer
    else:
        _passed.pop(name, None)
    return replace(verdict, attempts=attempts)


def working(name: str) -> Callable[..., Any]:
    """Return the student's function when it passed its check in this session, else the library's.

    Later cells go on with it, so that a notebook runs to its end whatever is still unsolved; which
    one it is is printed. An answer under another convention is translated: the rest of the
    notebook keeps to the usual one.
    """
    exercise = find_exercise(name)
    mine = _passed.get(name)
    whose = "your own" if mine else "the library's (yours has not passed its check yet)"
    print(f"{name}: going on with {whose}")
    return mine or exercise.reference
