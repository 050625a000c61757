"""benchmarks/gpu.py is whole: all its pieces run, in miniature and on a processor."""

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest
import torch

SYSTEMS = ("baseline", "cmsa", "cmpc", "bilingual", "shnet", "busnet")
SMALL = ["--device", "cpu", "--small", "--out"]


@pytest.fixture
def gpu(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    # In small, compiling is left out.
    monkeypatch.setattr(torch, "compile", torch.compile)
    return importlib.import_module("gpu")


def test_every_piece_measures_all_its_rows(gpu: ModuleType, tmp_path: Path) -> None:
    setting = gpu.small("cpu", tmp_path / "work")
    for name in gpu.PIECES:
        assert not gpu.needed(name, setting)[1 if name == "pretrain" else 0 :]
        gpu.measure(name, tmp_path, setting)
    told = {file.stem: json.loads(file.read_text()) for file in tmp_path.glob("*.json")}
    assert told.keys() == gpu.PIECES.keys()
    for name, piece in told.items():
        assert not [row["failed"] for row in piece["rows"] if "failed" in row], name
        assert (piece["complete"], piece["device"], piece["small"]) == (True, "cpu", True)
    for system in SYSTEMS:
        rows = told[f"step-{system}"]["rows"]
        keys = {(row["system"], row["precision"], row["batch"]) for row in rows}
        assert keys == {(system, p, batch) for p in ("bf16", "fp32") for batch in (1, 2)}
        one, two = (row["tflop_per_step"] for row in rows if row["precision"] == "fp32")
        assert 1.5 * one < two < 2.2 * one, "two sentences are about twice the work"
        assert told[f"train-{system}"]["rows"][-1]["val"]["n"] == 2
    alone, grouped = (row["tflop_per_step"] for row in told["grouping"]["rows"][:2])
    assert grouped < alone, "the backbone runs once for both sentences of a picture"


def test_a_stopped_piece_goes_on_where_it_was(gpu: ModuleType, tmp_path: Path) -> None:
    setting, file = gpu.small("cpu", tmp_path / "work"), tmp_path / "cmsa-attention.json"
    gpu.measure("cmsa-attention", tmp_path, setting)
    whole = json.loads(file.read_text())
    for row in whole["rows"]:
        row["ms"] = "kept"
    lost, broken = whole["rows"].pop(4), whole["rows"][6]
    broken["failed"] = "RuntimeError: the plug was pulled"
    whole["rows"][7]["failed"] = "out of memory"
    file.write_text(json.dumps({**whole, "complete": False}))
    assert not gpu.finished("cmsa-attention", tmp_path, setting)
    gpu.measure("cmsa-attention", tmp_path, setting)
    rows = json.loads(file.read_text())["rows"]
    again = [row for row in rows if row["ms"] != "kept"]
    names = ("method", "precision", "backward")
    assert [[row[n] for n in names] for row in again] == [
        [row[n] for n in names] for row in (lost, broken)
    ]
    assert gpu.finished("cmsa-attention", tmp_path, setting)
    # Rows of another machine are no part of it.
    file.write_text(json.dumps({**whole, "machine": "another"}))
    gpu.measure("cmsa-attention", tmp_path, setting)
    assert not [row for row in json.loads(file.read_text())["rows"] if row["ms"] == "kept"]


def test_a_failing_row_is_told_and_keeps_no_other_from_being_measured(
    gpu: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def piece(_):
        for number in range(3):
            yield {"number": number}, lambda number=number: {"inverse": 1 / (number - 1)}

    monkeypatch.setitem(gpu.PIECES, "grouping", piece)
    setting = gpu.small("cpu", tmp_path / "work")
    gpu.measure("grouping", tmp_path, setting)
    told = json.loads((tmp_path / "grouping.json").read_text())
    assert [row.get("inverse") for row in told["rows"]] == [-1.0, None, 1.0]
    assert "ZeroDivisionError" in told["rows"][1]["failed"]
    assert not gpu.finished("grouping", tmp_path, setting)


def test_a_piece_runs_in_its_own_process_and_is_skipped_the_second_time(
    gpu: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert gpu.main([*SMALL, str(tmp_path), "--only", "cmsa-attention"]) == 0
    made = (tmp_path / "cmsa-attention.json").read_bytes()
    assert gpu.main([*SMALL, str(tmp_path), "--only", "cmsa-attention"]) == 0
    assert "done before" in capfd.readouterr().out
    assert (tmp_path / "cmsa-attention.json").read_bytes() == made
    assert gpu.main([*SMALL, str(tmp_path), "--list"]) == 0
    lines = [line.split() for line in capfd.readouterr().out.splitlines()]
    assert [line for line in lines if len(line) > 1] == [["cmsa-attention", "done"]]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (["--device", "cpu"], "--device cpu needs --small"),
        ([*SMALL, "results/gpu"], "--small measures nothing: not into results/gpu"),
        ([*SMALL, "results/gpu/small"], "--small measures nothing: not into results/gpu"),
        ([*SMALL, "EMPTY", "--only", "train-cmsa"], "train-cmsa needs what these leave behind"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    gpu: ModuleType,
    asked: list[str],
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gpu, "in_a_process", lambda *_: pytest.fail("something was measured"))
    asked = [str(tmp_path) if word == "EMPTY" else word for word in asked]
    assert gpu.main(asked) == 2
    told = capsys.readouterr().err
    assert why in told
    assert told.count("\n") == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_one_line_says_so(
    gpu: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gpu.main([]) == 2
    told = capsys.readouterr().err
    assert "no GPU can be used here" in told
    assert told.count("\n") == 1


def test_again_forgets_what_a_piece_made(gpu: ModuleType, tmp_path: Path) -> None:
    training = importlib.import_module("gpu_training")
    setting = gpu.small("cpu", tmp_path)
    gpu.measure("draw", tmp_path, setting)
    before = (tmp_path / "parkref" / "instances.json").stat().st_mtime_ns
    (tmp_path / "run_cmsa").mkdir()
    training.forget("train-cmsa", setting)
    assert not (tmp_path / "run_cmsa").exists()
    assert gpu.finished("draw", tmp_path, setting)
    training.forget("draw", setting)
    # What others need is gone: the figures alone are not enough.
    assert not gpu.finished("draw", tmp_path, setting)
    gpu.measure("draw", tmp_path, setting)
    assert (tmp_path / "parkref" / "instances.json").stat().st_mtime_ns > before


def test_steps_are_chosen_from_the_difference_of_two_runs(
    gpu: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = importlib.import_module("gpu_training")
    now = 0.0

    def run(steps: int) -> None:
        nonlocal now
        now += 7.0 + 0.5 * steps  # seven seconds to start

    monkeypatch.setattr(training.time, "monotonic", lambda: now)
    setting = gpu.full("cuda", tmp_path)._replace(train_seconds=100.0)
    assert training.affordable(setting, run, 20, 120) == {"seconds_per_step": 0.5, "steps": 200}
    assert training.affordable(setting._replace(most_steps=50), run, 20, 120)["steps"] == 50
