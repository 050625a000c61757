"""What a thread gains: batches made by one, two and four loaders, one sentence per picture.

    python benchmarks/loader.py [--pictures 160] [--rounds 3] [--loaders 1 2 4]

A folder of 640 x 480 JPEGs of smooth patches under noise, so much of it that a file is as large as
one of COCO's photographs ("picture_kib") and decoding costs as much. Batches are of 16 sentences
about 16 pictures, letterboxed to 320 x 320. Three epochs with fresh samples in each round: in
"masks made", the first, every mask is drawn, in "masks kept" none. In "waiting" somebody takes 5 ms
for each sentence without using the processor, as a GPU would: the share of the time in which
nothing lies ready is what a training's log calls `waiting %`.

The numbers of loaders take turns; a figure is the median over the rounds. "cores_had" is processor
seconds over wall seconds: where other work takes the cores, more threads cannot gain, and wall
seconds (so rates, "speed_of_1", and waiting) say as much about that work; see "load_average".
Processor seconds per sentence are those of all threads. Written to results/loader.json; the last
line is JSON.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from operators import here
from PIL import Image

from refseg_lib.data.refer import open_dataset
from refseg_lib.evaluation.provenance import git_hash
from refseg_lib.files import write_atomically
from refseg_lib.training.feeding import training_batches
from refseg_lib.training.recipes import Recipe, get_recipe
from refseg_lib.training.samples import Samples
from refseg_lib.training.starting import build_vocabulary

SIZE, BATCH = 320, 16
NOISE = 22.0
SECONDS_PER_SENTENCE = 0.005
EPOCHS = ("masks made", "masks kept", "waiting")


def write_pictures(folder: Path, count: int) -> float:
    """Write a data set of pictures with one sentence each; return the mean KiB of a file."""
    rng = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    images, annotations, refs, sizes = [], [], [], []
    for number in range(count):
        name = f"COCO_train2014_{number:012d}.jpg"
        patches = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
        smooth = np.asarray(patches.resize((640, 480), Image.Resampling.BICUBIC), np.float32)
        noisy = smooth + NOISE * rng.standard_normal(smooth.shape, np.float32)
        path = folder / "images" / name
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path, quality=90)
        sizes.append(path.stat().st_size / 1024)
        images.append({"id": number, "file_name": name, "height": 480, "width": 640})
        angle = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(20, 70)))
        outline = 240 + 100 * np.stack([np.cos(angle), np.sin(angle)], 1)
        about = {"image_id": number, "category_id": 1}
        segmentation = [outline.round(2).ravel().tolist()]
        annotations.append({"id": number, **about, "segmentation": segmentation})
        sentence = {"sent_id": number, "sent": "left man in the red shirt"}
        refs.append(
            {"ref_id": number, "ann_id": number, **about, "split": "train", "sentences": [sentence]}
        )
    categories = [{"id": 1, "name": "person"}]
    instances = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "instances.json").write_text(json.dumps(instances))
    (folder / "refs(own).json").write_text(json.dumps(refs))
    return statistics.mean(sizes)


def epoch(samples: Samples, recipe: Recipe, number: int, pause: float) -> dict[str, float]:
    """Take the batches of one epoch, with a pause after each."""
    steps = -(-len(samples.lengths) // recipe.batch)
    part = replace(recipe, steps=(number + 1) * steps)
    sentences, waited = 0, 0.0
    begun, cpu = time.monotonic(), time.process_time()
    batches = training_batches(samples, part, number * steps)
    while True:
        asked = time.monotonic()
        fed = next(batches, None)
        waited += time.monotonic() - asked
        if fed is None:
            break
        sentences += fed.of
        time.sleep(pause * fed.of)
    wall, cpu = time.monotonic() - begun, time.process_time() - cpu
    return {
        "sentences_per_s": sentences / wall,
        "cpu_ms_per_sentence": 1000 * cpu / sentences,
        "cores_had": cpu / wall,
        "waiting_share": waited / wall,
    }


def measure(root: Path, loaders: list[int], rounds: int) -> dict[str, dict]:
    """Let the numbers of loaders take turns."""
    dataset = open_dataset(f"folder:{root / 'refs(own).json'}", root, "train")
    vocabulary = build_vocabulary(dataset, 20)
    # Code is loaded and every file read once before the clock starts.
    for i in range(len(dataset)):
        dataset.image(i)
    found: dict[tuple[int, str], list[dict[str, float]]] = {}
    for _ in range(rounds):
        for count in loaders:
            settings = {"batch": str(BATCH), "per_image": "1", "loaders": str(count)}
            recipe = get_recipe("baseline", "paper", settings)
            samples = Samples(dataset, vocabulary, SIZE, recipe.max_length)
            for number, name in enumerate(EPOCHS):
                pause = SECONDS_PER_SENTENCE if name == "waiting" else 0.0
                told = epoch(samples, recipe, number, pause)
                found.setdefault((count, name), []).append(told)
    rows: dict[str, dict] = {}
    for name in EPOCHS:
        for count in loaders:
            told = found[count, name]
            median = {key: statistics.median(one[key] for one in told) for key in told[0]}
            if name != "waiting":
                del median["waiting_share"]  # of somebody who does nothing else
            row = {key: round(value, 3) for key, value in median.items()}
            rows.setdefault(name, {})[f"{count} loaders"] = row
            first = rows[name][f"{loaders[0]} loaders"]["sentences_per_s"]
            row[f"speed_of_{loaders[0]}"] = round(row["sentences_per_s"] / first, 2)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=160)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loaders", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--out", type=Path, default=Path("results/loader.json"))
    chosen = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        kib = write_pictures(Path(place) / "own", chosen.pictures)
        rows = measure(Path(place) / "own", chosen.loaders, chosen.rounds)
    told = {
        "command": "python benchmarks/loader.py",
        **here(),
        "commit": git_hash(),
        "load_average": [round(load, 1), round(os.getloadavg()[0], 1)],
        "pictures": chosen.pictures,
        "picture_kib": round(kib, 1),
        "rounds": chosen.rounds,
        **rows,
    }
    write_atomically(chosen.out, json.dumps(told, indent=1) + "\n")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
