"""One submission, one test per requirement; collected with ``--submission`` only."""

from collections.abc import Callable, Iterator

import pytest

from refseg_lib.course.exercise import Exercise
from refseg_lib.course.grading.grading import Graded, grade
from refseg_lib.course.grading.remote import Worker
from refseg_lib.course.grading.sandbox import Limits, require_sandbox
from refseg_lib.course.grading.submission import read_submission


@pytest.fixture(scope="module")
def graded(request: pytest.FixtureRequest) -> Iterator[Callable[[Exercise], Graded]]:
    """Grade an exercise, once."""
    require_sandbox()
    config = request.config
    path = config.getoption("--submission")
    with Worker(63, Limits()) as worker:
        done: dict[str, Graded] = {}

        def one(exercise: Exercise) -> Graded:
            if exercise.name not in done:
                submission = read_submission(path, path.stem, [exercise.name])
                (result,) = grade(submission, [exercise], config.getoption("--cohort"), worker)
                done[exercise.name] = result
            return done[exercise.name]

        yield one


def test_the_requirement_is_met(
    asked: tuple[Exercise, int], graded: Callable[[Exercise], Graded]
) -> None:
    exercise, place = asked
    result = graded(exercise)
    requirement = exercise.requirements[place]
    if result.verdict is None or not result.verdict.started:
        pytest.fail(result.failure or "not started", pytrace=False)
    finding = result.verdict.results[place].finding
    if finding is not None:
        mistake = result.verdict.mistake
        like = f"\nlooks like: {mistake.says}" if mistake else ""
        said = f"{requirement.text} (0 of {requirement.points})\n{finding.case.name}"
        pytest.fail(f"{said}: {finding.message}{like}", pytrace=False)
