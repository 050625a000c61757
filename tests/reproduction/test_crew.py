import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.parkref.writing import make_parkref
from refseg_lib.reproduction.crew import perform_all
from refseg_lib.reproduction.planning import Choices, plan
from refseg_lib.reproduction.running import Places

QUICK = (("steps", "1"), ("batch", "2"), ("cache_gib", "0"), ("validate_sentences", "2"))


def test_a_run_that_fails_stops_no_other_and_is_named_with_its_reason_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_parkref(tmp_path, train_images=4, height=64, workers=1)
    good = plan(["cmsa-2"], Choices("parkref_unc", settings=QUICK))[0]
    places = Places(tmp_path, tmp_path / "results", tmp_path / "runs", "cpu")
    with pytest.raises(UserError) as error:
        perform_all([replace(good, data="refcoco_unc"), good], places)
    assert "1 of 2 runs failed" in str(error.value)
    assert "refcoco_unc cmsa-no-attention" in str(error.value)
    assert "data set refcoco_unc is not there" in str(error.value)
    assert places.record(good).is_file()
    told = capsys.readouterr().out
    assert "FAILED" in told
    assert "val oIoU" in told
    assert "step 1/1" in (places.weights(good) / "log.txt").read_text()


def test_a_fault_of_the_program_in_one_run_stops_no_other_and_its_traceback_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_parkref(tmp_path, train_images=4, height=64, workers=1)
    good = plan(["cmsa-2"], Choices("parkref_unc", settings=QUICK))[0]
    assert good.network is not None
    network = replace(good.network, options={"across_fusion": torch.nn.Identity()})
    faulty = replace(good, seed=1, network=network)
    places = Places(tmp_path, tmp_path / "results", tmp_path / "runs", "cpu")
    with pytest.raises(UserError, match=r"1 of 2 runs failed .*seed1: \w+Error: .*log\.txt"):
        perform_all([faulty, good], places)
    assert places.record(good).is_file()
    assert "Traceback" in (places.weights(faulty) / "log.txt").read_text()
    assert "val oIoU" in capsys.readouterr().out


def children_of(process: int) -> set[int]:
    """Processes whose parent this is, as Linux tells it."""
    found = set()
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == process:
            found.add(int(place.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc: Linux only")
def test_no_run_outlives_the_command_that_started_it(tmp_path: Path) -> None:
    make_parkref(tmp_path, train_images=4, height=64, workers=1)
    asked = ["reproduce", "--table", "cmsa-2", "--data", "parkref_unc", "--root", str(tmp_path)]
    asked += ["--out", str(tmp_path / "results"), "--runs", str(tmp_path / "runs")]
    asked += ["--set", "steps=100000", "--set", "batch=2", "--set", "cache_gib=0", "--jobs", "1"]
    command = subprocess.Popen(
        [sys.executable, "-m", "refseg_lib", *asked], stdout=subprocess.DEVNULL
    )
    logs = tmp_path / "runs" / "parkref_unc"
    while not any("step" in log.read_text() for log in logs.glob("*/log.txt")):
        assert command.poll() is None
        time.sleep(0.2)
    started = children_of(command.pid)
    assert started
    os.kill(command.pid, signal.SIGKILL)
    command.wait()
    until = time.monotonic() + 60
    while any(Path(f"/proc/{child}").exists() for child in started):
        assert time.monotonic() < until, "a run goes on without anybody waiting for it"
        time.sleep(0.2)
