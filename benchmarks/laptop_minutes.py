"""How long does each system's `laptop` recipe take on this machine when nothing else runs?

    python benchmarks/laptop_minutes.py [--steps 200] [--runs runs/laptop_minutes]

For each system: `refseg train --model NAME --data parkref_unc --set steps=N`, one after the other.
The pace is that of the steps behind the first fifty; minutes are the recipe's steps at that pace,
with the seconds before the first step (loading, the backbone once over all pictures) and those of
the looks at the validation split on top. A folder that holds such a run already is read, not run
again. The last line is JSON, also written to results/laptop_minutes.json.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from operators import here

from refseg_lib.evaluation.provenance import git_hash
from refseg_lib.files import write_atomically
from refseg_lib.training.recipes import get_recipe

SYSTEMS = ("baseline", "cmsa", "cmpc", "bilingual", "shnet", "busnet")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--root", type=Path, default=Path("data"))
    parser.add_argument("--runs", type=Path, default=Path("runs/laptop_minutes"))
    parser.add_argument("--out", type=Path, default=Path("results/laptop_minutes.json"))
    chosen = parser.parse_args()
    told = {
        "command": "python benchmarks/laptop_minutes.py",
        **here(),
        "commit": git_hash(),
        "rows": [measure(name, chosen.steps, chosen.root, chosen.runs) for name in chosen.only],
    }
    write_atomically(chosen.out, json.dumps(told, indent=1) + "\n")
    print(json.dumps(told))


def measure(name: str, steps: int, root: Path, runs: Path) -> dict[str, object]:
    folder = runs / name
    if not (folder / "wall.json").is_file():
        begun = time.monotonic()
        train(name, steps, root, folder)
        write_atomically(folder / "wall.json", json.dumps(time.monotonic() - begun))
    wall = json.loads((folder / "wall.json").read_text())
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    paces = [line["sentences/s"] for line in lines if "loss" in line]
    recipe = get_recipe(name, "laptop")
    # Everything that is not a step: loading, the backbone's maps, one look at validation.
    other = max(0.0, wall - sum(steps / len(paces) * recipe.batch / pace for pace in paces))
    pace = statistics.median(paces[1:])
    minutes = (recipe.steps * recipe.batch / pace + other) / 60
    return {
        "model": name,
        "sentences/s": pace,
        "seconds beside the steps": round(other, 1),
        "steps": recipe.steps,
        "minutes of the whole recipe": round(minutes, 1),
    }


def train(name: str, steps: int, root: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "refseg_lib", "train", "--model", name]
    command += ["--data", "parkref_unc", "--root", str(root), "--out", str(folder)]
    command += ["--set", f"steps={steps}", "--set", "validate=0"]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
