"""Is a run that was killed again and again the run it would have been?

    python benchmarks/kills.py [--kills 20] [--out results/kills.json]

A small CMSA learns a small ParkRef twice: once in peace, and once killed with SIGKILL, each time at
a random moment after at least one more checkpoint (one is written every second step, so some kills
hit the writing), then resumed. The weights kept, the weights at the end and the log's losses must
be the same to the last bit. The last line is JSON.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file

from refseg_lib.evaluation.provenance import git_hash, versions
from refseg_lib.files import write_atomically
from refseg_lib.parkref.writing import make_parkref

SETTINGS = {
    "batch": 4, "per_image": 2, "checkpoint": 2, "validate": 50, "validate_sentences": 8,
    "warmup": 2, "workers": 1, "precision": "fp32", "cache_gib": 0,
}  # fmt: skip
SIZES = {"input_size": 64, "embedding": 16, "attention": 8, "width": 16}
LONGEST = 600.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, help="default: 40 for every kill")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--out", type=Path, default=Path("results/kills.json"))
    chosen = parser.parse_args()
    steps = chosen.steps or 40 * (chosen.kills + 1)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        make_parkref(root, train_images=24, height=64, workers=1)
        whole, cut = root / "whole", root / "cut"
        finish(start(root, whole, steps))
        moments = random.Random(chosen.seed)
        stopped_at = [kill(root, cut, steps, moments.uniform(0, 0.5)) for _ in range(chosen.kills)]
        finish(start(root, cut, steps))
        told = {
            "command": f"python benchmarks/kills.py --kills {chosen.kills}",
            "versions": versions(),
            "commit": git_hash(),
            "steps": steps,
            "kills": chosen.kills,
            "checkpoint_left_by_each_kill": stopped_at,
            "kept_weights_equal": same(
                *(load_file(f / "weights.safetensors") for f in (whole, cut))
            ),
            "last_weights_equal": same(*(checkpoint(f)["model"] for f in (whole, cut))),
            "losses_equal": losses(whole) == losses(cut),
        }
    write_atomically(chosen.out, json.dumps(told, indent=1) + "\n")
    print(json.dumps(told))
    if not (told["kept_weights_equal"] and told["last_weights_equal"] and told["losses_equal"]):
        raise SystemExit("the killed run is another run")


def start(root: Path, out: Path, steps: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "refseg_lib", "train", "--model", "cmsa"]
    command += ["--data", "parkref_unc", "--root", str(root), "--out", str(out), "--device", "cpu"]
    for flag, pairs in (("--set", {**SETTINGS, "steps": steps}), ("--size", SIZES)):
        for name, value in pairs.items():
            command += [flag, f"{name}={value}"]
    if (out / "resume.pt").exists():
        command.append("--resume")
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process: "subprocess.Popen[bytes]") -> None:
    _, said = process.communicate(timeout=LONGEST)
    if process.returncode:
        raise SystemExit(f"training failed: {said.decode(errors='replace')[-2000:]}")


def kill(root: Path, out: Path, steps: int, later: float) -> int:
    """Start, wait for one more checkpoint and a moment; kill; return the step it left."""
    file = out / "resume.pt"
    before = file.stat().st_mtime_ns if file.exists() else 0
    process = start(root, out, steps)
    deadline = time.monotonic() + LONGEST
    while not file.exists() or file.stat().st_mtime_ns == before:
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("the run ended before it could be killed: raise --steps")
        time.sleep(0.005)
    time.sleep(later)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return int(checkpoint(out)["step"])


def checkpoint(out: Path) -> dict:
    return torch.load(out / "resume.pt", weights_only=True)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def losses(out: Path) -> list[tuple[int, float]]:
    lines = map(json.loads, (out / "log.jsonl").read_text().splitlines())
    return [(line["step"], line["loss"]) for line in lines if "loss" in line]


if __name__ == "__main__":
    main()
