from pathlib import Path

import pytest

from refseg_lib.cli import main


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["evaluate", "--data", "parkref_unc", "--split", "val"], "either --model or --answer"),
        (["evaluate", "--model", "nobody", "--data", "parkref_unc", "--split", "val"], "nobody"),
        (
            ["evaluate", "--answer", "whole", "--data", "parkref_unc", "--split", "valid"],
            "testA",
        ),
        (["evaluate", "--answer", "whole", "--data", "cocoref", "--split", "val"], "refcoco_unc"),
        (["train", "--model", "cmsaa", "--data", "parkref_unc", "--out", "x"], "cmsa at laptop"),
        (
            ["train", "--model", "cmsa", "--data", "parkref_unc", "--out", "x", "--set", "rate"],
            "KEY=VALUE",
        ),
        (["predict", "nowhere.png", "dog"], "nowhere.png"),
        (["data", "make", "parkref", "--size", "0"], "--size 0"),
    ],
)
def test_a_users_mistake_is_one_clear_line_and_status_two(
    arguments: list[str],
    told: str,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments[0] in ("train", "evaluate"):
        arguments = [*arguments, "--root", str(root)]
    assert main(arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert told in lines[0]
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
