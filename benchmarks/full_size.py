"""Does training bear RefCOCO's full size? A dry run over a stand-in with pictures.

    python benchmarks/full_size.py [--steps 200] [--train-steps 500] [--only opening order ...]

The stand-in (see open_refcoco.py) has RefCOCO's counts, and here its 19,994 pictures too, 640 x 480
JPEGs of one colour each. Five things, each in a process of its own and with one thread inside an
operation:

* opening: the index is made from the two files;
* order: it is opened again, from its cache, and the batches of two epochs are checked: every
  sentence of the training split stands in each of them exactly once;
* train: `refseg train` itself, `baseline` at the laptop's size and narrowed, no feature cache;
* loader, 128 and loader, 320: the batches of the first steps are made and thrown away.

Batches are of 32 sentences, at most four of them about one picture. Pictures count as often as
they are decoded: once per batch. "to_first_batch_s" goes from opening the data set to the first
batch. Memory may grow by the masks, each of which is made once and kept as bits ("masks"); what it
grows beyond them, by a line fitted to the second half of the steps, is told of what the process has
allocated ("in_use") and of what lies in memory ("resident"): between the masks the allocator keeps
holes that temporary maps have left. In training oneDNN keeps up to 1,024 kernels, some for every
new shape of a batch (with ONEDNN_PRIMITIVE_CACHE_CAPACITY=8 what is in use stays flat). A JPEG of
one colour is decoded faster than a photograph: "decoding" says by how much noise, the other
extreme, is slower.

Wall seconds are true on a quiet machine only ("load_average"); processor seconds are those of all
threads, "making_cpu_s" those of the thread that makes batches. Linux only. Written to
results/full_size.json; the last line is JSON.
"""

import argparse
import ctypes
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from feature_cache import TimedSamples
from open_refcoco import write_stand_in
from operators import here
from PIL import Image

from refseg_lib import cli
from refseg_lib.data.corpus import token_lists
from refseg_lib.data.images import read_image
from refseg_lib.data.index import Texts
from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.evaluation.provenance import git_hash
from refseg_lib.files import write_atomically
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.training import loop, preparing
from refseg_lib.training.feeding import Fed, training_batches
from refseg_lib.training.order import epoch_batches
from refseg_lib.training.recipes import get_recipe

DATA = "refcoco_unc"
LOOKS = (20, 100, 200, 300, 400, 500)
SETTINGS = {"batch": "32", "per_image": "4", "cache_gib": "0", "max_length": "20"}
SIZES = {"input_size": 128, "embedding": 16, "width": 16, "hidden": 16}
PIECES = ("opening", "order", "train", "loader, 128", "loader, 320")


def resident_mib() -> float:
    """Say how much of this process lies in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def in_use_mib() -> float:
    """Ask the C library how much is allocated."""
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"

    class Counts(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

    library = ctypes.CDLL(None)
    library.mallinfo2.restype = Counts
    counts = library.mallinfo2()
    return (counts.uordblks + counts.hblkhd) / 2**20


class WatchedSamples(TimedSamples):
    """Samples that say how much memory their masks take."""

    def masks_mib(self) -> float:
        """Say how much the masks drawn so far take."""
        return float(self._has_mask.sum()) * self._masks.shape[1] / 2**20


class Watch:
    """What the steps of one run took."""

    def __init__(self, steps: int) -> None:
        """Start the clock of a run of some steps."""
        self.steps, self.begun = steps, time.monotonic()
        self.samples: WatchedSamples | None = None
        self.first: tuple[float, float, float] | None = None
        self.images = self.sentences = self.done = 0
        self.memory: list[dict[str, float]] = []
        self.told: dict[str, object] = {}

    def fed(self, fed: Fed) -> None:
        """Count a batch that is there now."""
        assert fed.batch is not None
        assert fed.batch.image is not None
        assert self.samples is not None
        if self.first is None:
            self.told["to_first_batch_s"] = round(time.monotonic() - self.begun, 2)
            self.first = time.monotonic(), time.process_time(), self.samples.seconds
        else:
            # The first batch was made before the clock started.
            self.images += len(fed.batch.image)
            self.sentences += len(fed.batch)

    def stepped(self) -> None:
        """Count a finished step; look at the memory at some, write the speed down at the last."""
        self.done += 1
        assert self.first is not None
        assert self.samples is not None
        look = {"resident": resident_mib(), "in_use": in_use_mib()}
        self.memory.append({**look, "masks": self.samples.masks_mib()})
        if self.done < self.steps:
            return
        wall, cpu, making = self.first
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        making = self.samples.seconds - making
        self.told |= {
            "images": self.images,
            "sentences": self.sentences,
            "wall_s": round(wall, 1),
            "cpu_s": round(cpu, 1),
            "making_cpu_s": round(making, 1),
            "images_per_s": round(self.images / wall, 1),
            "sentences_per_s": round(self.sentences / wall, 1),
            "images_per_making_cpu_s": round(self.images / making, 1),
            "sentences_per_making_cpu_s": round(self.sentences / making, 1),
            "memory_mib_at_step": {
                step: {key: round(mib, 1) for key, mib in self.memory[step - 1].items()}
                for step in LOOKS
                if step <= self.steps
            },
        }
        later = self.memory[self.steps // 2 :]
        for kind in ("in_use", "resident"):
            beyond = [look[kind] - look["masks"] for look in later]
            slope = float(np.polyfit(np.arange(len(beyond)), beyond, 1)[0])
            self.told[f"{kind}_grows_beyond_masks_mib_per_100_steps"] = round(100 * slope, 1)


def opened(root: Path) -> tuple[ReferringDataset, dict]:
    """Open the training split, and say what that took."""
    before, begun = resident_mib(), (time.monotonic(), time.process_time())
    dataset = open_dataset(DATA, root, "train")
    took = time.monotonic() - begun[0], time.process_time() - begun[1]
    return dataset, {
        "wall_s": round(took[0], 2),
        "cpu_s": round(took[1], 2),
        "resident_mib_more_than_before": round(resident_mib() - before, 1),
    }


def opening(root: Path, steps: int) -> dict:
    """Open the data set for the first time."""
    return opened(root)[1]


def order(root: Path, steps: int) -> dict:
    """Open it again, and look at the order of two epochs."""
    dataset, told = opened(root)
    lengths = [len(words) for words in token_lists(dataset, int(SETTINGS["max_length"]))]
    groups = [members for _, members in dataset.by_image()]
    begun, epochs = time.process_time(), []
    for epoch in range(2):
        epochs.append(epoch_batches(groups, lengths, 32, 4, 0, epoch))
    seconds = (time.process_time() - begun) / 2
    row_of = {index: row for row, members in enumerate(groups) for index in members}
    for batches in epochs:
        seen = sorted(index for batch in batches for index in batch)
        if seen != list(range(len(dataset))):
            raise SystemExit("an epoch does not hold every sentence exactly once")
    if epochs[0] == epochs[1]:
        raise SystemExit("two epochs have one order")
    pictures = [len({row_of[index] for index in batch}) for batch in epochs[0]]
    columns = vars(dataset.index).values()
    parts = [part for c in columns for part in (vars(c).values() if isinstance(c, Texts) else [c])]
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    return {
        "opening_again": told,
        "index_mib": round(sum(array.nbytes for array in arrays) / 2**20, 1),
        "sentences": len(dataset),
        "images": len(groups),
        "every_sentence_once_in_each_of_two_epochs": True,
        "batches_per_epoch": len(epochs[0]),
        "sentences_per_batch": round(len(dataset) / len(epochs[0]), 2),
        "images_per_batch": round(statistics.mean(pictures), 2),
        "making_an_epochs_order_cpu_s": round(seconds, 2),
    }


def train(root: Path, steps: int) -> dict:
    """Train for some steps, through the command line."""
    watch = Watch(steps)
    step = loop._step

    class Samples(WatchedSamples):
        def __init__(self, *arguments, **named) -> None:
            super().__init__(*arguments, **named)
            watch.samples = self

    def watched(*arguments) -> float:
        watch.fed(next(part for part in arguments if isinstance(part, Fed)))
        loss = step(*arguments)
        watch.stepped()
        return loss

    loop._step, preparing.Samples = watched, Samples
    asked = ["train", "--model", "baseline", "--data", DATA, "--root", str(root)]
    asked += ["--validate-on", "none", "--device", "cpu", "--out", str(root / "run")]
    settings = SETTINGS | {"steps": str(steps), "checkpoint": str(steps)}
    asked += [f"--set={name}={value}" for name, value in settings.items()]
    asked += [f"--size={name}={value}" for name, value in SIZES.items()]
    if cli.main(asked):
        raise SystemExit("training failed")
    return watch.told


def loader(root: Path, steps: int, size: int) -> dict:
    """Make the batches of the first steps and throw them away."""
    watch = Watch(steps)
    recipe = get_recipe("baseline", "laptop", SETTINGS | {"steps": str(steps)})
    dataset = open_dataset(DATA, root, "train")
    vocabulary = Vocabulary.build(token_lists(dataset, recipe.max_length))
    watch.samples = WatchedSamples(dataset, vocabulary, size, recipe.max_length)
    for fed in training_batches(watch.samples, recipe, 0):
        watch.fed(fed)
        watch.stepped()
    return watch.told


def decoding(place: Path) -> dict[str, float]:
    """Time the decoding of one colour, and of noise at the same quality."""
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    told: dict[str, float] = {}
    for name, pixels in (("one_colour", np.full_like(noise, 120)), ("noise", noise)):
        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, "JPEG", quality=90)
        (place / f"{name}.jpg").write_bytes(encoded.getvalue())
        seconds = []
        for _ in range(50):
            begun = time.process_time()
            read_image(place / f"{name}.jpg")
            seconds.append(time.process_time() - begun)
        told[f"{name}_kib"] = round(len(encoded.getvalue()) / 1024, 1)
        told[f"{name}_cpu_ms"] = round(1000 * statistics.median(seconds), 2)
    return told


def piece(name: str, root: Path, steps: int) -> dict:
    torch.set_num_threads(1)
    if name.startswith("loader"):
        return loader(root, steps, int(name.split()[1]))
    return {"opening": opening, "order": order, "train": train}[name](root, steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=200, help="of the loader alone")
    parser.add_argument("--train-steps", type=int, default=500)
    parser.add_argument("--only", nargs="+", choices=PIECES, default=PIECES)
    parser.add_argument("--out", type=Path, default=Path("results/full_size.json"))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        name, root = chosen.child
        # Training prints its progress; the figures come last.
        print(json.dumps(piece(name, Path(root), chosen.steps)))
        return
    told: dict[str, object] = {
        "command": "python benchmarks/full_size.py",
        **here(),
        "commit": git_hash(),
        "steps": chosen.steps,
        "train_steps": chosen.train_steps,
    }
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        print("writing the stand-in ...", file=sys.stderr, flush=True)
        write_stand_in(root / "refcoco", pictures=True)
        told["decoding"] = decoding(root)
        for name in chosen.only:
            load = round(os.getloadavg()[0], 1)
            steps = chosen.train_steps if name == "train" else chosen.steps
            command = [sys.executable, __file__, "--steps", str(steps)]
            done = subprocess.run(
                [*command, "--child", name, place],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )
            found = json.loads(done.stdout.splitlines()[-1]) | {"load_average": load}
            told[name] = found
            print(name, json.dumps(found), file=sys.stderr, flush=True)
    write_atomically(chosen.out, json.dumps(told, indent=1) + "\n")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
