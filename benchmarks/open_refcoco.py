"""How long does RefCOCO take to open, and how much memory? Measured on a stand-in of its size.

The stand-in has the counts of the real set (19,994 images, 196,771 annotations, 50,000 objects,
142,210 sentences; splits of as many images) and polygons of similar length, without any picture
(full_size.py wants them too). Run it as
``python benchmarks/open_refcoco.py``; the last line is JSON.
"""

import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

IMAGES, ANNOTATIONS, REFS, SENTENCES = 19_994, 196_771, 50_000, 142_210
SPLITS = {"train": 16_994, "val": 1_500, "testA": 750, "testB": 750}  # in images
COLOURS = 64
WORDS = "man woman left right red blue shirt dog front back the in of with middle chair".split()

# Runs in a process of its own, so that its peak memory is that of opening and nothing else.
OPEN = """
import json, resource, sys, time
start = time.perf_counter()
from refseg_lib.data.refer import open_dataset
imported = time.perf_counter()
dataset = open_dataset("refcoco_unc", sys.argv[1], "train")
opened = time.perf_counter()
groups = len(dataset.by_image())
dataset.mask(0)
print(json.dumps({
    "import_s": round(imported - start, 2),
    "open_s": round(opened - imported, 2),
    "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    "sentences": len(dataset),
    "images": groups,
}))
"""


def write_stand_in(folder: Path, pictures: bool = False) -> None:
    """Write `refs(unc).p` and `instances.json` of the size of RefCOCO into ``folder``.

    With ``pictures``, `images/` too: each of one colour, linked to the one file of that colour.
    """
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    images = [
        {"id": i, "file_name": f"COCO_train2014_{i:012d}.jpg", "height": 480, "width": 640}
        for i in range(IMAGES)
    ]
    annotations = []
    for ann_id in range(ANNOTATIONS):
        angle = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(20, 70)))
        outline = 240 + 100 * np.stack([np.cos(angle), np.sin(angle)], 1)
        annotations.append(
            {
                "id": ann_id,
                "image_id": ann_id % IMAGES,
                "category_id": 1,
                "segmentation": [outline.round(2).ravel().tolist()],
                "bbox": [140.0, 140.0, 200.0, 200.0],
                "area": 31415.9,
                "iscrowd": 0,
            }
        )
    categories = [{"id": 1, "name": "person"}]
    instances = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "instances.json").write_text(json.dumps(instances))
    bounds = np.linspace(0, SENTENCES, REFS + 1).astype(int)
    splits = rng.permutation(np.repeat(list(SPLITS), list(SPLITS.values())))
    refs = []
    for ref_id in range(REFS):
        sentences = []
        for sent_id in range(bounds[ref_id], bounds[ref_id + 1]):
            tokens = rng.choice(WORDS, 4).tolist()
            text = " ".join(tokens)
            sentences.append({"sent_id": sent_id, "sent": text, "raw": text, "tokens": tokens})
        refs.append(
            {
                "ref_id": ref_id,
                "ann_id": ref_id,
                "image_id": ref_id % IMAGES,
                "category_id": 1,
                "split": str(splits[ref_id % IMAGES]),
                "file_name": f"COCO_train2014_{ref_id % IMAGES:012d}_{ref_id}.jpg",
                "sent_ids": [sentence["sent_id"] for sentence in sentences],
                "sentences": sentences,
            }
        )
    (folder / "refs(unc).p").write_bytes(pickle.dumps(refs, protocol=2))
    if pictures:
        colours, place = folder / "colours", folder / "images"
        colours.mkdir()
        place.mkdir()
        for number, colour in enumerate(rng.integers(0, 256, (COLOURS, 3))):
            Image.new("RGB", (640, 480), tuple(colour.tolist())).save(colours / f"{number}.jpg")
        for image in images:
            os.link(colours / f"{image['id'] % COLOURS}.jpg", place / image["file_name"])


def measure() -> dict[str, object]:
    """Make the stand-in in a temporary folder; open it three times, each in a fresh process."""
    with tempfile.TemporaryDirectory() as root:
        start = time.perf_counter()
        folder = Path(root) / "refcoco"
        # A process passes its own peak memory on to its children: keep this one small.
        subprocess.run([sys.executable, __file__, str(folder)], check=True)
        megabytes = (folder / "instances.json").stat().st_size / 1e6
        print(f"stand-in of {megabytes:.0f} MB in {time.perf_counter() - start:.0f} s", flush=True)
        runs = []
        for name in ("first", "second", "third"):
            command = [sys.executable, "-c", OPEN, root]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            print(name, told.strip(), flush=True)
            runs.append(json.loads(told))
    return {
        "instances_json_mb": round(megabytes),
        "first_open_s": runs[0]["open_s"],
        "first_open_peak_rss_mb": runs[0]["peak_rss_mb"],
        "later_open_s": max(run["open_s"] for run in runs[1:]),
        "later_import_s": max(run["import_s"] for run in runs[1:]),
        "later_open_peak_rss_mb": max(run["peak_rss_mb"] for run in runs[1:]),
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        write_stand_in(Path(sys.argv[1]))
    else:
        print(json.dumps(measure()))
