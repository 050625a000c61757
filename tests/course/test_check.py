import sys

import pytest

from refseg_lib.course.check import check, working
from refseg_lib.course.progress import load_progress
from refseg_lib.course.registry import find_exercise
from refseg_lib.errors import UserError

NAME = "gated-exchange"


def test_a_passed_answer_is_the_one_to_go_on_with(capsys: pytest.CaptureFixture[str]) -> None:
    mine = find_exercise(NAME).alternatives[0]
    assert check(NAME, mine).passed
    assert working(NAME) is mine
    assert "your own" in capsys.readouterr().out


def test_an_answer_that_fails_later_is_no_longer_used(capsys: pytest.CaptureFixture[str]) -> None:
    exercise = find_exercise(NAME)
    check(NAME, exercise.alternatives[0])
    check(NAME, exercise.mutants[0].function)
    assert working(NAME) is exercise.reference
    assert "the library's" in capsys.readouterr().out


def test_what_an_answer_says_on_stderr_is_shown_as_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Anything on stderr makes nbgrader give the cell no points."""

    def answer(**inputs: object) -> object:
        print("old function", file=sys.stderr)
        return find_exercise(NAME).reference(**inputs)

    assert check(NAME, answer).passed
    told = capsys.readouterr()
    assert told.err == ""
    assert "old function" in told.out


def test_every_try_is_counted_and_offers_more(progress_elsewhere: object) -> None:
    wrong = find_exercise(NAME).mutants[0].function
    assert [check(NAME, wrong).attempts for _ in range(3)] == [1, 2, 3]
    assert load_progress()[NAME]["attempts"] == 3


def test_another_seed_asks_with_other_numbers() -> None:
    wrong = find_exercise(NAME).mutants[0].function
    shown = []
    for seed in (0, 1):
        first = check(NAME, wrong, seed).first
        assert first is not None
        assert first.finding is not None
        shown.append(first.finding.message)
    assert shown[0] != shown[1]


def test_what_is_no_function_is_told_in_one_line() -> None:
    with pytest.raises(UserError, match="without brackets"):
        check(NAME, 3)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="there is no exercise"):
        check("nothing-of-the-kind", lambda: None)
