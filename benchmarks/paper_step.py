"""Does the paper's size train at all, and what does a step need on a processor?

    python benchmarks/paper_step.py [--only cmsa ...] [--steps 3]

For each system: `refseg train --preset paper` (320 x 320, DeepLab-v2 ResNet-101, published widths,
untrained weights) for a few steps on ParkRef, in a process of its own, one sentence at a time and
in fp32. Seconds are those of a step after the first, memory is the most that the process ever
held. The last line is JSON, also written to results/paper_step.json.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from operators import here

from refseg_lib.evaluation.provenance import git_hash
from refseg_lib.files import write_atomically

SYSTEMS = ("baseline", "cmsa", "cmpc", "bilingual", "shnet", "busnet")
# In a process of its own: its peak memory is then that of this one system.
TRAIN = """
import json, resource, sys, time
from refseg_lib.cli import main
from refseg_lib.training import loop
times, step = [], loop._step
def timed(*arguments):
    begin = time.perf_counter(), time.process_time()
    loss = step(*arguments)
    times.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
    return loss
loop._step = timed
code = main(sys.argv[1:])
print(json.dumps({"times": times, "code": code,
                  "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--root", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("results/paper_step.json"))
    chosen = parser.parse_args()
    told = {
        "command": "python benchmarks/paper_step.py",
        **here(),
        "commit": git_hash(),
        "rows": [measure(name, chosen.steps, chosen.root) for name in chosen.only],
    }
    write_atomically(chosen.out, json.dumps(told, indent=1) + "\n")
    print(json.dumps(told))


def measure(name: str, steps: int, root: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as place:
        asked = (
            f"train --model {name} --preset paper --weights none --data parkref_unc --root {root}"
            f" --validate-on none --device cpu --set steps={steps} --set checkpoint={steps}"
            f" --set keep=1 --set batch=1 --out {place}/run"
        )
        command = [sys.executable, "-c", TRAIN, *asked.split()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{name}: {done.stderr[-2000:]}")
        said = json.loads(done.stdout.splitlines()[-1])
    wall, processor = zip(*said["times"][1:], strict=True)
    row = {
        "model": name,
        "batch": 1,
        "seconds": round(sum(wall) / len(wall), 2),
        "processor_seconds": round(sum(processor) / len(processor), 2),
        "peak_gib": round(said["peak_gib"], 2),
    }
    print(row, file=sys.stderr, flush=True)
    return row


if __name__ == "__main__":
    main()
