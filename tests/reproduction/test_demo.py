from pathlib import Path

import pytest

from refseg_lib.cli import main
from refseg_lib.parkref.writing import make_parkref
from refseg_lib.training.starting import start_run


def test_the_demo_scores_every_model_on_every_split_and_shows_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_parkref(tmp_path, train_images=4, height=64, workers=1)
    run = start_run(
        "baseline",
        "parkref_unc",
        tmp_path,
        tmp_path / "runs" / "mine",
        weights="none",
        settings={"steps": "1", "batch": "2", "cache_gib": "0", "validate_sentences": "2"},
        sizes={"input_size": "32", "embedding": "8", "width": "8", "hidden": "8"},
        device="cpu",
    )
    out = tmp_path / "demo"
    arguments = ["demo", "--model", str(run), "--root", str(tmp_path), "--out", str(out)]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    for split in ("val", "testA", "testB"):
        assert (out / f"mine_parkref_unc_{split}.json").is_file()
        assert split in told
    page = (out / "index.html").read_text()
    assert page.count("<article>") == 8, "four pictures of each test split"
    assert "<script" not in page
    assert str((out / "index.html").resolve()) in told.replace("\n", "")
