"""Writing ParkRef to disk as RefCOCO files, so that one reader serves drawn and real data.

The folder holds ``instances.json``, ``images/``, ``refs(FLAVOUR).p`` as the real benchmarks do,
and what no benchmark has: ``refs(FLAVOUR).zh.json`` with the Chinese sentences and
``truth(FLAVOUR).jsonl`` with word types, language graphs and the annotation of every node.
"""

import contextlib
import json
import multiprocessing
import os
import pickle
import shutil
import signal
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically
from refseg_lib.parkref.pages import CATEGORIES, SPLITS, Job, Page, make_page
from refseg_lib.parkref.scene import STUFF, THINGS
from refseg_lib.parkref.speaking import FLAVOURS

SEED = 2024
HEIGHT = 128
TRAIN_IMAGES = 6000
# More would run out of image numbers.
MOST_IMAGES = 1_000_000


def plan(train_images: int = TRAIN_IMAGES, seed: int = SEED, height: int = HEIGHT) -> list[Job]:
    """List the images of a whole data set: train, val, testA (people), testB (others)."""
    held_out = max(4, train_images // 15)
    jobs = []
    for split in SPLITS:
        for position in range(train_images if split == "train" else held_out):
            people = {"testA": True, "testB": False}.get(split, position % 2 == 0)
            jobs.append(Job(split, position, people, seed, height))
    return jobs


def make_parkref(
    out: str | os.PathLike[str],
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
        height: Height of the pictures in pixels; they are square.
        workers: Processes; None for one per core.
        progress: Called with (images done, images in all).

    Returns:
        The folder written.

    Raises:
        UserError: The folder exists already, a number is out of range, or the disk is full.
    """
    target = Path(out) / "parkref"
    if not 1 <= train_images <= MOST_IMAGES:
        raise UserError(f"--size {train_images}: ParkRef has 1 to {MOST_IMAGES:,} training images")
    if not 64 <= height <= 1024:
        raise UserError(f"--height {height}: pictures are between 64 and 1024 pixels high")
    if seed < 0 or (workers is not None and workers < 1):
        raise UserError(f"seed {seed}, workers {workers}: expected seed >= 0 and workers >= 1")
    if os.path.lexists(target):
        raise UserError(
            f"{target} exists already; it was left as it is: delete it or choose another --out"
        )
    absent = [folder for folder in (target.parent, *target.parent.parents) if not folder.exists()]
    building = target.with_name(f".parkref.{time.time_ns()}.part")
    try:
        (building / "images").mkdir(parents=True)
        _write_pages(building, plan(train_images, seed, height), workers, progress)
        building.rename(target)
    except OSError as error:
        raise UserError(
            f"cannot write {target}: {error.strerror or error}; nothing was left behind: free some"
            " space or choose another --out"
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
        for folder in absent:
            # Only what is empty goes: after a failure, the folders made above.
            with contextlib.suppress(OSError):
                folder.rmdir()
    return target


def _pages(jobs: list[Job], workers: int | None) -> Generator[Page]:
    """Make the pages, in order; one worker works in this very process."""
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        yield from map(make_page, jobs)
        return
    # "spawn" is the one way to start a process that works everywhere, under torch too.
    with multiprocessing.get_context("spawn").Pool(workers, _ignore_interrupts) as pool:
        yield from pool.imap(make_page, jobs, chunksize=16)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent, which ends its workers: one message instead of many."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


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
    # Closing ends the workers at once, also when writing fails.
    with contextlib.closing(_pages(jobs, workers)) as pages:
        for done, page in enumerate(pages, start=1):
            (folder / "images" / page.name).write_bytes(page.picture)
            images.append(page.image)
            annotations += page.annotations
            for flavour in FLAVOURS:
                refs[flavour] += page.refs[flavour]
                chinese[flavour] |= page.chinese[flavour]
                truth[flavour] += page.truth[flavour]
            if progress is not None:
                progress(done, len(jobs))
    instances = {
        "info": {
            "description": "ParkRef: drawn park scenes with referring expressions",
            "seed": jobs[0].seed,
            "version": 1,
        },
        "images": images,
        "annotations": annotations,
        "categories": _categories(),
    }
    write_atomically(folder / "instances.json", json.dumps(instances))
    for flavour in FLAVOURS:
        write_atomically(folder / f"refs({flavour}).p", _pickled(refs[flavour]))
        sentences = {
            number: {"sent": text, "provenance": "parkref-grammar", "status": "accepted"}
            for number, text in chinese[flavour].items()
        }
        write_atomically(
            folder / f"refs({flavour}).zh.json",
            json.dumps({"language": "zh", "sentences": sentences}, ensure_ascii=False),
        )
        write_atomically(folder / f"truth({flavour}).jsonl", "\n".join(truth[flavour]) + "\n")


def _categories() -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "name": name,
            "supercategory": "thing" if name in THINGS else "stuff" if name in STUFF else "part",
        }
        for name, number in CATEGORIES.items()
    ]


def _pickled(refs: list[dict[str, Any]]) -> bytes:
    """Pickle refs as the benchmarks are.

    A pickle shows which equal strings are one object, and that depends on how many processes made
    them; after a trip through JSON it does not.
    """
    return pickle.dumps(json.loads(json.dumps(refs)), protocol=2)
