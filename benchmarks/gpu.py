"""What a GPU is needed to know: speed, memory and share of the peak; ParkRef at 320 pixels.

    python benchmarks/gpu.py [--only NAME ...] [--again]       # or: make bench-gpu
    python benchmarks/gpu.py --list

In pieces, each in a process of its own that ends within ten minutes and writes its rows to
results/gpu/NAME.json one by one. A finished piece is skipped, an unfinished one goes on with the
row at which it was stopped; so the command may be killed and given again.

* step-SYSTEM: training's own step at the paper preset (320 x 320, DeepLab-v2 ResNet-101 with random
  weights, stride 8), 20 words, from a batch in the processor's memory to changed weights; in bf16
  (autocast) and fp32, with the recipe's batch and with 16. Times are medians. FLOPs are those of
  the matrix products and convolutions of one step, counted by torch.utils.flop_counter; their rate
  is compared with that of one product of two 8192 x 8192 bf16 matrices here, also for fp32, where
  convolutions may use TF32 (see "settings").
* cmsa-attention: the factorised attention, torch's kernel and the printed formula (see cmsa.py).
* grouping: CMSA's step with up to eight sentences per picture, and compiled, and channels last.
* draw, pretrain, train-SYSTEM: ParkRef drawn at 320 pixels, a ResNet-50 taught what its pixels are,
  and each system at the laptop's width on top of it: as many steps as fit into some six minutes,
  then its strict score on val. What they leave behind is in runs/gpu.

`--device cpu --small` runs everything in miniature, to try the script; its figures mean nothing
and go to runs/gpu_small.
"""

import argparse
import functools
import json
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from gpu_steps import SYSTEMS, Asked, Row, Setting, attention, grouping, on_gpu, small, steps
from gpu_training import drawing, forget, needed, pretraining, products, training
from operators import here

from refseg_lib.evaluation.provenance import git_hash
from refseg_lib.files import write_atomically

LIMIT = 590  # seconds
PIECES: dict[str, Callable[[Setting], Asked]] = {
    **{f"step-{system}": functools.partial(steps, system=system) for system in SYSTEMS},
    "cmsa-attention": attention,
    "grouping": grouping,
    "draw": drawing,
    "pretrain": pretraining,
    **{f"train-{system}": functools.partial(training, system=system) for system in SYSTEMS},
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(PIECES), default=list(PIECES))
    parser.add_argument("--again", action="store_true", help="measure finished pieces once more")
    parser.add_argument("--list", action="store_true", help="name the pieces, say which are done")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--small", action="store_true", help="to try the script")
    parser.add_argument("--out", type=Path, help="default: results/gpu, runs/gpu_small if small")
    parser.add_argument("--work", type=Path, help="default: runs/gpu, OUT/work if small")
    parser.add_argument("--child", choices=list(PIECES), help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    measured = Path("results/gpu")
    out = chosen.out or (Path("runs/gpu_small") if chosen.small else measured)
    work = chosen.work or (out / "work" if chosen.small else Path("runs/gpu"))
    if chosen.small and measured.resolve() in (out.resolve(), *out.resolve().parents):
        return refused(f"--small measures nothing: not into {measured}, choose another --out")
    if chosen.device == "cpu" and not chosen.small:
        return refused("--device cpu needs --small: the full sizes are for a GPU")
    setting = (small if chosen.small else full)(chosen.device, work)
    if chosen.list:
        for name in PIECES:
            print(f"{name:16} {'done' if finished(name, out, setting) else ''}".rstrip())
        return 0
    if on_gpu(setting) and not torch.cuda.is_available():
        return refused("no GPU can be used here; --device cpu --small tries the script")
    if chosen.child:
        measure(chosen.child, out, setting)
        return 0
    failed = []
    for name in chosen.only:
        if finished(name, out, setting) and not chosen.again:
            print(f"{name}: done before, see {out / name}.json (--again measures it once more)")
            continue
        if lacking := needed(name, setting):
            return refused(f"{name} needs what these leave behind: --only {' '.join(lacking)}")
        if chosen.again:
            (out / f"{name}.json").unlink(missing_ok=True)
            forget(name, setting)
        if told := in_a_process(name, out, setting):
            print(f"{name}: {told}", file=sys.stderr, flush=True)
            failed.append(name)
    if failed:
        print(f"not finished: {', '.join(failed)}; the same command goes on", file=sys.stderr)
    return 1 if failed else 0


def rows(name: str, setting: Setting, known: list[Row]) -> Iterator[Row]:
    """Measure a piece's rows but for those known; yield them all, in order.

    A row that fails says so in ``failed`` and does not keep the others from being measured.
    """
    asked = PIECES[name](setting)
    answer: Row | None = None
    while True:
        try:
            key, work = asked.send(answer)
        except StopIteration:
            return
        kept = [row for row in known if key.items() <= row.items() and not again(row)]
        answer = kept[0] if kept else {**key, **tried(work)}
        yield answer


def tried(work: Callable[[], Row]) -> Row:
    try:
        return work()
    except torch.OutOfMemoryError:
        return {"failed": "out of memory"}
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return {"failed": f"{type(error).__name__}: {error}".splitlines()[0]}
    finally:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def again(row: Row) -> bool:
    """Say whether a row failed for another reason than its size."""
    return row.get("failed", "out of memory") != "out of memory"


def refused(why: str) -> int:
    print(f"gpu.py: {why}", file=sys.stderr)
    return 2


def full(device: str, work: Path) -> Setting:
    return Setting(device, work, False)


def in_a_process(name: str, out: Path, setting: Setting) -> str | None:
    """Measure one piece; say why it did not finish, or None."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    command = [sys.executable, __file__, "--child", name, "--device", setting.device]
    command += ["--out", str(out), "--work", str(setting.work)]
    try:
        done = subprocess.run([*command, *(["--small"] if setting.small else [])], timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return f"stopped after {LIMIT} s; the rows finished by then are kept"
    if done.returncode:
        return f"its process ended with {done.returncode}"
    return None if finished(name, out, setting) else "some rows failed, see above"


def origin(setting: Setting) -> dict[str, object]:
    """Say what the figures depend on."""
    told: dict[str, object] = {"device": setting.device, "small": setting.small, **here()}
    if on_gpu(setting):
        about = torch.cuda.get_device_properties(torch.device(setting.device))
        told["gpu"] = f"{about.name}, {about.total_memory / 2**30:.0f} GiB"
        told["cuda"], told["cudnn"] = torch.version.cuda, torch.backends.cudnn.version()
    told["settings"] = {
        "fp32 matrix products": torch.get_float32_matmul_precision(),
        "TF32 in convolutions": torch.backends.cudnn.allow_tf32,
        "matmul": f"{setting.matmul} x {setting.matmul} bf16, median of up to 50 calls",
    }
    return told


def measure(name: str, out: Path, setting: Setting) -> None:
    """Measure a piece's rows and write each as soon as it is there."""
    file = out / f"{name}.json"
    told = {"piece": name, "command": f"python benchmarks/gpu.py --only {name}", **origin(setting)}
    known = json.loads(file.read_text()) if file.is_file() else {}
    # Rows of another machine are no part of this piece; neither is what its products came from.
    same = all(known.get(key) == value for key, value in told.items())
    gone = not all(path.exists() for path in products(name, setting))
    kept = known["rows"] if same and not gone else []
    commit, done = git_hash(), []
    for row in rows(name, setting, kept):
        done.append(row if row in kept else {**row, "commit": commit})
        print(json.dumps(done[-1]), file=sys.stderr, flush=True)
        # Rows measured before stand behind until their turn comes.
        later = [old for old in kept if old not in done]
        write(file, {**told, "complete": False, "rows": done + later})
    write(file, {**told, "complete": not any(map(again, done)), "rows": done})


def write(file: Path, told: dict[str, object]) -> None:
    write_atomically(file, json.dumps(told, indent=1) + "\n")


def finished(name: str, out: Path, setting: Setting) -> bool:
    """Say whether a piece is measured and what it made for others is still there."""
    file = out / f"{name}.json"
    made = all(path.exists() for path in products(name, setting))
    return made and file.is_file() and json.loads(file.read_text())["complete"]


if __name__ == "__main__":
    sys.exit(main())
