"""A page is whole: picture, sentences, annotations, and all of them about the same things."""

import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco

from refseg_lib.parkref.pages import (
    CATEGORIES,
    LONGEST,
    Job,
    Page,
    entity_mask,
    make_page,
    make_scene,
)
from refseg_lib.parkref.scene import PARTS, PEOPLE, STUFF
from refseg_lib.parkref.speaking import FLAVOURS

# pycocotools' own decoding, under a numpy newer than it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
JOBS = [Job("train", place, place % 2 == 0, 7, 128) for place in range(16)] + [
    Job(split, place, split == "testA", 7, 128)
    for split in ("testA", "testB")
    for place in range(8)
]


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    return [make_page(job) for job in JOBS]


def masks(page: Page) -> dict[int, np.ndarray]:
    return {a["id"]: coco.decode(a["segmentation"]).astype(bool) for a in page.annotations}


def test_a_page_depends_on_its_job_alone(pages: list[Page]) -> None:
    assert make_page(JOBS[3]) == pages[3]
    for change in ({"seed": 8}, {"place": 99}, {"split": "val"}):
        other = make_page(dataclasses.replace(JOBS[3], **change))  # type: ignore[arg-type]
        assert other.picture != pages[3].picture


def test_the_picture_is_stored_without_loss(pages: list[Page]) -> None:
    for job, page in zip(JOBS[:4], pages, strict=False):
        _, drawn, _ = make_scene(job)
        picture = Image.open(io.BytesIO(page.picture))
        assert np.array_equal(np.asarray(picture), drawn.image)
        assert (page.image["width"], page.image["height"]) == picture.size == (128, 128)


def test_every_mask_is_the_drawings(pages: list[Page]) -> None:
    """Numbers tell what an annotation is of: things from 0, stuff from 20, garments from 30."""
    for job, page in zip(JOBS[:8], pages, strict=False):
        world, drawn, _ = make_scene(job)
        names = [thing.category for thing in world.scene.things]
        for annotation in page.annotations:
            place = annotation["id"] - 100 * job.number
            if place < 20:
                expected, name = drawn.things == place + 1, names[place]
            elif place < 30:
                name = STUFF[place - 20]
                expected = drawn.things == 251 + place - 20
            else:
                owner, part = divmod(place - 30, 3)
                name = PARTS[part]
                expected = (drawn.things == owner + 1) & (drawn.parts == part + 1)
            mask = coco.decode(annotation["segmentation"]).astype(bool)
            assert np.array_equal(mask, expected)
            assert annotation["category_id"] == CATEGORIES[name]
            assert annotation["area"] == expected.sum() > 0
            rows, columns = np.where(expected)
            x, y = columns.min(), rows.min()
            box = [x, y, columns.max() - x + 1, rows.max() - y + 1]
            assert annotation["bbox"] == box


def test_things_stuff_and_garments_are_parts_of_one_map(pages: list[Page]) -> None:
    world, drawn, _ = make_scene(JOBS[0])
    things = [entity_mask(("thing", i), drawn) for i in range(len(world.scene.things))]
    stuff = [entity_mask(("stuff", name), drawn) for name in STUFF]
    assert np.sum([*things, *stuff], axis=0).max() == 1
    for index, thing in enumerate(world.scene.things):
        for part in PARTS:
            garment = entity_mask(("part", index, part), drawn)
            assert not (garment & ~things[index]).any()
            assert thing.category in PEOPLE or not garment.any()


def test_every_node_of_every_sentence_has_a_mask_and_the_referents_is_the_refs(
    pages: list[Page],
) -> None:
    for page in pages:
        known = masks(page)
        for flavour in FLAVOURS:
            wanted = {
                s["sent_id"]: (ref["ann_id"], s["tokens"])
                for ref in page.refs[flavour]
                for s in ref["sentences"]
            }
            lines = [json.loads(line) for line in page.truth[flavour]]
            assert [line["sent_id"] for line in lines] == list(wanted)
            for line in lines:
                ann_id, tokens = wanted[line["sent_id"]]
                assert line["en"]["words"] == tokens
                chinese = page.chinese[flavour][str(line["sent_id"])]
                assert "".join(line["zh"]["words"]) == chinese
                for side in (line["en"], line["zh"]):
                    assert len(side["annotations"]) == len(side["graph"]["nodes"])
                    assert all(known[number].any() for number in side["annotations"])
                    assert side["annotations"][side["graph"]["referent"]] == ann_id
                    assert len(side["kinds"]) == len(side["words"])
                    assert set(side["kinds"]) <= set("earu")


def test_numbers_are_used_once_and_name_what_exists(pages: list[Page]) -> None:
    told = dict.fromkeys(FLAVOURS, 0)
    for job, page in zip(JOBS, pages, strict=True):
        annotations = {a["id"]: a for a in page.annotations}
        assert len(annotations) == len(page.annotations)
        for flavour in FLAVOURS:
            refs = page.refs[flavour]
            sentences = [s["sent_id"] for ref in refs for s in ref["sentences"]]
            assert len(set(sentences)) == len(sentences)
            told[flavour] += len(sentences) > 0
            assert len({ref["ref_id"] for ref in refs}) == len(refs)
            assert len({ref["ann_id"] for ref in refs}) == len(refs)
            assert {number // 100 for number in sentences} <= {job.number}
            for ref in refs:
                assert ref["category_id"] == annotations[ref["ann_id"]]["category_id"]
                assert ref["sent_ids"] == [s["sent_id"] for s in ref["sentences"]]
    # A small scene may give no reason for a long sentence, but that is rare.
    assert min(told.values()) > 0.8 * len(JOBS)


def test_nothing_is_said_twice_or_at_greater_length_than_models_read(pages: list[Page]) -> None:
    for page in pages:
        for flavour in FLAVOURS:
            for ref in page.refs[flavour]:
                said = [s["sent"] for s in ref["sentences"]]
                assert len(set(said)) == len(said)
                assert all(len(s["tokens"]) <= LONGEST for s in ref["sentences"])


def test_only_referit_means_stuff_and_every_page_of_it_does(pages: list[Page]) -> None:
    stuff = {CATEGORIES[name] for name in STUFF}
    for page in pages:
        for flavour in FLAVOURS:
            meant = [ref["category_id"] in stuff for ref in page.refs[flavour]]
            assert sum(meant) == (flavour == "referit")


def test_people_are_meant_in_testa_and_other_things_in_testb(pages: list[Page]) -> None:
    people = {CATEGORIES[name] for name in PEOPLE}
    stuff = {CATEGORIES[name] for name in STUFF}
    meant = {"testA": 0, "testB": 0}
    for job, page in zip(JOBS, pages, strict=True):
        if job.split == "train":
            continue
        for flavour in FLAVOURS:
            for ref in page.refs[flavour]:
                if ref["category_id"] not in stuff:
                    assert (ref["category_id"] in people) == (job.split == "testA")
                    meant[job.split] += 1
    assert min(meant.values()) > 20


def test_unc_has_two_test_splits_and_gref_one(pages: list[Page]) -> None:
    for job, page in zip(JOBS, pages, strict=True):
        for flavour in FLAVOURS:
            one = flavour in ("gref", "referit") and job.split != "train"
            assert {r["split"] for r in page.refs[flavour]} <= {"test" if one else job.split}
