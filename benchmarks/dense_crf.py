"""The two back ends of the dense CRF: processor time, agreement, and what the CRF does to a model.

* At 320x320, five rounds, one thread: pictures of parkref_unc's val split, and photographs where a
  folder of them is given. "prepare" is done once per picture, "refine" once per sentence. Smooth
  random fields stand for a network's probabilities. Seconds are the processor's; the ways take
  turns, a figure is the median over pictures and rounds.
* At 128x128 exact Gaussians as well, summed over all pairs: what the lattice is not. Written
  plainly: its seconds do not say how fast it could be made.
* `--model` on the first sentences of a split, without a CRF and with either back end.

    python benchmarks/dense_crf.py [--photos FOLDER] [--limit 200]
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from operators import here
from PIL import Image
from torch import Tensor
from torch.nn import functional

from refseg_lib.data.refer import open_dataset
from refseg_lib.evaluation.dense_crf import RIS, Refiner, refiner
from refseg_lib.evaluation.dense_crf_mean_field import mean_field, pixel_features
from refseg_lib.evaluation.provenance import git_hash
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.files import write_atomically
from refseg_lib.models.saved import load_model

BACKENDS = ("pydensecrf", "torch")


def some_answer(side: int, seed: int) -> NDArray[np.float32]:
    """Make a smooth field of probabilities, unsure in places."""
    coarse = 3 * torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(seed))
    return torch.sigmoid(functional.interpolate(coarse, (side, side), mode="bicubic"))[0, 0].numpy()


def exact_kernel(features: Tensor) -> Callable[[Tensor], Tensor]:
    """Filter over all pairs, 512 rows at a time."""

    def gaussian(values: Tensor) -> Tensor:
        squares = features.square().sum(1)
        rows = []
        for start in range(0, len(features), 512):
            one = slice(start, start + 512)
            near = features[one] @ features.T - (squares[one, None] + squares) / 2
            rows.append(near.exp() @ values)
        return torch.cat(rows)

    scale = gaussian(torch.ones_like(features[:, 0])).rsqrt()
    return lambda values: scale * gaussian(scale * values)


def exact(image: NDArray[np.uint8]) -> Refiner:
    """Prepare a mean field with exact Gaussians."""
    found = pixel_features(image, RIS.smooth_width, RIS.color_width, RIS.color_range)
    weights = (RIS.smooth_weight, RIS.color_weight)
    kernels = [(w, exact_kernel(f)) for w, f in zip(weights, found, strict=True)]

    def refine(probability: NDArray[np.floating]) -> NDArray[np.float32]:
        unary = torch.logit(torch.from_numpy(probability).flatten(), RIS.clip)
        return mean_field(unary, kernels, RIS.rounds).numpy().reshape(probability.shape)

    return refine


def compare(
    pictures: list[Image.Image], side: int, rounds: int, with_exact: bool = False
) -> dict[str, object]:
    """Time the ways on squares of ``side`` pixels, and compare each with pydensecrf."""
    ways: dict[str, Callable[[NDArray[np.uint8]], Refiner]] = {
        name: lambda image, name=name: refiner(image, name) for name in BACKENDS
    }
    if with_exact:
        ways["exact"] = exact
    seconds: dict[str, dict[str, list[float]]] = {n: {"prepare": [], "refine": []} for n in ways}
    same: dict[str, list[float]] = {name: [] for name in ways}
    apart: dict[str, list[float]] = {name: [] for name in ways}
    changed = []
    for seed, picture in enumerate(pictures):
        image = np.array(picture.convert("RGB").resize((side, side), Image.Resampling.BILINEAR))
        answer = some_answer(side, seed)
        for _ in range(rounds):
            masks = {}
            for name, prepare in ways.items():
                begun = time.process_time()
                refine = prepare(image)
                prepared = time.process_time()
                masks[name] = refine(answer)
                seconds[name]["refine"].append(time.process_time() - prepared)
                seconds[name]["prepare"].append(prepared - begun)
        reference = masks["pydensecrf"]
        changed.append(np.mean((reference >= 0.5) != (answer >= 0.5)))
        for name, mask in masks.items():
            same[name].append(np.mean((mask >= 0.5) == (reference >= 0.5)))
            apart[name].append(np.abs(mask - reference).max())
    told: dict[str, object] = {
        "pictures": len(pictures),
        "side": side,
        "percent of pixels the CRF changes": round(100 * float(np.mean(changed)), 2),
    }
    for name in ways:
        told[name] = {k: round(statistics.median(s), 3) for k, s in seconds[name].items()}
        if name != "pydensecrf":
            told[name] |= {
                "percent of pixels as in pydensecrf": round(100 * float(np.mean(same[name])), 4),
                "worst picture": round(100 * min(same[name]), 4),
                "largest difference of probabilities": round(float(max(apart[name])), 5),
            }
    return told


def effect(model: str, data: str, split: str, limit: int) -> list[dict[str, object]]:
    """Score a shipped model without and with a CRF."""
    loaded, dataset = load_model(model), open_dataset(data, "data", split)
    rows = []
    for crf in (None, *BACKENDS):
        begun = time.process_time()
        row = evaluate(loaded, dataset, limit=limit, progress=False, crf=crf)
        rows.append(
            {"model": model, "dataset": data, "split": split, "protocol": row.protocol, "crf": crf}
            | {name: round(value, 2) for name, value in row.scores.items()}  # type: ignore
            | {"cpu_s": round(time.process_time() - begun, 1), "notes": list(row.notes)}
        )
        print(json.dumps(rows[-1]))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="a folder of photographs")
    parser.add_argument("--pictures", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="cmsa")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("results/dense_crf.json"))
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    drawn = open_dataset("parkref_unc", "data", "val")
    groups = drawn.by_image()[: chosen.pictures]
    kinds = {"parkref": [drawn.image(positions[0]) for _, positions in groups]}
    if chosen.photos is not None:
        files = sorted(chosen.photos.glob("*.jpg"))[: chosen.pictures]
        kinds["photographs"] = [Image.open(file) for file in files]
    told = {
        "command": "python benchmarks/dense_crf.py"
        + ("" if chosen.photos is None else f" --photos {chosen.photos}"),
        **here(),
        "commit": git_hash(),
        "load_average": round(os.getloadavg()[0], 1),
        "seconds": "of the processor, one thread, median",
        "at 320x320": {kind: compare(p, 320, chosen.rounds) for kind, p in kinds.items()},
        "with exact Gaussians": {kind: compare(p[:3], 128, 1, True) for kind, p in kinds.items()},
        "effect": effect(chosen.model, "parkref_unc", "val", chosen.limit),
    }
    write_atomically(chosen.out, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    print(
        json.dumps({name: told[name] for name in ("at 320x320", "with exact Gaussians")}, indent=1)
    )


if __name__ == "__main__":
    main()
