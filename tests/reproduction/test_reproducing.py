from pathlib import Path

import pytest

from refseg_lib.cli import main
from refseg_lib.parkref.writing import make_parkref

QUICK = ["steps=1", "batch=2", "cache_gib=0", "validate_sentences=2"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reproduce")
    make_parkref(root, train_images=4, height=64, workers=1)
    return root


def ask(place: Path, *more: str, table: str = "bilingual-3") -> int:
    asked = ["reproduce", "--table", table, "--data", "parkref_unc", "--root", str(place)]
    asked += ["--out", str(place / "results"), "--runs", str(place / "runs"), "--device", "cpu"]
    asked += [word for setting in QUICK for word in ("--set", setting)]
    return main([*asked, *more])


def written(place: Path, table: str, kind: str) -> Path:
    recipe = "batch-2_steps-1_validate_sentences-2"
    return place / "results" / f"{table}_parkref_unc_{recipe}.{kind}"


def test_a_table_is_run_in_processes_written_and_not_run_again(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(place, "--rows", "le+la") == 0
    assert "1 runs, 0 of them done already" in capsys.readouterr().out
    assert ask(place, "--jobs", "2") == 0
    told = capsys.readouterr().out
    assert "2 runs, 1 of them done already" in told
    assert told.count("val oIoU") == 1
    assert "step 1/1" not in told, "what a run says goes to its log"
    page = written(place, "bilingual-3", "md").read_text()
    assert "DMN (ResNet reimpl.) (not built)" in page
    assert "compare orders and signs, never values" in page
    assert written(place, "bilingual-3", "png").stat().st_size > 5000
    assert ask(place, "--jobs", "2") == 0
    assert "2 runs, 2 of them done already" in capsys.readouterr().out


def test_rendering_alone_runs_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(place, "--render", table="cmsa-2") == 0
    told = capsys.readouterr().out
    assert "runs" not in told.replace(str(place), "")
    page = written(place, "cmsa-2", "md").read_text()
    assert "| No attention | 45.63 |" in page
    assert not written(place, "cmsa-2", "png").exists()
