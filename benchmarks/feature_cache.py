"""What it saves to run a frozen backbone once, and what it costs to read its maps from a disk.

Trains one model on the first images of `parkref_unc`, a few steps in each of five ways: the
backbone at every step with one sentence per image, and with several; its maps in memory; its maps
on disk, with nothing of the files in the system's memory ("cold"), and with all that is needed in
it ("warm"). Masks are letterboxed beforehand, as after the first epoch. One thread computes while
another makes the next batch, as in training. The ways take turns; a figure is the median over the
rounds.

Processor seconds are those of both threads; beside other work a thread that shares its core with a
stranger needs more of them, hence the range. Wall seconds, and the share of them that the loop
waits for a batch, are true only on a quiet machine: see "load_average".

    python benchmarks/feature_cache.py [--model cmsa] [--images 600] [--steps 20] [--rounds 3]
    python benchmarks/feature_cache.py --preset paper --images 24 --steps 2 --set batch=8 \
        --set per_image=8 --out results/feature_cache_paper.json

The paper's preset has 320 x 320 pixels and a ResNet-101 (random weights: they cost the same).
"""

import argparse
import dataclasses
import json
import os
import resource
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from operators import here

from refseg_lib.cli.model_verbs import pairs
from refseg_lib.data.batch import Batch
from refseg_lib.data.refer import open_dataset
from refseg_lib.evaluation.provenance import git_hash
from refseg_lib.files import write_atomically
from refseg_lib.models.build import build_model
from refseg_lib.models.presets import get_preset
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.training.feeding import training_batches
from refseg_lib.training.losses import mask_loss
from refseg_lib.training.optimizers import make_optimizer
from refseg_lib.training.precision import computes_in_bf16
from refseg_lib.training.recipes import Recipe, get_recipe
from refseg_lib.training.samples import Samples
from refseg_lib.training.starting import build_vocabulary
from refseg_lib.vision.backbone import build_backbone


class TimedSamples(Samples):
    """Samples that count the processor seconds of making batches."""

    seconds = 0.0

    def batch(self, indices: Sequence[int]) -> Batch:
        """Make a batch, on the clock."""
        begun = time.thread_time()
        made = super().batch(indices)
        self.seconds += time.thread_time() - begun
        return made


def step(
    model: ReferringSegmenter, batch: Batch, optimizer: torch.optim.Optimizer, recipe: Recipe
) -> None:
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=computes_in_bf16(recipe.precision, "cpu")):
        logits, _ = model.forward_with_sides(batch)
    assert batch.mask is not None
    weights = recipe.positive_weight, recipe.dice_weight, recipe.negative_weight
    mask_loss(logits, batch.mask, *weights).backward()
    optimizer.step()


def read_mib() -> float:
    """Say how much this process has read from a disk so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_inblock * 512 / 2**20


def trained(samples: TimedSamples, make: Callable[[], ReferringSegmenter], recipe: Recipe) -> dict:
    """Train a fresh model for the recipe's steps."""
    model = make()
    model.train()
    rates = recipe.rate, recipe.weight_decay, recipe.decay_meaning, samples.size**2
    optimizer = make_optimizer(model, recipe.optimizer, *rates, recipe.table_rate)
    # Kernels are loaded and pages of code touched before the clock starts.
    step(model, samples.batch(list(range(4))), optimizer, recipe)
    sentences, waited, samples.seconds, read = 0, 0.0, 0.0, read_mib()
    cpu, wall = time.process_time(), time.monotonic()
    batches = training_batches(samples, recipe, 0)
    while True:
        asked = time.monotonic()
        fed = next(batches, None)
        waited += time.monotonic() - asked
        if fed is None:
            break
        assert fed.batch is not None
        step(model, fed.batch, optimizer, recipe)
        sentences += len(fed.batch)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    return {
        "sentences": sentences,
        "cpu_s": round(cpu, 2),
        "cpu_s_making_batches": round(samples.seconds, 2),
        "wall_s": round(wall, 2),
        "wall_s_waiting_for_batches": round(waited, 2),
        "waiting_share": round(waited / wall, 3),
        "sentences_per_cpu_s": round(sentences / cpu, 3),
        "sentences_per_wall_s": round(sentences / wall, 3),
        "read_mib": round(read_mib() - read, 1),
    }


def timed(work: Callable[[], None]) -> dict[str, float]:
    cpu, wall = time.process_time(), time.monotonic()
    work()
    took = time.process_time() - cpu, time.monotonic() - wall
    return {"cpu_s": round(took[0], 2), "wall_s": round(took[1], 2)}


def forget(place: Path) -> None:
    """Have the system drop its copy of the files; they must not be mapped."""
    for path in place.rglob("*.npy"):
        with open(path, "rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure(name: str, preset: str, recipe: Recipe, images: int, rounds: int, place: Path) -> dict:
    dataset = open_dataset("parkref_unc", Path("data"), "train")
    kept = sorted(index for _, group in dataset.by_image()[:images] for index in group)
    dataset = dataclasses.replace(dataset, rows=dataset.rows[kept])
    vocabulary = build_vocabulary(dataset, recipe.max_length)
    trunk = get_preset(preset, name).backbone
    backbone = build_backbone(trunk, "default" if preset == "laptop" else "none")

    def make() -> ReferringSegmenter:
        torch.manual_seed(0)
        return build_model(name, preset, vocabulary_size=len(vocabulary), backbone=backbone)

    model = make()
    samples = TimedSamples(dataset, vocabulary, model.config["input_size"], recipe.max_length)
    for index in range(len(dataset)):
        samples._mask(index)
    levels, making = model.used_levels(), {}

    def on_disk() -> None:
        samples.cache_on_disk(backbone, levels, place, 100.0, lambda *_: None)
        assert samples.cached

    def cold() -> None:
        samples._features = {}  # What is mapped cannot be dropped.
        forget(place)
        making["disk, opened again"] = timed(on_disk)

    making["memory"] = timed(lambda: samples.cache_features(backbone, levels, lambda *_: None))
    in_memory = samples._features
    making["disk"] = timed(on_disk)
    # "warm" must follow "cold": it reads the very rows that cold has just read.
    ways: dict[str, tuple[int, Callable[[], None]]] = {
        "backbone, one sentence per image": (1, lambda: setattr(samples, "_features", {})),
        "backbone, several": (recipe.per_image, lambda: None),
        "memory": (recipe.per_image, lambda: setattr(samples, "_features", in_memory)),
        "disk, cold": (recipe.per_image, cold),
        "disk, warm": (recipe.per_image, lambda: None),
    }
    runs: dict[str, list[dict]] = {called: [] for called in ways}
    for number in range(rounds):
        for called, (per_image, get_ready) in ways.items():
            get_ready()
            changed = dataclasses.replace(recipe, per_image=per_image)
            runs[called].append(trained(samples, make, changed))
            print(number, called, json.dumps(runs[called][-1]), flush=True)
    return {
        "images": len(samples.groups),
        "gib": round(sum(path.stat().st_size for path in place.rglob("*.npy")) / 2**30, 3),
        "making": making,
        "ways": summary(runs),
    }


def summary(runs: dict[str, list[dict]]) -> dict[str, dict]:
    """Take the median of each figure over the rounds, and ratios to the first way."""
    told: dict[str, dict] = {}
    for called, rows in runs.items():
        told[called] = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        first = next(iter(told.values()))
        speeds = [row["sentences_per_cpu_s"] for row in rows]
        told[called]["sentences_per_cpu_s_range"] = [min(speeds), max(speeds)]
        for clock in ("cpu", "wall"):
            speed = f"sentences_per_{clock}_s"
            told[called][f"times_the_first_by_{clock}"] = round(
                told[called][speed] / first[speed], 2
            )
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="cmsa", choices=["baseline", "cmsa"])
    parser.add_argument("--preset", default="laptop", choices=["laptop", "paper"])
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--place", type=Path, default=Path("runs"), help="on the disk to measure")
    parser.add_argument("--out", type=Path, default=Path("results/feature_cache.json"))
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    changes = pairs("--set", chosen.changes) | {"steps": str(chosen.steps)}
    recipe = get_recipe(chosen.model, chosen.preset, changes)
    chosen.place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=chosen.place) as place:
        found = measure(
            chosen.model, chosen.preset, recipe, chosen.images, chosen.rounds, Path(place)
        )
    told = {
        "command": f"python benchmarks/{shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])}",
        **here(),
        "commit": git_hash(),
        "preset": chosen.preset,
        "batch": recipe.batch,
        "per_image": recipe.per_image,
        "steps": chosen.steps,
        "rounds": chosen.rounds,
        "load_average": round(os.getloadavg()[0], 1),
        **found,
    }
    write_atomically(chosen.out, json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
