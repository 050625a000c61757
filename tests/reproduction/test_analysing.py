"""The whole analysis on a ParkRef of six pictures, with two models that were hardly trained."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from refseg_lib.cli import main
from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.models.saved import load_model
from refseg_lib.parkref.writing import make_parkref
from refseg_lib.reproduction import analysing
from refseg_lib.reproduction.analysing import analyse, keep_scores
from refseg_lib.reproduction.tables import read_rows
from refseg_lib.training.starting import start_run


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make_parkref(folder, train_images=6, height=64, workers=1)
    return folder


@pytest.fixture(scope="module")
def runs(root: Path) -> dict[str, str]:
    """An English and a Chinese baseline."""
    return {
        language: str(
            start_run(
                "baseline",
                "parkref_unc",
                root,
                root / "runs" / f"mine_{language}",
                language=language,
                weights="none",
                settings={"steps": "1", "batch": "2", "cache_gib": "0", "validate_sentences": "2"},
                sizes={"input_size": "32", "embedding": "8", "width": "8", "hidden": "8"},
                device="cpu",
            )
        )
        for language in ("en", "zh")
    }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The languages in which a model was really scored, one entry each time."""
    calls: list[str] = []

    def counted(model: Any, dataset: Any, *given: Any, **named: Any) -> Any:
        calls.append(dataset.language)
        return evaluate(model, dataset, *given, **named)

    monkeypatch.setattr(analysing, "evaluate", counted)
    return calls


def test_the_verb_writes_the_report_its_tables_and_the_figure(
    root: Path, runs: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["analyse", runs["en"], "--data", "parkref_unc", "--split", "val"]
    assert main([*arguments, "--root", str(root), "--out", str(tmp_path)]) == 0
    report = json.loads((tmp_path / "analysis.json").read_text())
    dataset = open_dataset("parkref_unc", root, "val")
    row = evaluate(load_model(runs["en"]), dataset, progress=False)
    for kind in report["kinds"]:
        whole, *rest = kind["systems"]["mine_en"]
        assert whole["oIoU"] == round(row.scores["oIoU"], 2)
        assert whole["n"] == sum(line["n"] for line in rest) == len(dataset)
    told = capsys.readouterr().out
    page = (tmp_path / "analysis.md").read_text()
    assert page in told
    assert "## By same category" in page
    with Image.open(tmp_path / "by_kind.png") as picture:
        assert picture.width > 800


def test_results_are_not_mistaken_for_rows_of_the_readme(
    root: Path, runs: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "results" / "analysis"
    analyse([runs["en"]], "parkref_unc", root, "val", out, scores=tmp_path / "kept", draws=50)
    assert not read_rows(tmp_path / "results")
    assert sorted(path.name for path in out.iterdir()) == [
        "analysis.json", "analysis.md", "by_kind.png",
    ]  # fmt: skip


def test_every_model_is_asked_in_its_own_language_about_the_same_sentences(
    root: Path, runs: dict[str, str], tmp_path: Path, asked: list[str]
) -> None:
    out = analyse([*runs.values()], "parkref_unc", root, "val", tmp_path, draws=50, limit=9)
    assert asked == ["en", "zh"]
    report = json.loads(out.read_text())
    assert report["kinds are read from"] == "en"
    assert list(report["systems"]) == ["mine_en (en)", "mine_zh (zh)"]
    for kind in report["kinds"]:
        english, chinese = kind["systems"].values()
        assert [(one["label"], one["n"]) for one in english] == [
            (one["label"], one["n"]) for one in chinese
        ]
        [differences] = kind["differences"].values()
        assert differences[0]["oIoU"] == pytest.approx(
            chinese[0]["oIoU"] - english[0]["oIoU"], abs=0.011
        )


def test_what_was_scored_is_not_scored_again_and_gives_the_same_files(
    root: Path, runs: dict[str, str], tmp_path: Path, asked: list[str]
) -> None:
    first = analyse([runs["en"]], "parkref_unc", root, "val", tmp_path, limit=7, draws=50)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.*")}
    # Stopped before the second model was done: only that one is left to do.
    analyse([*runs.values()], "parkref_unc", root, "val", tmp_path / "two", "en", 7,
            scores=tmp_path / "scores", draws=50)  # fmt: skip
    assert len(asked) == 2
    assert analyse([runs["en"]], "parkref_unc", root, "val", tmp_path, limit=7, draws=50) == first
    assert len(asked) == 2
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.*")} == before


def test_another_limit_split_or_model_is_scored_anew(
    root: Path, runs: dict[str, str], tmp_path: Path, asked: list[str]
) -> None:
    model = load_model(runs["en"])
    val, test = (open_dataset("parkref_unc", root, split) for split in ("val", "testA"))
    for dataset, limit in ((val, 3), (val, 4), (test, 3), (val, 3)):
        row, scores = keep_scores("mine", model, dataset, tmp_path, limit, progress=False)
        assert (row.split, row.limit, len(scores)) == (dataset.split, limit, limit)
    assert len(asked) == 3
    # Trained on: the same name, other weights.
    with torch.no_grad():
        next(model.model.parameters()).add_(0.5)
    keep_scores("mine", model, val, tmp_path, 3, progress=False)
    assert len(asked) == 4


def test_scores_of_other_sentences_are_not_taken(
    root: Path, runs: dict[str, str], tmp_path: Path, asked: list[str]
) -> None:
    model, val = load_model(runs["en"]), open_dataset("parkref_unc", root, "val")
    keep_scores("mine", model, val, tmp_path, 3, progress=False)
    [kept] = tmp_path.glob("*.jsonl")
    right = kept.read_text()
    kept.write_text(right.replace(val[1].sentence, "the unicorn"))
    _, scores = keep_scores("mine", model, val, tmp_path, 3, progress=False)
    assert [one.sentence for one in scores] == [val[i].sentence for i in range(3)]
    assert len(asked) == 2
    assert kept.read_text() == right


def test_two_runs_of_one_name_are_told_apart_and_one_run_twice_is_refused(
    root: Path, runs: dict[str, str], tmp_path: Path
) -> None:
    twin = shutil.copytree(runs["en"], tmp_path / "mine_en")
    out = analyse([runs["en"], str(twin)], "parkref_unc", root, "val", tmp_path, limit=3, draws=50)
    names = list(json.loads(out.read_text())["systems"])
    assert len(names) == 2
    assert all("mine_en" in name and "/" not in name for name in names)
    with pytest.raises(UserError, match="different models"):
        analyse([str(twin), str(twin)], "parkref_unc", root, "val", tmp_path)
    with pytest.raises(UserError, match="got none"):
        analyse([], "parkref_unc", root, "val", tmp_path)


def test_without_matplotlib_nothing_is_scored(
    root: Path, runs: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    asked: list[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(analysing, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'refseg-lib\[notebooks\]'"):
        analyse([runs["en"]], "parkref_unc", root, "val", tmp_path)
    assert asked == []
