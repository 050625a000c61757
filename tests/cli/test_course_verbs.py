import json
from pathlib import Path

import pytest

from refseg_lib.cli import main
from refseg_lib.course.registry import exercise_names

LESSON = '''# %% [markdown]
# # 06 Gates
#
# learn: that gates open
# need: nothing
# minutes: 5

# %% exercise="gated-exchange"
def gated_exchange(levels, memory, reset, gamma):
    """Exchange."""
    # BEGIN SOLUTION
    return list(levels)
    # END SOLUTION


# %% check="gated-exchange"
check("gated-exchange", gated_exchange)
'''


@pytest.fixture(autouse=True)
def progress_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REFSEG_PROGRESS", str(tmp_path / "progress.json"))


def test_progress_lists_every_exercise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["progress"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in exercise_names())


def test_notebooks_are_built_and_drift_is_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "solutions").mkdir()
    source = tmp_path / "solutions" / "06_gates.py"
    source.write_text(LESSON)
    where = ["--root", str(tmp_path)]
    assert main(["course", "build", "--no-run", *where]) == 0
    built = json.loads((tmp_path / "notebooks" / "06_gates.ipynb").read_text())
    sources = ["".join(cell["source"]) for cell in built["cells"]]
    assert any("raise NotImplementedError" in text for text in sources)
    assert not any("list(levels)" in text for text in sources)
    source.write_text(LESSON.replace('"""Exchange."""', '"""Exchange messages."""'))
    capsys.readouterr()
    assert main(["course", "check", *where]) == 2
    assert "06_gates" in capsys.readouterr().out


def test_grading_writes_what_it_says_and_refuses_an_empty_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty, handed_in = tmp_path / "empty", tmp_path / "handed_in"
    empty.mkdir()
    handed_in.mkdir()
    unsafe = ["--notebook", "06", "--unsafe-no-sandbox", "--out", str(tmp_path / "out")]
    assert main(["grade", str(empty), *unsafe]) == 2
    assert "holds no notebooks" in capsys.readouterr().err
    (handed_in / "ada.ipynb").write_text('{"cells": []}')
    assert main(["grade", str(handed_in), *unsafe]) == 0
    said = capsys.readouterr().out
    assert "grades.csv" in said
    assert "WITHOUT a sandbox" in said
    assert (tmp_path / "out" / "class.html").exists()
