"""What the papers' operators cost, as printed and as this library computes them; whole models too.

    python benchmarks/operators.py [--only NAME ...] [--batch 1 16] [--scale small] [--again]

Every operator stands at its paper's size (40 x 40 cells, 20 words, fp32, one thread) and in forms
of which each must give the same results and gradients as ours, or the run ends (in double precision
on 10 x 10 cells where ReLUs at zero make fp32 differ). "literal" is the
printed equation in vectorised PyTorch:

* cmsa_attention: all 32,000 (pixel, word) pairs attend to all (004, Eq. 2-4; also in cmsa.py);
* cmpc_adjacency: A = B1 B2, then A M, against B1 (B2 M) (001, Eq. 7-9);
* cmpc_reasoning: the module around it, Eq. 5-10, with its products of pixels by channels;
* claf: nine products of pixels by pixels against Q (K^T V) (002, Eq. 16-17);
* mutan: five 1x1 convolutions and a product each against one product (001, Eq. 3-4, with the
  activations and places of its released code);
* prs: BUS of one level (000, Eq. 2-4) on sentences of one to three edges with relations drawn
  evenly from 30: loops over sentences and edges, both directions in all three rounds and Conv_v
  for every map. "sentence by sentence" is ours without a batch.

Whole models (paper preset) start from random backbone maps; the backbone has a row of its own.
Every sentence has an image of its own. Seconds are the processor's, the median of five calls or,
from five seconds on, of one. Peak memory is that of the first call above what was there before it,
in a process of its own. A batch that needs more than 12 GiB is halved until it fits. Finished rows
are kept (results/operators.json). Linux only.
"""

import argparse
import ctypes
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from literal_forms import CASES, MODELS, ONE_BY_ONE, SCALES, Case, Scale
from torch import Tensor

from refseg_lib.evaluation.provenance import git_hash, versions
from refseg_lib.files import write_atomically

# fp32 sums in another order: of the largest value of an output or a gradient.
TOLERANCE = 1e-4
LIMIT = 12 * 2**30
PASSES = ("forward", "forward + backward")
MEASURED = ("batch", "seconds", "calls", "mib", "difference")


class Ask(NamedTuple):
    """One row: ``batch`` is what is asked for; less may fit."""

    name: str
    form: str
    batch: int
    backward: bool

    def __str__(self) -> str:
        step = "forward + backward" if self.backward else "forward"
        return f"{self.name}, {self.form}, batch {self.batch}, {step}"


def run(case: Case, form: str, backward: bool) -> Sequence[Tensor | None]:
    """Compute the results and, asked to, the gradients of all leaves."""
    for leaf in case.leaves:
        leaf.requires_grad_()
    with torch.set_grad_enabled(backward):
        given = case.forms[form]()
        results = [given] if isinstance(given, Tensor) else list(given)
        if not backward:
            return results
        gradients = torch.autograd.grad(results, case.leaves, case.upstream, allow_unused=True)
    return [*(result.detach() for result in results), *gradients]


def difference(got: Sequence[Tensor | None], want: Sequence[Tensor | None]) -> float:
    """Find the largest deviation, each in units of the largest value of its tensor.

    A gradient is None where nothing was used, as a relation's weights that no sentence names.
    """
    each = []
    for a, b in zip(got, want, strict=True):
        if a is not None and b is not None:
            each.append((a - b).abs().max() / b.abs().max())
        elif a is not None or b is not None:
            raise SystemExit("one of the two forms gives no gradient where the other does")
    # A maximum of tensors, unlike Python's, keeps a NaN.
    return torch.stack(each).max().item()


def measure(ask: Ask, size: Scale) -> dict | None:
    """Time the calls of one form and compare it with ours; None where the memory is too small."""
    torch.set_num_threads(1)
    # Load kernels on a tiny case first.
    run(CASES[ask.name](SCALES["small"], min(ask.batch, 2)), ask.form, ask.backward)
    torch.manual_seed(0)
    case = CASES[ask.name](size, ask.batch)
    held = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (held + LIMIT, hard))
    # What building the case took and gave back must neither hide nor serve what the call takes.
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, mib, results = [], 0.0, []
    try:
        while len(seconds) < (5 if not seconds or seconds[0] < 5 else 1):
            results = []
            start = time.process_time()
            results = run(case, ask.form, ask.backward)
            seconds.append(time.process_time() - start)
            if len(seconds) == 1:
                mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):
            raise
        return None
    told = {"batch": ask.batch, "seconds": statistics.median(seconds), "calls": len(seconds)}
    told["mib"] = mib
    if ask.form != "ours":
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
        told["difference"] = found = difference(results, run(case, "ours", ask.backward))
        if not found <= TOLERANCE:
            # Where a ReLU stands at zero, rounding alone decides whether it opens: double
            # precision tells this from a mistake.
            told["difference_in_double"] = found = in_double(ask, size)
        if not found <= TOLERANCE:
            raise SystemExit(
                f"{ask}: differs from ours by {found:.1e} of the largest value, more than"
                f" {TOLERANCE:.0e}: one of the two is wrong; this row was not written"
            )
    return told


def in_double(ask: Ask, size: Scale) -> float:
    """Compare a form with ours in double precision, on fewer cells."""
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    case = CASES[ask.name](size._replace(grid=min(size.grid, 10)), ask.batch)
    return difference(*(run(case, form, ask.backward) for form in (ask.form, "ours")))


def fitting(ask: Ask, scale: str, done: dict[Ask, dict]) -> dict:
    """Measure in processes of their own, with ever smaller batches until one fits."""
    while ask not in done:
        print(f"{ask} ...", file=sys.stderr, flush=True)
        ended = subprocess.run(
            [sys.executable, __file__, "--child", json.dumps([*ask]), "--scale", scale],
            stdout=subprocess.PIPE,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        if ended.returncode:
            raise SystemExit(f"{ask}: the measuring process ended with {ended.returncode}")
        told = json.loads(ended.stdout)
        if told is not None:
            return told
        if ask.batch == 1:
            raise SystemExit(f"{ask}: one sentence needs more than {LIMIT / 2**30:.0f} GiB")
        print("  too much memory", file=sys.stderr, flush=True)
        ask = ask._replace(batch=ask.batch // 2)
    return {key: done[ask][key] for key in MEASURED if key in done[ask]}


def asked_for(names: Sequence[str], batches: Sequence[int]) -> list[Ask]:
    """List the rows."""
    asks = []
    for name in names:
        for batch in batches:
            forms = ["ours"]
            if name not in ("backbone", *MODELS):
                forms.append("literal")
            if name == "prs" and batch > 1:
                forms.append(ONE_BY_ONE)
            # The backbone is frozen.
            passes = (False,) if name == "backbone" else (False, True)
            asks += [Ask(name, form, batch, step) for form in forms for step in passes]
    return asks


def here() -> dict[str, object]:
    """Say what the figures depend on."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    processor = found[1] if found else platform.machine()
    capability = torch.backends.cpu.get_cpu_capability()
    return {
        "machine": f"{processor}, {capability}, {os.cpu_count()} cores, {pages / 2**30:.0f} GiB",
        "versions": versions(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--batch", nargs="+", type=int, default=[1, 16])
    parser.add_argument("--scale", choices=list(SCALES), default="paper", help="small: to try it")
    parser.add_argument("--again", action="store_true", help="measure finished rows once more")
    parser.add_argument("--out", type=Path, help="default: results/operators.json (not if small)")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(measure(Ask(*json.loads(chosen.child)), SCALES[chosen.scale])))
        return
    small = Path("runs/operators_small.json")
    out = chosen.out or (small if chosen.scale == "small" else Path("results/operators.json"))
    origin = {"command": "python benchmarks/operators.py", "scale": chosen.scale, **here()}
    told = json.loads(out.read_text()) if out.is_file() else {**origin, "rows": []}
    if {key: told[key] for key in origin} != origin:
        raise SystemExit(
            f"{out} has rows of another machine, version or scale: choose another --out"
        )
    done = {
        Ask(r["operator"], r["form"], r["asked"], r["pass"] != PASSES[0]): r for r in told["rows"]
    }
    known = {} if chosen.again else done
    for ask in asked_for(chosen.only, chosen.batch):
        if ask in known:
            continue
        found = fitting(ask, chosen.scale, known)
        print(f"  {found['seconds']:.3f} s, {found['mib']:.0f} MiB", file=sys.stderr, flush=True)
        done[ask] = known[ask] = {
            "operator": ask.name, "form": ask.form, "asked": ask.batch,
            "pass": PASSES[ask.backward], **found, "commit": git_hash(),
        }  # fmt: skip
        write_atomically(out, json.dumps({**origin, "rows": list(done.values())}, indent=1) + "\n")
    print(table(done))


def table(done: dict[Ask, dict]) -> str:
    """Lay the rows out, forward and forward + backward side by side."""
    lines = [
        "| operator | form | batch | forward s | fwd+bwd s | s per sentence | peak MiB | ratio time"
        " | ratio memory |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    in_order = sorted(done, key=lambda ask: (list(CASES).index(ask.name), ask.batch))
    for name, form, batch in dict.fromkeys(ask[:3] for ask in in_order):
        columns = [cells(Ask(name, form, batch, step), done) for step in (False, True)]
        batches, seconds, *rest = zip(*columns, strict=True)
        joined = [" / ".join(dict.fromkeys(filter(None, pair))) for pair in (batches, *rest)]
        lines.append(f"| {' | '.join([name, form, joined[0], *seconds, *joined[1:]])} |")
    note = (
        "Two figures: forward / forward + backward; one: the same for both. Ratios: what one"
        " sentence costs, over what it costs in ours. 1 of 16: more do not fit in 12 GiB."
    )
    return "\n".join([*lines, "", note])


def cells(ask: Ask, done: dict[Ask, dict]) -> list[str]:
    """Write batch, seconds, seconds per sentence, memory and the two ratios to ours."""
    row, ours = done.get(ask), done.get(ask._replace(form="ours"))
    if row is None:
        return [""] * 6
    each = row["seconds"] / row["batch"]
    size = str(row["batch"]) if row["batch"] == ask.batch else f"{row['batch']} of {ask.batch}"
    told = [size, f"{row['seconds']:.3f}", f"{each:.3f}", f"{row['mib']:.0f}"]
    if ask.form == "ours" or ours is None:
        return [*told, "", ""]
    # The batches may differ.
    ratios = (
        row[key] / row["batch"] / (ours[key] / ours["batch"]) if ours[key] else float("nan")
        for key in ("seconds", "mib")
    )
    return [*told, *(f"{ratio:.1f}x" for ratio in ratios)]


if __name__ == "__main__":
    main()
