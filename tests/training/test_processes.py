import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from refseg_lib.training.processes import Processes, share_of

SCRIPT = Path(__file__).with_name("two_processes.py")
ALONE = [sys.executable]


def two() -> list[str]:
    """Torchrun on this machine's own address, whatever its name resolves to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    launch = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "1"]
    return [*launch, "--nproc-per-node", "2", "--master-addr", "127.0.0.1", f"--master-port={port}"]


def learned(launcher: list[str], root: Path, out: Path, batch: int, steps: int) -> None:
    command = [*launcher, str(SCRIPT), str(root), str(out), str(batch), str(steps)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    if Path("/sys/class/net/lo").exists():
        environment["GLOO_SOCKET_IFNAME"] = "lo"
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def test_two_processes_learn_what_one_learns_from_twice_the_batch(
    small_parkref: Path, tmp_path: Path
) -> None:
    one, both = tmp_path / "one", tmp_path / "two"
    learned(ALONE, small_parkref, one, 8, 6)
    learned(two(), small_parkref, both, 4, 6)
    alone = torch.load(one / "gradients-0.pt")
    for rank in (0, 1):
        together = torch.load(both / f"gradients-{rank}.pt")
        assert together.keys() == alone.keys()
        for name, gradient in alone.items():
            torch.testing.assert_close(together[name], gradient, rtol=0, atol=1e-12)
    # An epoch is six batches: every sentence was seen once, by one of the two.
    seen, first, second = (
        json.loads(file.read_text())
        for file in (one / "seen-0.json", both / "seen-0.json", both / "seen-1.json")
    )
    assert sorted(first + second) == sorted(seen)
    assert not set(first) & set(second)
    ends = [torch.load(out / "resume.pt", weights_only=True) for out in (one, both)]
    for name, value in ends[0]["model"].items():
        torch.testing.assert_close(ends[1]["model"][name], value, rtol=0, atol=1e-9)
    logs = [
        [json.loads(line)["loss"] for line in (out / "log.jsonl").read_text().splitlines()]
        for out in (one, both)
    ]
    assert logs[0] == pytest.approx(logs[1], abs=1e-6)


def test_shares_are_nearly_equal_whole_and_keep_the_sentences_of_an_image_together() -> None:
    indices, images = [10, 11, 12, 13, 14, 15, 16], [3, 1, 3, 1, 2, 2, 3]
    shares = [share_of(indices, images, rank, 2) for rank in (0, 1)]
    assert sorted(shares[0] + shares[1]) == indices
    assert [len(share) for share in shares] == [4, 3]
    image = dict(zip(indices, images, strict=True))
    assert {image[i] for i in shares[0]} & {image[i] for i in shares[1]} == set()


def test_alone_nothing_is_sent_and_numbers_stay_as_they_are() -> None:
    alone = Processes("cpu")
    assert (alone.rank, alone.count, alone.first) == (0, 1, True)
    assert alone.total(0.1) == 0.1
    assert alone.agree("x") == "x"
    assert alone.gather(3) == [3]
    assert alone.device == torch.device("cpu")
