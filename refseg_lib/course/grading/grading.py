"""Grading one submission: each exercise in the worker, every judgement here."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from refseg_lib.course.checking import examine
from refseg_lib.course.exercise import Exercise
from refseg_lib.course.grading.given import given_sources
from refseg_lib.course.grading.remote import Worker
from refseg_lib.course.grading.submission import Submission
from refseg_lib.course.verdict import Verdict


@dataclass(frozen=True)
class Graded:
    """One exercise of one student.

    Attributes:
        exercise: The exercise.
        verdict: None when there was no cell, or when the cell itself failed.
        failure: Why there is no verdict.
        seconds: What it took, in and out of the box.
    """

    exercise: Exercise
    verdict: Verdict | None
    failure: str | None
    seconds: float

    @property
    def points(self) -> int:
        """The points earned."""
        return self.verdict.points if self.verdict else 0

    def record(self) -> dict[str, Any]:
        """Return it for JSON: messages are the instructor's, they may quote hidden inputs."""
        asked = self.exercise
        base = {
            "exercise": asked.name,
            "variant": asked.variant,
            "points": self.points,
            "of": asked.points,
        }
        kept = self.verdict.record() if self.verdict else {"requirements": []}
        return {**kept, **base, "failure": self.failure, "seconds": round(self.seconds, 2)}


def grade(
    submission: Submission, exercises: Sequence[Exercise], seed: int, worker: Worker
) -> list[Graded]:
    """Grade every exercise of a submission.

    Args:
        submission: What was handed in.
        exercises: What was asked.
        seed: Of the hidden inputs; another cohort gets another.
        worker: Where the answers run; used for this submission only.
    """
    return [_grade_one(submission, exercise, seed, worker) for exercise in exercises]


def _grade_one(submission: Submission, exercise: Exercise, seed: int, worker: Worker) -> Graded:
    begin = time.perf_counter()
    source = submission.cells.get(exercise.name)
    if source is None:
        return Graded(exercise, None, "no cell for this exercise", 0.0)
    try:
        function, given = exercise.name.replace("-", "_"), given_sources(exercise)
        failure = worker.begin(source, function, given)
        if failure is not None:
            return Graded(exercise, None, failure, time.perf_counter() - begin)
        # The reference stands for the answer only as a name: every call goes to the worker.
        verdict = examine(exercise, exercise.reference, seed, worker.call)
    finally:
        worker.end()
    return Graded(exercise, verdict, None, time.perf_counter() - begin)
