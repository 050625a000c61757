"""Putting an answer into the trained systems, in the place of the library's own function.

A function of the library is looked up by name wherever it is called, so swapping it in every module
that holds it swaps it in every model: no model is rebuilt and no weight is touched.
"""

import contextlib
import inspect
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from refseg_lib.course.check import working
from refseg_lib.course.exercise import Exercise
from refseg_lib.course.registry import all_exercises, find_exercise
from refseg_lib.course.setting import park, shipped
from refseg_lib.errors import UserError
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.explain.table import table


@contextlib.contextmanager
def plug(**functions: Callable[..., Any]) -> Iterator[None]:
    """Let the library use other functions inside the block.

    Args:
        functions: Exercise name, with underscores, to the function to use in its place:
            ``with plug(cross_attention=mine): …``

    Raises:
        UserError: No such exercise, nothing in the library can be replaced by it, or something
            that cannot be called as the library calls its own.
    """
    swapped: list[tuple[Any, str, Callable[..., Any]]] = []
    try:
        for name, function in functions.items():
            exercise = find_exercise(name.replace("_", "-"))
            _check_arguments(name, function, exercise.reference)
            for module, attribute in _places(exercise):
                swapped.append((module, attribute, exercise.reference))
                setattr(module, attribute, function)
        yield
    finally:
        for module, attribute, original in swapped:
            setattr(module, attribute, original)


def _check_arguments(
    name: str, function: Callable[..., Any], reference: Callable[..., Any]
) -> None:
    if not callable(function):
        raise UserError(f"plug({name}=…) needs a function, got {type(function).__name__}")
    arguments = [
        parameter.name
        for parameter in inspect.signature(reference).parameters.values()
        if parameter.default is parameter.empty
    ]
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        raise UserError(
            f"plug({name}=…) calls your function with ({', '.join(arguments)}), which it does not"
            f" take: {error}"
        ) from None


def _places(exercise: Exercise) -> list[tuple[Any, str]]:
    """Find every name in the library under which the exercise's reference is called."""
    if not exercise.replaces:
        pluggable = ", ".join(other.name for other in all_exercises() if other.replaces)
        raise UserError(
            f"the answer to {exercise.name!r} has no place in the trained models; these have:"
            f" {pluggable}"
        )
    return [
        (module, attribute)
        for name, module in list(sys.modules.items())
        if name.startswith("refseg_lib.") and not name.startswith("refseg_lib.course")
        for attribute, value in list(vars(module).items())
        if value is exercise.reference
    ]


@dataclass(frozen=True)
class Plugged:
    """Scores of a trained model with different functions in one place.

    Attributes:
        exercise: Name of the exercise.
        model: Name of the model.
        sentences: How many were scored.
        rows: (whose function, oIoU in percent or None when it raised, seconds or what it raised).
    """

    exercise: str
    model: str
    sentences: int
    rows: tuple[tuple[str, float | None, str], ...]

    def __repr__(self) -> str:
        return "\n".join(
            f"{whose}: " + (f"oIoU {score:.2f} ({about})" if score is not None else about)
            for whose, score, about in self.rows
        )

    def _repr_html_(self) -> str:
        caption = (
            f"{self.exercise} inside the trained {self.model}, the first {self.sentences} sentences"
            " of parkref_unc val"
        )
        return table(("function", "oIoU", ""), self.rows, caption, digits=2)


def plug_in(
    name: str, model: str = "cmsa", sentences: int = 60, mistake: str | None = None
) -> Plugged:
    """Score a trained model with the library's function, the student's, and a known mistake.

    The student's is what :func:`refseg_lib.course.check.working` gives: it must have passed its
    check, else the library's stands there alone.

    Args:
        name: The exercise.
        model: A shipped model that calls the function.
        sentences: How many sentences of ParkRef's val split to score.
        mistake: Which known mistake; by default the first that the model can run with.

    Raises:
        UserError: Nothing in the library can be replaced by this exercise, or no such mistake.
    """
    exercise = find_exercise(name)
    _places(exercise)
    loaded, dataset = shipped(model), park()
    mine = working(name)

    def row(whose: str, function: Callable[..., Any]) -> tuple[str, float | None, str]:
        begin = time.perf_counter()
        try:
            with plug(**{name.replace("-", "_"): function}):
                scores = evaluate(loaded, dataset, limit=sentences, progress=False).scores
        except Exception as error:
            # A known mistake may break a whole model; that it does is what the row says.
            return whose, None, f"stops with {type(error).__name__}"
        return whose, scores["oIoU"], f"{time.perf_counter() - begin:.1f} s"

    rows = [row("the library's", exercise.reference)]
    if mine is not exercise.reference:
        rows.append(row("yours", mine))
    known = {mutant.name: mutant for mutant in exercise.mutants}
    if mistake is not None and mistake not in known:
        raise UserError(f"exercise {name!r} has no mistake {mistake!r}; it has: {', '.join(known)}")
    chosen = [known[mistake]] if mistake else list(exercise.mutants)
    for mutant in chosen:
        wrong = row(f"a mistake: {mutant.says}", mutant.function)
        if wrong[1] is not None or mistake:
            rows.append(wrong)
            break
    return Plugged(name, model, sentences, tuple(rows))
