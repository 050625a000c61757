"""Every answer that the exercises know, handed in: in the box it is worth what it is worth."""

from pathlib import Path

import pytest
from answer_cells import answer_cell, answers_of

from refseg_lib.course.checking import examine
from refseg_lib.course.exercise import Exercise
from refseg_lib.course.grading.grading import grade
from refseg_lib.course.grading.remote import Worker
from refseg_lib.course.grading.sandbox import Limits, why_no_sandbox
from refseg_lib.course.grading.submission import Submission
from refseg_lib.course.registry import all_exercises

SEED = 11


@pytest.mark.skipif(why_no_sandbox() is not None, reason=f"no sandbox here: {why_no_sandbox()}")
@pytest.mark.parametrize("exercise", all_exercises(), ids=lambda exercise: exercise.name)
def test_right_answers_get_everything_and_a_mistake_loses_just_what_it_breaks(
    exercise: Exercise,
) -> None:
    mutants = {mutant.name: mutant.function for mutant in exercise.mutants}
    got, due = {}, {}
    slot = 100 + all_exercises().index(exercise)
    with Worker(slot, Limits(seconds=60)) as worker:
        for name, which in answers_of(exercise).items():
            cells = {exercise.name: answer_cell(exercise, which)}
            (graded,) = grade(Submission("a", Path("a"), cells, (), ""), [exercise], SEED, worker)
            assert graded.verdict is not None, f"{name}: {graded.failure}"
            results = graded.verdict.results
            got[name] = {r.requirement.name: r.points for r in results}, graded.verdict.mistake
            if name.endswith("!"):
                due[name] = {r.name: r.points for r in exercise.requirements}, None
            else:
                outside = examine(exercise, mutants[name], SEED)
                broken = {r.requirement.name: r.points for r in outside.results}
                due[name] = broken, outside.mistake
    assert got == due
