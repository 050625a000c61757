"""One page of ParkRef: a drawn scene, its sentences in all flavours, its annotations.

Everything on a page depends on its :class:`Job` alone, so that pages can be made in any order and
by any number of processes.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from refseg_lib.parkref.chinese import in_chinese
from refseg_lib.parkref.drawing import STUFF_CODES, Rendering, render
from refseg_lib.parkref.english import in_english
from refseg_lib.parkref.layout import sample_scene
from refseg_lib.parkref.meaning import Phrase
from refseg_lib.parkref.scene import PARTS, PEOPLE, STUFF, THINGS, Scene
from refseg_lib.parkref.speaking import FLAVOURS, describe, stuff_phrases, worth_meaning
from refseg_lib.parkref.utterance import Utterance
from refseg_lib.parkref.world import World, observe

CATEGORIES = {name: number + 1 for number, name in enumerate((*THINGS, *STUFF, *PARTS))}
# (referents per image, sentences per referent)
AMOUNTS = {"unc": (2, 3), "uncplus": (2, 2), "gref": (2, 2), "referit": (2, 1)}
SPLITS = ("train", "val", "testA", "testB")
# The papers' models read so many tokens.
LONGEST = 20


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


def make_scene(job: Job) -> tuple[World, Rendering, np.random.Generator]:
    """Sample and draw the scene of a job; the generator goes on to choose the sentences."""
    rng = np.random.default_rng([job.seed, SPLITS.index(job.split), job.place])
    while True:
        scene = sample_scene(rng, job.people)
        drawn = render(scene, job.height)
        world = observe(scene, drawn.things, drawn.parts)
        if len(worth_meaning(world)) >= 2:
            return world, drawn, rng


def make_page(job: Job) -> Page:
    """Make one image with all its sentences."""
    world, drawn, rng = make_scene(job)
    stream = io.BytesIO()
    Image.fromarray(drawn.image).save(stream, "PNG", compress_level=2)
    height, width = drawn.things.shape
    name = f"parkref_{job.number:06d}.png"
    entities: set[tuple] = {("thing", index) for index in range(len(world.scene.things))}
    entities |= {("stuff", stuff) for stuff in world.stuff}
    refs: dict[str, list[dict[str, Any]]] = {}
    chinese: dict[str, dict[str, str]] = {}
    truth: dict[str, list[str]] = {}
    for flavour in FLAVOURS:
        refs[flavour], chinese[flavour], truth[flavour] = [], {}, []
        number = job.number * 100
        for place, phrases in enumerate(_tell(world, flavour, rng, job.split)):
            told = _say_all(phrases, rng, long=flavour == "gref")
            if not told:
                continue
            sentences = []
            for english, mandarin in told:
                entities.update(english.entities, mandarin.entities)
                sentences.append(
                    {
                        "sent_id": number,
                        "sent": english.sentence,
                        "raw": english.sentence,
                        "tokens": list(english.words),
                    }
                )
                chinese[flavour][str(number)] = mandarin.sentence
                truth[flavour].append(_truth(number, english, mandarin, job.number))
                number += 1
            entity = phrases[0].entity
            refs[flavour].append(
                {
                    "ref_id": job.number * 10 + place,
                    "ann_id": _annotation_number(job.number, entity),
                    "image_id": job.number,
                    "file_name": name,
                    "category_id": CATEGORIES[_category(entity, world.scene)],
                    "split": _split_for(job.split, flavour),
                    "sent_ids": [sentence["sent_id"] for sentence in sentences],
                    "sentences": sentences,
                }
            )
    return Page(
        name=name,
        picture=stream.getvalue(),
        image={"id": job.number, "file_name": name, "width": width, "height": height},
        annotations=_annotations(entities, job.number, world.scene, drawn),
        refs=refs,
        chinese=chinese,
        truth=truth,
    )


def _split_for(split: str, flavour: str) -> str:
    """G-Ref and ReferIt have one test split; UNC and UNC+ have two."""
    return "test" if flavour in ("gref", "referit") and split.startswith("test") else split


def _tell(
    world: World, flavour: str, rng: np.random.Generator, split: str
) -> Iterator[list[Phrase]]:
    """Yield, referent by referent, the phrases that mean it.

    As in RefCOCO, people are meant in testA and other things in testB.
    """
    referents, each = AMOUNTS[flavour]
    candidates = worth_meaning(world)
    if split in ("testA", "testB"):
        people = [world.scene.things[index].category in PEOPLE for index in candidates]
        candidates = [
            index
            for index, person in zip(candidates, people, strict=True)
            if person == (split == "testA")
        ]
    found = 0
    for index in rng.permutation(candidates).tolist():
        phrases = []
        # Who finds no words once will not find them at the next attempt.
        while len(phrases) < each and (phrase := describe(world, flavour, index, rng)):
            phrases.append(phrase)
        if phrases:
            found += 1
            yield phrases
        if found == referents:
            break
    if flavour == "referit":
        everything = stuff_phrases(world)
        if everything:
            yield [everything[int(rng.integers(len(everything)))]]


def _say_all(
    phrases: list[Phrase], rng: np.random.Generator, long: bool
) -> list[tuple[Utterance, Utterance]]:
    """Put phrases into both languages; nothing twice, nothing longer than models read."""
    told: dict[str, tuple[Utterance, Utterance]] = {}
    for phrase in phrases:
        english, mandarin = in_english(phrase, rng, long), in_chinese(phrase, rng, long)
        if len(english.words) <= LONGEST:
            told.setdefault(english.sentence, (english, mandarin))
    return list(told.values())


def _annotation_number(image: int, entity: tuple) -> int:
    """Number things from 0, stuff from 20 and garments from 30 within their image."""
    if entity[0] == "thing":
        return image * 100 + entity[1]
    if entity[0] == "stuff":
        return image * 100 + 20 + STUFF.index(entity[1])
    return image * 100 + 30 + len(PARTS) * entity[1] + PARTS.index(entity[2])


def _category(entity: tuple, scene: Scene) -> str:
    return scene.things[entity[1]].category if entity[0] == "thing" else entity[-1]


def _truth(number: int, english: Utterance, mandarin: Utterance, image: int) -> str:
    """Return the line of a sentence in ``truth(FLAVOUR).jsonl``."""
    languages = {
        language: {
            "words": list(utterance.words),
            "kinds": "".join(kind[0] for kind in utterance.kinds),
            "graph": utterance.graph.to_json(),
            "annotations": [_annotation_number(image, entity) for entity in utterance.entities],
        }
        for language, utterance in (("en", english), ("zh", mandarin))
    }
    return json.dumps({"sent_id": number, **languages}, ensure_ascii=False)


def entity_mask(entity: tuple, drawn: Rendering) -> np.ndarray:
    """Return the visible pixels (H, W) bool of a thing, a kind of stuff or a garment."""
    if entity[0] == "thing":
        return drawn.things == entity[1] + 1
    if entity[0] == "stuff":
        return drawn.things == STUFF_CODES[entity[1]]
    return (drawn.things == entity[1] + 1) & (drawn.parts == PARTS.index(entity[2]) + 1)


def _annotations(
    entities: set[tuple], image: int, scene: Scene, drawn: Rendering
) -> list[dict[str, Any]]:
    """Return the annotations of all entities that are seen, by number."""
    from pycocotools import mask as coco

    numbered = sorted((_annotation_number(image, entity), entity) for entity in entities)
    stack = np.empty((*drawn.things.shape, len(numbered)), dtype=np.uint8, order="F")
    for layer, (_, entity) in enumerate(numbered):
        stack[..., layer] = entity_mask(entity, drawn)
    # A list, because a stack of masks was given; its type stub promises only "one or many".
    codes: Any = coco.encode(stack)
    boxes, areas = coco.toBbox(codes), np.asarray(coco.area(codes))
    return [
        {
            "id": number,
            "image_id": image,
            "category_id": CATEGORIES[_category(entity, scene)],
            "bbox": box.tolist(),
            "area": int(area),
            "iscrowd": 0,
            "segmentation": {"size": list(drawn.things.shape), "counts": code["counts"].decode()},
        }
        for (number, entity), code, box, area in zip(numbered, codes, boxes, areas, strict=True)
        if area > 0
    ]
