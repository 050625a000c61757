from pathlib import Path

import pytest

from refseg_lib.cli import main


def ask(out: Path, *more: str, table: str = "bilingual-3") -> int:
    asked = ["reproduce", "--table", table, "--data", "parkref_unc", "--root", str(out)]
    return main([*asked, "--out", str(out / "results"), "--runs", str(out / "runs"), *more])


def test_mistakes_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for more, line in (
        (("--seeds", "one"), "--seeds one: expected whole numbers, as in 0,1,2"),
        (("--jobs", "0"), "--jobs 0: it takes at least one"),
        (("--set", "steps=0"), "steps=0: it must be at least 1"),
    ):
        assert ask(tmp_path, *more) == 2
        assert line in capsys.readouterr().err
    assert ask(tmp_path, "--rows", "shift") == 2
    assert "no row to run in bilingual-3 with names containing shift" in capsys.readouterr().err
    assert ask(tmp_path, table="shnet-3") == 2
    assert "no row of shnet-3 can be run at preset laptop" in capsys.readouterr().err
    assert ask(tmp_path, table="cmsa-7") == 2
    assert "unknown table 'cmsa-7'; choose one of" in capsys.readouterr().err
