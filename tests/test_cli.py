import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from refseg_lib.cli import main
from refseg_lib.parkref.writing import make_parkref

TINY = ["--set", "steps=2", "--set", "batch=4", "--set", "cache_gib=0", "--weights", "none"]
SMALL = [f"--size={name}" for name in ("input_size=32", "embedding=8", "attention=6", "width=8")]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make_parkref(folder, train_images=6, height=64, workers=1)
    return folder


@pytest.fixture(scope="module")
def run(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "cmsa"
    arguments = ["train", "--model", "cmsa", "--data", "parkref_unc", "--root", str(root)]
    assert main([*arguments, *TINY, *SMALL, "--out", str(out)]) == 0
    return out


def test_a_trained_run_is_evaluated_and_its_row_is_the_last_line(
    root: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "--model", str(run), "--data", "unc", "--split", "val", "--json"]
    # "unc" is the papers' name for RefCOCO: it must not silently mean ParkRef.
    assert main([*arguments, "--root", str(root)]) == 2
    capsys.readouterr()
    arguments[4] = "parkref_unc"
    assert main([*arguments, "--root", str(root)]) == 0
    row = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (row["dataset"], row["split"], row["model"]) == ("parkref_unc", "val", "cmsa")
    assert row["protocol"] == "strict"
    assert 0 <= row["oIoU"] <= 100


def test_predict_writes_a_mask_of_the_pictures_own_size(run: Path, tmp_path: Path) -> None:
    picture = tmp_path / "photo.jpg"
    Image.fromarray(np.full((37, 53, 3), 200, np.uint8)).save(picture)
    arguments = ["predict", str(picture), "the left dog", "--model", str(run)]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    mask = Image.open(tmp_path / "out" / "photo_mask.png")
    assert mask.size == (53, 37)
    assert set(np.unique(np.asarray(mask))) <= {0, 255}
    assert (tmp_path / "out" / "photo_answer.png").is_file()


def test_data_check_passes_on_parkref_and_fails_on_a_hole(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_parkref(tmp_path, train_images=2, height=64, workers=1)
    assert main(["data", "check", str(tmp_path / "parkref")]) == 0
    gone = sorted((tmp_path / "parkref" / "images").iterdir())[0]
    gone.unlink()
    assert main(["data", "check", str(tmp_path / "parkref")]) == 2
    assert gone.name in capsys.readouterr().out


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


def test_the_shuffled_control_is_named_in_the_row(
    root: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "--model", str(run), "--data", "parkref_unc", "--split", "val"]
    assert main([*arguments, "--root", str(root), "--shuffle", "3", "--json"]) == 0
    row = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert row["control"] == "shuffled sentences, seed 3"
