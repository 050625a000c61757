"""Examining an answer: every requirement on freshly drawn inputs, then which mistake it looks like.

Nothing here prints or keeps anything; :mod:`refseg_lib.course.check` is what notebooks call.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from refseg_lib.course.calling import call
from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Finding, Outcome, Requirement
from refseg_lib.course.mistakes import recognise
from refseg_lib.course.verdict import Result, Verdict

Caller = Callable[[Callable[..., Any], Case], Outcome]


def draw_cases(exercise: Exercise, requirement: Requirement, seed: int) -> list[Case]:
    """Draw the inputs of a requirement: the same for a seed, other ones for another."""
    return list(requirement.cases(Draw(seed, exercise.name, requirement.name)))


def examine(
    exercise: Exercise, answer: Callable[..., Any], seed: int = 0, caller: Caller = call
) -> Verdict:
    """Try an answer on every requirement of an exercise.

    Args:
        exercise: What was asked.
        answer: The student's function.
        seed: Of the inputs; another seed asks the same with other numbers.
        caller: How the answer is called; a grader passes one that calls it in another process. The
            reference and the known mistakes are always called here.

    Returns:
        The verdict. An exception of the answer's is part of it; none is raised.
    """
    begin = time.perf_counter()
    results: list[Result] = []
    tried: list[tuple[Case, Outcome]] = []
    for requirement in exercise.requirements:
        cases = draw_cases(exercise, requirement, seed)
        outcomes = [caller(answer, case) for case in cases]
        if any(outcome.unfinished for outcome in outcomes) and not any(r.points for r in results):
            return Verdict(exercise, (), None, time.perf_counter() - begin)
        tried += zip(cases, outcomes, strict=True)
        results.append(Result(requirement, judge(exercise, requirement, cases, outcomes)))
    mistake = None
    if any(result.finding for result in results):
        mistake = recognise(exercise, tried)
    return Verdict(exercise, tuple(results), mistake, time.perf_counter() - begin)


def judge(
    exercise: Exercise,
    requirement: Requirement,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
) -> Finding | None:
    """Say what is wrong with the outcomes of one requirement's cases, or None."""
    for case, outcome in zip(cases, outcomes, strict=True):
        if outcome.error is not None:
            return Finding(case, outcome.error)
    references = [call(exercise.reference, case) for case in cases]
    for case, reference in zip(cases, references, strict=True):
        if reference.error is not None:
            raise RuntimeError(
                f"exercise {exercise.name!r}, requirement {requirement.name!r}, case"
                f" {case.name!r}: the reference itself raised {reference.error}"
            )
    try:
        return requirement.judge(cases, outcomes, references)
    except Exception as error:
        # The reference passes every judge (tests/course/test_contract.py), so what a judge trips
        # over is something in this answer that nobody thought of. It earns nothing.
        said = f"the result is of no use: judging it ended in {type(error).__name__}"
        return Finding(cases[0], said, references[0].value, outcomes[0].value)
