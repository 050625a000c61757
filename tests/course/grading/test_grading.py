from pathlib import Path

from refseg_lib.course.grading.grading import grade
from refseg_lib.course.grading.remote import Worker
from refseg_lib.course.grading.sandbox import Limits
from refseg_lib.course.grading.submission import Submission
from refseg_lib.course.registry import find_exercise

EXERCISE = find_exercise("gated-exchange")


def graded(limits: Limits, cells: dict[str, str], seed: int = 0) -> tuple[int, str | None]:
    submission = Submission("ada", Path("ada.ipynb"), cells, (), "")
    with Worker(5, limits) as worker:
        (result,) = grade(submission, [EXERCISE], seed, worker)
    return result.points, result.failure


def test_a_right_answer_has_all_points_under_every_seed(limits: Limits, right: str) -> None:
    for seed in (0, 7):
        assert graded(limits, {EXERCISE.name: right}, seed) == (EXERCISE.points, None)


def test_a_known_mistake_loses_in_the_box_just_what_it_loses_outside(
    limits: Limits, right: str
) -> None:
    wrong = right.replace("torch.tanh(g)", "g")
    from refseg_lib.course.checking import examine

    mutant = next(m for m in EXERCISE.mutants if m.name == "no-tanh")
    assert graded(limits, {EXERCISE.name: wrong})[0] == examine(EXERCISE, mutant.function).points


def test_without_a_cell_no_worker_is_needed_and_no_point_given(limits: Limits) -> None:
    assert graded(limits, {}) == (0, "no cell for this exercise")
