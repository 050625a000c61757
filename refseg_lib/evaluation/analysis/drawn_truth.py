"""What ParkRef knows beyond its masks: word types, graphs, every entity, and the scene itself.

No benchmark of photographs has this: the kind of every word, the annotation behind every node of
the language graph, and, as a picture depends on its number and the data set's seed alone, the facts
by which any further sentence about it can be judged.
"""

import functools
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refseg_lib.data.masks import segmentation_to_mask
from refseg_lib.data.refer import ReferringDataset
from refseg_lib.data.unpickling import load_json
from refseg_lib.errors import UserError
from refseg_lib.parkref.drawing import Rendering
from refseg_lib.parkref.pages import SPLITS, Job, make_scene
from refseg_lib.parkref.scene import PARTS, STUFF
from refseg_lib.parkref.world import World
from refseg_lib.parkref.writing import MOST_IMAGES
from refseg_lib.text.graph import LanguageGraph

Mask = NDArray[np.bool_]
PER_IMAGE = 100
"""An annotation's number is a hundred times its image's, plus its place; things come first."""


@dataclass(frozen=True)
class Told:
    """One sentence as ParkRef made it.

    Attributes:
        words: Its words.
        kinds: A letter per word: e entity, a attribute, r relation, u unnecessary.
        graph: Its language graph, spans counting ``words``.
        entities: The annotation that each node means.
    """

    words: tuple[str, ...]
    kinds: str
    graph: LanguageGraph
    entities: tuple[int, ...]


@dataclass(frozen=True)
class Drawn:
    """One picture, drawn anew.

    Attributes:
        world: The facts of its scene.
        rendering: Its pixels and their labels.
    """

    world: World
    rendering: Rendering


@dataclass(frozen=True)
class DrawnTruth:
    """What is known of a split. Made by :func:`open_truth`."""

    dataset: ReferringDataset
    seed: int
    _lines: dict[int, dict[str, Any]] = field(repr=False)
    _annotations: dict[int, dict[str, Any]] = field(repr=False)
    _category_names: dict[int, str] = field(repr=False)

    def told(self, i: int, language: str | None = None) -> Told:
        """Return sentence ``i`` as it was made, in its own language or another."""
        language = language or self.dataset.language
        sent_id = self.dataset[i].sent_id
        if sent_id not in self._lines:
            raise UserError(f"the truth lacks sent_id {sent_id}: make ParkRef again")
        truth = self._lines[sent_id][language]
        return Told(
            words=tuple(truth["words"]),
            kinds=truth["kinds"],
            graph=LanguageGraph.from_json(truth["graph"]),
            entities=tuple(truth["annotations"]),
        )

    def mask(self, annotation: int) -> Mask | None:
        """Return the visible pixels (H, W) of an annotation; None where nothing of it is seen."""
        if annotation not in self._annotations:
            return None
        segmentation = self._annotations[annotation]["segmentation"]
        return segmentation_to_mask(segmentation, *segmentation["size"])

    def category(self, annotation: int) -> str:
        """Return what an annotation is: ``"man"``, ``"pond"``, ``"hat"``, ..."""
        place = annotation % PER_IMAGE
        if place >= 30:
            return PARTS[(place - 30) % len(PARTS)]
        if place >= 20:
            return STUFF[place - 20]
        return self._category_names[annotation]

    def things(self, image_id: int) -> dict[int, Mask]:
        """Return the visible things of a picture: annotation to mask, by number."""
        numbers = range(image_id * PER_IMAGE, image_id * PER_IMAGE + 20)
        masks = {number: self.mask(number) for number in numbers}
        return {number: mask for number, mask in masks.items() if mask is not None}

    def draw(self, i: int) -> Drawn:
        """Draw the picture of sentence ``i`` again, with the facts behind it.

        Raises:
            UserError: The referent is not where the data set has it: another version drew it.
        """
        expression = self.dataset[i]
        height = self.dataset.size(i)[0]
        world, rendering = _drawn(job_of(expression.image_id, self.seed, height))
        place = expression.ann_id % PER_IMAGE
        if place < 20 and not np.array_equal(rendering.things == place + 1, self.dataset.mask(i)):
            raise UserError(
                f"image {expression.image_id} of {self.dataset.folder} was drawn by another version"
                " of ParkRef, so nothing more can be known of it: make ParkRef again"
            )
        return Drawn(world, rendering)


def open_truth(dataset: ReferringDataset) -> DrawnTruth:
    """Read what ParkRef wrote down beside a split.

    Args:
        dataset: A split of ``parkref_unc``, ``parkref_uncplus``, ``parkref_gref`` or
            ``parkref_referit``.

    Raises:
        UserError: It is another data set, or a file is absent or damaged.
    """
    if not dataset.id.startswith("parkref_"):
        raise UserError(
            f"{dataset.id} has no word types, entities or scenes to compare with: only ParkRef"
            " knows them, use parkref_unc, parkref_uncplus, parkref_gref or parkref_referit"
        )
    path = dataset.folder / f"truth({dataset.id.removeprefix('parkref_')}).jsonl"
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        truths = {line["sent_id"]: line for line in lines}
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}): make ParkRef again") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged ({error}): make ParkRef again") from error
    instances = load_json(dataset.folder / "instances.json")
    names = {entry["id"]: entry["name"] for entry in instances["categories"]}
    wanted = {image_id for image_id, _ in dataset.by_image()}
    annotations = {a["id"]: a for a in instances["annotations"] if a["image_id"] in wanted}
    return DrawnTruth(
        dataset=dataset,
        seed=instances["info"]["seed"],
        _lines=truths,
        _annotations=annotations,
        _category_names={number: names[a["category_id"]] for number, a in annotations.items()},
    )


@functools.lru_cache(maxsize=16)
def _drawn(job: Job) -> tuple[World, Rendering]:
    # Several sentences in a row are about one picture.
    world, rendering, _ = make_scene(job)
    return world, rendering


def job_of(image_id: int, seed: int, height: int) -> Job:
    """Say what a picture was made from: its number tells its split and its place there."""
    split, place = divmod(image_id - 1, MOST_IMAGES)
    name = SPLITS[split]
    # As writing.plan has it: people in the foreground in every other picture, and in testA.
    people = {"testA": True, "testB": False}.get(name, place % 2 == 0)
    return Job(name, place, people, seed, height)
