"""How much the factorised CMSA attention saves, at the size of paper 004.

One image of 40 x 40 cells and one sentence of 20 words: 32,000 (pixel, word) pairs, d = 512. Three
ways to attend from every pair to every pair and average over the words of the query:

* factorised: refseg_lib.fusion.pair_attention.cross_attention, which never builds a pair;
* sdpa: torch's scaled_dot_product_attention over the 32,000 pairs;
* naive: softmax(q kᵀ) v with the whole score matrix.

Each runs in a process of its own, so that peak memory is its own; seconds are the processor's, so
that other work on the machine does not count. Prints a table and one JSON line.

    python benchmarks/cmsa.py [--grid 40] [--words 20] [--width 512] [--threads 1] [--skip naive]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.fusion.pair_attention import Parts, cross_attention

Attention = Callable[[Parts, Parts, Parts, Tensor], Tensor]


def pairs(parts: Parts) -> Tensor:
    """Build the (B, T·P, d) pairs that the factorised form never builds."""
    return (parts.words[:, :, None] + parts.pixels[:, None]).flatten(1, 2)


def sdpa(query: Parts, key: Parts, value: Parts, word_mask: Tensor) -> Tensor:
    """Attend with the library's kernel."""
    q, k, v = (pairs(part)[:, None] for part in (query, key, value))
    attended = F.scaled_dot_product_attention(q, k, v, scale=1.0)[:, 0]
    return attended.unflatten(1, (word_mask.shape[1], -1)).mean(1)


def naive(query: Parts, key: Parts, value: Parts, word_mask: Tensor) -> Tensor:
    """Attend with the score matrix in memory."""
    q, k, v = (pairs(part) for part in (query, key, value))
    attended = (q @ k.mT).softmax(-1) @ v
    return attended.unflatten(1, (word_mask.shape[1], -1)).mean(1)


METHODS: dict[str, Attention] = {"factorised": cross_attention, "sdpa": sdpa, "naive": naive}


def measure(method: str, backward: bool, grid: int, words: int, width: int) -> dict[str, float]:
    """Time one pass and read this process's peak memory above what it held before."""
    torch.manual_seed(0)
    mask = torch.ones(1, words, dtype=torch.bool)
    # Norms as at the start of training: scores of order one.
    scale = width**-0.25 / 2**0.5
    parts = [
        Parts(scale * torch.randn(1, grid * grid, width), scale * torch.randn(1, words, width))
        for _ in range(3)
    ]
    leaves = [tensor.requires_grad_(backward) for part in parts for tensor in part]
    run = METHODS[method]
    # Load kernels and start threads on a tiny case first.
    run(*(Parts(part.pixels[:, :4], part.words) for part in parts), mask)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    out = run(*parts, mask)
    if backward:
        torch.autograd.grad(out.square().sum(), leaves)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "mib": (peak - before) / 1024, "checksum": out.sum().item()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--grid", type=int, default=40)
    parser.add_argument("--words", type=int, default=20)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--skip", nargs="*", default=[], choices=list(METHODS))
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--backward", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    size = (chosen.grid, chosen.words, chosen.width)
    torch.set_num_threads(chosen.threads)
    if chosen.only:
        print(json.dumps(measure(chosen.only, chosen.backward, *size)))
        return
    rows = {}
    for backward in (False, True):
        for method in METHODS:
            if method not in chosen.skip:
                rows[method, backward] = in_a_fresh_process(method, backward, chosen)
    report(rows, chosen)


def in_a_fresh_process(method: str, backward: bool, chosen: argparse.Namespace) -> dict | None:
    """Measure in a child; None where the memory would not suffice."""
    # Scores and weights, and the gradient of each.
    score_bytes = 4 * (chosen.grid**2 * chosen.words) ** 2 * (4 if backward else 2)
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if method == "naive" and score_bytes > 0.7 * free:
        return None
    command = [sys.executable, __file__, "--only", method, "--threads", str(chosen.threads)]
    for name in ("grid", "words", "width"):
        command += [f"--{name}", str(getattr(chosen, name))]
    print(f"{method}, {'forward + backward' if backward else 'forward'} ...", file=sys.stderr)
    done = subprocess.run(
        [*command, *(["--backward"] if backward else [])], capture_output=True, text=True
    )
    return json.loads(done.stdout) if done.returncode == 0 else None


def report(rows: dict[tuple[str, bool], dict | None], chosen: argparse.Namespace) -> None:
    """Print the table and the JSON line."""
    pairs_count = chosen.grid**2 * chosen.words
    print(f"{pairs_count:,} pairs, d = {chosen.width}, {chosen.threads} thread(s)")
    print(f"{'':12}{'pass':20}{'seconds':>10}{'peak MiB':>10}{'time':>9}{'memory':>9}")
    summary = {"pairs": pairs_count, "width": chosen.width, "threads": chosen.threads, "rows": []}
    for (method, backward), row in rows.items():
        name = "forward + backward" if backward else "forward"
        ours = rows.get(("factorised", backward))
        if row is None:
            print(f"{method:12}{name:20}     more memory than is free")
            summary["rows"].append({"method": method, "pass": name, "failed": True})
            continue
        ratios = {key: row[key] / ours[key] if ours else None for key in ("seconds", "mib")}
        print(
            f"{method:12}{name:20}{row['seconds']:10.3f}{row['mib']:10.0f}"
            + "".join(f"{ratio:8.1f}x" for ratio in ratios.values() if ratio)
        )
        summary["rows"].append(
            {"method": method, "pass": name, **row}
            | {f"{key}_ratio": ratio for key, ratio in ratios.items()}
        )
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
