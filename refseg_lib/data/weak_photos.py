"""Photographs with weak supervision, made into a RefCOCO folder that anything here can train on.

Where no photograph has both a human sentence and a mask, two halves can be had: masks without a
sentence (COCO polygons) get the simple sentences of :mod:`refseg_lib.data.weak_sentences`, and
human sentences with only a box get a rounded shape that fills the box. Every image also comes
mirrored, with left and right swapped in its sentences, and, if asked for, cut smaller at random:
a few thousand pictures are soon known by heart.
"""

import os
import random
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from refseg_lib.data.images import read_image
from refseg_lib.data.polygons import box_iou, fill_box, stretched
from refseg_lib.data.refcoco_folder import RefcocoFolder
from refseg_lib.data.unpickling import load_json
from refseg_lib.data.views import views
from refseg_lib.data.weak_sentences import Thing, mirrored, sentences
from refseg_lib.errors import UserError

LABEL = "weak"
# What a box sentence means has no category of its own.
THING = "thing"
_SAME_OBJECT = 0.5
# The views of an image are numbered apart from every image of COCO.
_VIEW_OFFSET = 10_000_000
# A squashed picture becomes as wide as most photographs are.
_STRETCH = 4 / 3


def make_weak_photos(
    pool: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    exclude: Collection[int] = (),
    per_object: int = 2,
    smallest: float = 0.008,
    held_out: int = 10,
    mirror: bool = True,
    cuts: int = 0,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, int]:
    """Write ``refs(weak).json``, ``instances.json`` and ``images/``.

    Args:
        pool: A folder with ``instances.json`` (COCO polygons), ``images/`` and, if there is one,
            ``box_sentences.json``: a list of ``{"image_id", "sent", "bbox", "aspect"}``, the box
            ``[left, top, width, height]`` in pixels of the stored image; ``aspect`` is
            ``"true"``, or says that the image was squashed into a square, and it is then
            stretched back to 4:3, the shape of most photographs.
        out: The folder to write.
        exclude: Image ids that must not be used, such as those of a test set.
        per_object: Sentences for each object that only has a polygon.
        smallest: Objects below this share of their image are nobody's referent.
        held_out: One in so many images with human sentences goes to the split ``val``, with
            these alone; all others to ``train``. 0 holds none out.
        mirror: Write every training image a second time, left and right swapped.
        cuts: Write every training image so many times more, and as often mirrored, each time cut
            to another part of itself, with the sentences about things that are still in it.
        seed: Chooses the phrases and the cuts.
        progress: Called with the images written and their total.

    Returns:
        Counts: images, refs, human and made sentences, and how many images were excluded.

    Raises:
        UserError: A file is missing or not as described, or ``cuts`` is below zero.
    """
    if cuts < 0:
        raise UserError(f"--cuts {cuts}: it must be 0 or more")
    pool, out = Path(pool), Path(out)
    table, boxes = _read(pool)
    names = {category["id"]: category["name"] for category in table["categories"]}
    thing = max(names) + 1
    polygons, human = defaultdict(list), defaultdict(list)
    for annotation in table["annotations"]:
        if not annotation["iscrowd"]:
            polygons[annotation["image_id"]].append(annotation)
    for box in boxes:
        human[box["image_id"]].append(box)
    kept = [image for image in table["images"] if image["id"] not in set(exclude)]
    folder, rng, made, said = RefcocoFolder(out, LABEL), random.Random(seed), 0, 0
    for done, image in enumerate(kept):
        number = image["id"]
        # Only human sentences can say how good a model is; images without any are for learning.
        chosen = held_out and human[number] and zlib.crc32(str(number).encode()) % held_out == 0
        split = "val" if chosen else "train"
        found = list(_described(human[number], polygons[number], thing))
        said += sum(len(texts) for _, _, texts in found)
        if split == "train":
            own = list(_worded(polygons[number], names, image, per_object, smallest, rng))
            made += sum(len(texts) for _, _, texts in own)
            found += own
        if not found:
            continue
        squashed = any(box.get("aspect", "true") != "true" for box in human[number])
        shown = (cuts, mirror) if split == "train" else (0, False)
        _write_image(pool, image, found, split, folder, squashed, *shown, rng)
        progress(done + 1, len(kept))
    folder.finish([*table["categories"], {"id": thing, "name": THING}])
    return {
        "images": len(folder.images),
        "refs": len(folder.refs),
        "sentences": folder.sentence_count,
        "human": said,
        "made": made,
        "excluded": len(table["images"]) - len(kept),
    }


_Described = tuple[list[list[float]], int, list[str]]
"""Polygons in pixels of the stored image, category id, sentences."""


def _described(boxes: list[dict], annotations: list[dict], thing: int) -> Iterator[_Described]:
    """Give human sentences a shape: the polygon of the same object, or one that fills the box."""
    by_box = defaultdict(list)
    for box in boxes:
        by_box[tuple(box["bbox"])].append(box["sent"])
    for place, texts in by_box.items():
        overlaps = [(box_iou(place, a["bbox"]), a) for a in annotations]
        best, annotation = max(overlaps, key=lambda pair: pair[0], default=(0.0, None))
        if annotation is not None and best >= _SAME_OBJECT:
            yield annotation["segmentation"], annotation["category_id"], texts
        else:
            yield [fill_box(*place)], thing, texts


def _worded(
    annotations: list[dict],
    names: dict[int, str],
    image: dict,
    most: int,
    smallest: float,
    rng: random.Random,
) -> Iterator[_Described]:
    """Give polygons sentences."""
    width, height = image["width"], image["height"]
    things = []
    for annotation in annotations:
        left, top, across, down = annotation["bbox"]
        name = names[annotation["category_id"]]
        things.append(Thing(name, left, top, across, down, annotation["area"]))
    for index, annotation in enumerate(annotations):
        if annotation["area"] < smallest * width * height:
            continue
        others = things[:index] + things[index + 1 :]
        texts = sentences(things[index], others, width, height, rng, most)
        if texts:
            yield annotation["segmentation"], annotation["category_id"], texts


def _write_image(
    pool: Path,
    image: dict,
    found: list[_Described],
    split: str,
    folder: RefcocoFolder,
    squashed: bool,
    cuts: int,
    mirror: bool,
    rng: random.Random,
) -> None:
    picture = read_image(pool / "images" / image["file_name"])
    if squashed:
        size = (round(picture.width * _STRETCH), picture.height)
        picture = picture.resize(size, Image.Resampling.BICUBIC)
        found = [
            ([stretched(shape, _STRETCH) for shape in shapes], category, texts)
            for shapes, category, texts in found
        ]
    for number, view in enumerate(views(*picture.size, cuts, mirror, rng)):
        told = [part for part in found if view.shows(part[0])]
        if not told:
            continue
        identity = image["id"] + _VIEW_OFFSET * number
        shown = folder.add_picture(identity, view.of(picture))
        for shapes, category, texts in told:
            moved = [view.moved(shape) for shape in shapes]
            said = [mirrored(text) for text in texts] if view.flipped else texts
            folder.add_referent(shown, split, moved, category, said)


def _read(pool: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    table = load_json(pool / "instances.json")
    missing = {"images", "annotations", "categories"} - set(table)
    if missing:
        raise UserError(
            f"{pool / 'instances.json'} has no {', '.join(sorted(missing))}: expected a COCO"
            " instances file"
        )
    boxes = pool / "box_sentences.json"
    return table, load_json(boxes) if boxes.exists() else []
