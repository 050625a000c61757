import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from refseg_lib.cli import main
from refseg_lib.evaluation.protocols import PROTOCOLS
from refseg_lib.models.build import MODELS


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


def test_the_shuffled_control_is_named_in_the_row(
    root: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "--model", str(run), "--data", "parkref_unc", "--split", "val"]
    assert main([*arguments, "--root", str(root), "--shuffle", "3", "--json"]) == 0
    row = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert row["control"] == "shuffled sentences, seed 3"


def test_all_protocols_judge_one_network_in_one_call(
    root: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "--model", str(run), "--data", "parkref_unc", "--split", "val"]
    arguments += ["--root", str(root), "--protocol", "all", "--limit", "3"]
    assert main([*arguments, "--json", "--out", str(tmp_path / "row.json")]) == 0
    printed = capsys.readouterr().out.splitlines()
    rows = [json.loads(line) for line in printed if line.startswith("{")]
    assert [row["protocol"] for row in rows] == list(PROTOCOLS)
    for row in rows:
        assert json.loads((tmp_path / f"row_{row['protocol']}.json").read_text()) == row
    assert main([*arguments, "--crf", "torch"]) == 2
    assert "leave out --answer, --crf and --jsonl" in capsys.readouterr().err


def test_a_dense_crf_is_asked_for_and_told(
    root: Path, run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["evaluate", "--model", str(run), "--data", "parkref_unc", "--split", "val"]
    arguments += ["--root", str(root), "--limit", "2", "--json", "--crf"]
    assert main([*arguments, "torch"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert "note: dense CRF at the picture's own size: torch mean field" in printed
    assert json.loads(printed[-1])["crf"] is True
    # The bare flag takes what is there, and says why it is not pydensecrf.
    for module in ("pydensecrf", "pydensecrf.densecrf"):
        monkeypatch.setitem(sys.modules, module, None)
    assert main(arguments) == 0
    notes = json.loads(capsys.readouterr().out.splitlines()[-1])["notes"]
    assert any("torch mean field, as pydensecrf cannot be imported" in note for note in notes)
    assert main([*arguments, "pydensecrf"]) == 2
    assert "choose the back end torch" in capsys.readouterr().err


def test_models_lists_what_train_knows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    told = capsys.readouterr().out
    assert all(f"\n{name}: " in f"\n{told}" for name in MODELS)
    assert main(["models", "cmsb"]) == 2
    assert "cmsb" in capsys.readouterr().err
