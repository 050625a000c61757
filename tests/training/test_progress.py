import json
from pathlib import Path

import pytest
import torch

from refseg_lib.training.progress import Progress


def test_the_log_holds_the_mean_loss_since_the_last_line(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with Progress("run", 4, 0, log) as progress:
        for loss in (1.0, 3.0, 10.0, 20.0):
            progress.step(loss, sentences=8, rate=1e-3, every=2)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["step"], line["loss"]) for line in lines] == [(2, 2.0), (4, 15.0)]


def test_a_resumed_log_goes_on_below_what_is_there(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    for start in (0, 1):
        with Progress("run", 2, start, log) as progress:
            progress.step(1.0, 8, 1e-3, every=1)
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()] == [1, 2]


def test_without_a_terminal_progress_is_printed_as_plain_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress("run", 1, 0, tmp_path / "log.jsonl") as progress:
        progress.told(1, {"val oIoU": 71.234})
    assert "run: step 1/1: val oIoU 71.234" in capsys.readouterr().out


def test_a_run_on_the_processor_tells_the_memory_of_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of a GPU that the run does not use nothing must be asked.
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda *_: 0)
    log = tmp_path / "log.jsonl"
    with Progress("run", 1, 0, log, device="cpu") as progress:
        progress.step(1.0, 8, 1e-3)
    assert json.loads(log.read_text())["memory GiB"] > 0.05
