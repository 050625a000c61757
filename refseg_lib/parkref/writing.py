"""Writing ParkRef to disk as RefCOCO files, so that one reader serves drawn and real data.

The folder holds ``instances.json``, ``images/``, ``refs(FLAVOUR).p`` as the real benchmarks do,
and what no benchmark has: ``refs(FLAVOUR).zh.json`` with the Chinese sentences and
``truth(FLAVOUR).jsonl`` with word types, language graphs and the annotation of every node.
"""

import io
import json
import multiprocessing
import pickle
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically
from refseg_lib.parkref.chinese import in_chinese
from refseg_lib.parkref.drawing import STUFF_CODES, Rendering, render
from refseg_lib.parkref.english import in_english
from refseg_lib.parkref.layout import sample_scene
from refseg_lib.parkref.meaning import Phrase
from refseg_lib.parkref.scene import PARTS, STUFF, THINGS, Scene
from refseg_lib.parkref.speaking import FLAVOURS, describe, stuff_phrases, worth_meaning
from refseg_lib.parkref.utterance import Utterance
from refseg_lib.parkref.world import observe

SEED = 2024
HEIGHT = 128
TRAIN_IMAGES = 6000
CATEGORIES = {name: number + 1 for number, name in enumerate((*THINGS, *STUFF, *PARTS))}
# (referents per image, sentences per referent)
AMOUNTS = {"unc": (2, 3), "uncplus": (2, 2), "gref": (2, 2), "referit": (2, 1)}
SPLITS = ("train", "val", "testA", "testB")


@dataclass(frozen=True)
class Job:
    """One image to make: everything its content depends on.

    ``place`` counts within the split and alone seeds the content, so that a larger train set
    changes neither val nor test.
    """

    split: str
    place: int
    people: bool
    seed: int
    height: int

    @property
    def number(self) -> int:
        """The image id."""
        return SPLITS.index(self.split) * 1_000_000 + self.place + 1


@dataclass(frozen=True)
class Page:
    """One image made: bytes and finished JSON, ready to be put together."""

    name: str
    picture: bytes
    image: dict[str, Any]
    annotations: list[dict[str, Any]]
    refs: dict[str, list[dict[str, Any]]]
    chinese: dict[str, dict[str, str]]
    truth: dict[str, list[str]]


def plan(train_images: int = TRAIN_IMAGES, seed: int = SEED, height: int = HEIGHT) -> list[Job]:
    """List the images of a whole data set: train, val, testA (people), testB (others)."""
    held_out = max(4, train_images // 15)
    jobs = []
    for split in SPLITS:
        for position in range(train_images if split == "train" else held_out):
            people = {"testA": True, "testB": False}.get(split, position % 2 == 0)
            jobs.append(Job(split, position, people, seed, height))
    return jobs


def make_scene(job: Job) -> tuple[Scene, Rendering, np.random.Generator]:
    """Sample and draw the scene of a job; the generator goes on to choose the sentences."""
    rng = np.random.default_rng([job.seed, SPLITS.index(job.split), job.place])
    while True:
        scene = sample_scene(rng, job.people)
        drawn = render(scene, job.height)
        if len(worth_meaning(observe(scene, drawn.things))) >= 2:
            return scene, drawn, rng


def make_page(job: Job) -> Page:
    """Make one image with all its sentences."""
    scene, drawn, rng = make_scene(job)
    world = observe(scene, drawn.things)
    stream = io.BytesIO()
    Image.fromarray(drawn.image).save(stream, "PNG", compress_level=3)
    height, width = drawn.things.shape
    file_name = f"parkref_{job.number:06d}.png"
    named = [("thing", index) for index in range(len(scene.things))]
    named += [("stuff", name) for name in world.stuff]
    numbers = {entity: _annotation_number(job.number, entity) for entity in named}
    refs: dict[str, list[dict[str, Any]]] = {}
    chinese: dict[str, dict[str, str]] = {}
    truth: dict[str, list[str]] = {}
    for flavour in FLAVOURS:
        told = [*_tell(world, flavour, rng)]
        refs[flavour], chinese[flavour], truth[flavour] = [], {}, []
        for place, phrases in enumerate(told):
            sentences = []
            for phrase in phrases:
                number = job.number * 100 + sum(len(r["sentences"]) for r in refs[flavour])
                number += len(sentences)
                english = in_english(phrase, rng, long=flavour == "gref")
                mandarin = in_chinese(phrase, rng, long=flavour == "gref")
                if any(english.sentence == sentence["sent"] for sentence in sentences):
                    continue
                for entity in (*english.entities, *mandarin.entities):
                    numbers[entity] = _annotation_number(job.number, entity)
                sentences.append(
                    {
                        "sent_id": number,
                        "sent": english.sentence,
                        "raw": english.sentence,
                        "tokens": list(english.words),
                    }
                )
                chinese[flavour][str(number)] = mandarin.sentence
                truth[flavour].append(
                    json.dumps(
                        {
                            "sent_id": number,
                            "en": _truth(english, numbers),
                            "zh": _truth(mandarin, numbers),
                        },
                        ensure_ascii=False,
                    )
                )
            entity = phrases[0].entity
            noun = scene.things[entity[1]].category if entity[0] == "thing" else entity[1]
            refs[flavour].append(
                {
                    "ref_id": job.number * 10 + place,
                    "ann_id": numbers[entity],
                    "image_id": job.number,
                    "file_name": file_name,
                    "category_id": CATEGORIES[noun],
                    "split": _split_for(job.split, flavour),
                    "sent_ids": [sentence["sent_id"] for sentence in sentences],
                    "sentences": sentences,
                }
            )
    annotations = [
        _annotation(number, job.number, entity, scene, drawn) for entity, number in numbers.items()
    ]
    return Page(
        name=file_name,
        picture=stream.getvalue(),
        image={"id": job.number, "file_name": file_name, "width": width, "height": height},
        annotations=[annotation for annotation in annotations if annotation["area"] > 0],
        refs=refs,
        chinese=chinese,
        truth=truth,
    )


def _split_for(split: str, flavour: str) -> str:
    """G-Ref and ReferIt have one test split; UNC and UNC+ have two."""
    return "test" if flavour in ("gref", "referit") and split.startswith("test") else split


def _tell(world, flavour: str, rng: np.random.Generator) -> Iterator[list[Phrase]]:  # noqa: ANN001
    """Yield, referent by referent, the phrases that mean it."""
    referents, each = AMOUNTS[flavour]
    candidates = worth_meaning(world)
    found = 0
    for index in rng.permutation(candidates):
        phrases = [describe(world, flavour, int(index), rng) for _ in range(each)]
        kept = [phrase for phrase in phrases if phrase is not None]
        if kept:
            found += 1
            yield kept
        if found == referents:
            break
    if flavour == "referit":
        everything = stuff_phrases(world)
        if everything:
            yield [everything[int(rng.integers(len(everything)))]]


def _annotation_number(image: int, entity: tuple) -> int:
    """Number things from 0, stuff from 20 and garments from 30 within their image."""
    if entity[0] == "thing":
        return image * 100 + entity[1]
    if entity[0] == "stuff":
        return image * 100 + 20 + STUFF.index(entity[1])
    return image * 100 + 30 + 3 * entity[1] + PARTS.index(entity[2])


def _truth(utterance: Utterance, numbers: dict[tuple, int]) -> dict[str, Any]:
    return {
        "words": list(utterance.words),
        "kinds": "".join(kind[0] for kind in utterance.kinds),
        "graph": utterance.graph.to_json(),
        "annotations": [numbers[entity] for entity in utterance.entities],
    }


def entity_mask(entity: tuple, drawn: Rendering) -> np.ndarray:
    """Return the visible pixels (H, W) bool of a thing, a kind of stuff or a garment."""
    if entity[0] == "thing":
        return drawn.things == entity[1] + 1
    if entity[0] == "stuff":
        return drawn.things == STUFF_CODES[entity[1]]
    return (drawn.things == entity[1] + 1) & (drawn.parts == PARTS.index(entity[2]) + 1)


def _annotation(
    number: int, image: int, entity: tuple, scene: Scene, drawn: Rendering
) -> dict[str, Any]:
    from pycocotools import mask as coco

    mask = entity_mask(entity, drawn)
    code = coco.encode(np.asfortranarray(mask))
    name = scene.things[entity[1]].category if entity[0] == "thing" else entity[-1]
    return {
        "id": number,
        "image_id": image,
        "category_id": CATEGORIES[name],
        "bbox": [float(value) for value in coco.toBbox(code)],
        "area": int(mask.sum()),
        "iscrowd": 0,
        "segmentation": {"size": list(mask.shape), "counts": code["counts"].decode()},
    }


def make_parkref(
    out: Path,
    train_images: int = TRAIN_IMAGES,
    seed: int = SEED,
    height: int = HEIGHT,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Generate ParkRef and write it to ``out/parkref``.

    The folder appears whole or not at all: it is built beside its place and renamed.

    Args:
        out: The data root, such as ``data``.
        train_images: Number of training images; val, testA and testB get a fifteenth each.
        seed: Same seed, same bytes.
        height: Height of the pictures in pixels; they are 5:4.
        workers: Processes; None for one per core.
        progress: Called with (images done, images in all).

    Returns:
        The folder written.

    Raises:
        UserError: The folder exists already, a number is out of range, or the disk is full.
    """
    target = Path(out) / "parkref"
    if train_images < 1:
        raise UserError(f"--size {train_images}: ParkRef needs at least one training image")
    if not 64 <= height <= 1024:
        raise UserError(f"--height {height}: pictures are between 64 and 1024 pixels high")
    if target.exists():
        raise UserError(
            f"{target} exists already; it was left as it is: delete it or choose another --out"
        )
    jobs = plan(train_images, seed, height)
    building = target.with_name(f".parkref.{time.time_ns()}.part")
    try:
        (building / "images").mkdir(parents=True)
        _write_pages(building, jobs, workers, progress)
        building.rename(target)
    except OSError as error:
        raise UserError(
            f"cannot write {target}: {error.strerror or error}; nothing was left behind: free some"
            " space or choose another --out"
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return target


def _write_pages(
    folder: Path,
    jobs: list[Job],
    workers: int | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    images, annotations = [], []
    refs: dict[str, list[dict[str, Any]]] = {flavour: [] for flavour in FLAVOURS}
    chinese: dict[str, dict[str, str]] = {flavour: {} for flavour in FLAVOURS}
    truth: dict[str, list[str]] = {flavour: [] for flavour in FLAVOURS}
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for done, page in enumerate(pool.imap(make_page, jobs, chunksize=16), start=1):
            (folder / "images" / page.name).write_bytes(page.picture)
            images.append(page.image)
            annotations += page.annotations
            for flavour in FLAVOURS:
                refs[flavour] += page.refs[flavour]
                chinese[flavour] |= page.chinese[flavour]
                truth[flavour] += page.truth[flavour]
            if progress is not None:
                progress(done, len(jobs))
    info = {
        "description": "ParkRef: drawn park scenes with referring expressions",
        "seed": jobs[0].seed,
        "version": 1,
    }
    categories = [
        {
            "id": number,
            "name": name,
            "supercategory": "thing" if name in THINGS else "stuff" if name in STUFF else "part",
        }
        for name, number in CATEGORIES.items()
    ]
    instances = {
        "info": info,
        "images": images,
        "annotations": annotations,
        "categories": categories,
    }
    write_atomically(folder / "instances.json", json.dumps(instances))
    for flavour in FLAVOURS:
        write_atomically(folder / f"refs({flavour}).p", pickle.dumps(refs[flavour], protocol=2))
        sentences = {
            number: {"sent": text, "provenance": "parkref-grammar", "status": "accepted"}
            for number, text in chinese[flavour].items()
        }
        write_atomically(
            folder / f"refs({flavour}).zh.json",
            json.dumps({"language": "zh", "sentences": sentences}, ensure_ascii=False),
        )
        write_atomically(folder / f"truth({flavour}).jsonl", "\n".join(truth[flavour]) + "\n")
