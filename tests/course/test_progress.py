from pathlib import Path

import pytest

from refseg_lib.course.checking import examine
from refseg_lib.course.exercise import Exercise
from refseg_lib.course.progress import ProgressCard, load_progress, progress_table, remember
from refseg_lib.course.registry import find_exercise
from refseg_lib.errors import UserError

NAME = "gated-exchange"


def test_the_best_result_stays_and_the_last_is_kept_beside_it() -> None:
    exercise = find_exercise(NAME)
    remember(examine(exercise, exercise.reference))
    tries = remember(examine(exercise, exercise.mutants[0].function))
    kept = load_progress()[NAME]
    assert tries == kept["attempts"] == 2
    assert kept["best"] == exercise.points
    assert kept["last"] < exercise.points


def test_an_untouched_stub_is_no_try_and_writes_nothing(
    exercise: Exercise, progress_elsewhere: Path
) -> None:
    def stub(x: object) -> None:
        raise NotImplementedError

    assert remember(examine(exercise, stub)) == 0
    assert not progress_elsewhere.exists()


def test_a_damaged_file_is_told_and_left_alone(progress_elsewhere: Path) -> None:
    for text in ("{", "[1]", '{"a": 3}'):
        progress_elsewhere.write_text(text)
        with pytest.raises(UserError, match="is not a progress file"):
            load_progress()
        assert progress_elsewhere.read_text() == text


def test_table_and_card_add_up_the_points_of_a_notebook() -> None:
    exercise = find_exercise(NAME)
    assert f"{exercise.notebook}  0 of " in progress_table()
    remember(examine(exercise, exercise.reference))
    assert f"{exercise.notebook}  {exercise.points} of " in progress_table()
    assert f"{exercise.points} of {exercise.points}   1 tries" in progress_table()
    card = ProgressCard()._repr_html_()
    assert f"{exercise.name} ✓" in card
    assert f'<progress value="{exercise.points}"' in card
