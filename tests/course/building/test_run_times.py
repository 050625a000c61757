"""Run times: what is written is read again, and the same run does not change a file."""

import pytest

from refseg_lib.course.building.run_times import (
    RunTime,
    load_run_times,
    save_run_times,
    steady,
)
from refseg_lib.errors import UserError


def test_what_is_written_is_read_again_and_sorted(tmp_path):
    times = {"05_b": RunTime(70, 2), "01_a": RunTime(3, 16)}
    save_run_times(tmp_path / "minutes.json", times)
    assert load_run_times(tmp_path / "minutes.json") == times
    text = (tmp_path / "minutes.json").read_text()
    assert text.index("01_a") < text.index("05_b")


def test_nothing_is_measured_before_the_first_run(tmp_path):
    assert load_run_times(tmp_path / "minutes.json") == {}


@pytest.mark.parametrize("text", ["", "[]", '{"05_a": 3}', '{"05_a": {"seconds": 3}}'])
def test_a_damaged_file_is_named(tmp_path, text):
    (tmp_path / "minutes.json").write_text(text)
    with pytest.raises(UserError, match=r"minutes\.json is no list of run times"):
        load_run_times(tmp_path / "minutes.json")


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [(60, 74, 60), (60, 46, 60), (60, 76, 76), (60, 44, 44), (3, 5, 3), (3, 6, 6)],
)
def test_a_run_that_took_about_as_long_changes_nothing(before, now, kept):
    assert steady(RunTime(before, 2), RunTime(now, 2)) == RunTime(kept, 2)


def test_a_run_on_other_cores_or_the_first_one_counts():
    assert steady(RunTime(60, 2), RunTime(61, 16)) == RunTime(61, 16)
    assert steady(None, RunTime(61, 2)) == RunTime(61, 2)


def test_a_time_is_told_in_words():
    assert str(RunTime(59, 1)) == "59 s on one core"
    assert str(RunTime(61, 2)) == "1 min 1 s on two cores"
    assert str(RunTime(600, 16)) == "10 min 0 s on 16 cores"
