"""Each thing that can be wrong inside a data set is found, alone, under its own name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from refseg_lib.data.consistency import check_images, check_refs
from refseg_lib.data.images import image_folders
from refseg_lib.errors import UserError


def test_a_sound_data_set_has_neither_problems_nor_notes(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    assert check_refs(mini.refs, mini.instances) == ({}, {})
    assert check_images(mini.instances["images"], image_folders(mini.folder)) == {}


def _again(mini: Any) -> None:
    mini.refs[1]["ref_id"] = 0


def _sentence_again(mini: Any) -> None:
    mini.refs[1]["sentences"][0]["sent_id"] = 0
    mini.refs[1]["sent_ids"] = [0]


BREAKS: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("ref_ids used twice", "0", _again),
    ("sent_ids used twice", "sent_id 0", _sentence_again),
    ("refs without split", "ref_id 2", lambda m: m.refs[2].pop("split")),
    ("refs without ref_id", "number 2", lambda m: m.refs[2].pop("ref_id")),
    (
        "refs without image_id and sentences",
        "ref_id 2",
        lambda m: (m.refs[2].pop("image_id"), m.refs[2].pop("sentences")),
    ),
    (
        "objects without a sentence",
        "ref_id 2",
        lambda m: m.refs[2].update(sentences=[], sent_ids=[]),
    ),
    ("empty sentences", "sent_id 200", lambda m: m.refs[2]["sentences"][0].update(sent=" ")),
    (
        "refs whose sent_ids are not those of their sentences",
        "ref_id 2",
        lambda m: m.refs[2].update(sent_ids=[201]),
    ),
    (
        "refs whose annotation is not in instances.json",
        "ref_id 2",
        lambda m: m.refs[2].update(ann_id=99),
    ),
    (
        "refs whose annotation belongs to another image",
        "ref_id 2",
        lambda m: m.refs[2].update(image_id=1),
    ),
    (
        "refs of another category than their annotation",
        "ref_id 2",
        lambda m: (
            m.refs[2].update(category_id=8),
            m.instances["categories"].append({"id": 8, "name": "other"}),
        ),
    ),
    (
        "masks that cover no pixel",
        "ann_id 12",
        lambda m: m.instances["annotations"][2].update(segmentation=[]),
    ),
    (
        "masks that are malformed",
        "ann_id 12",
        lambda m: m.instances["annotations"][2].update(segmentation=[[1, 2, 3, 4, 5, 6, 7]]),
    ),
    ("refs that hold something malformed", "ref_id 2", lambda m: m.refs[2].update(sentences=3)),
]


@pytest.mark.parametrize(("kind", "place", "break_it"), BREAKS, ids=[b[0] for b in BREAKS])
def test_each_fault_is_found_alone(mini, kind: str, place: str, break_it) -> None:  # type: ignore[no-untyped-def]
    break_it(mini)
    problems, notes = check_refs(mini.refs, mini.instances)
    assert list(problems) == [kind]
    assert len(problems[kind]) == 1
    assert place in problems[kind][0]
    assert notes == {}


def test_an_image_that_is_not_listed_is_found(mini) -> None:  # type: ignore[no-untyped-def]
    mini.instances["images"].pop()
    problems, _ = check_refs(mini.refs, mini.instances)
    assert problems == {"refs whose image is not in instances.json": ["ref_id 3"]}


def test_a_category_that_is_not_listed_is_found(mini) -> None:  # type: ignore[no-untyped-def]
    mini.instances["categories"].clear()
    problems, _ = check_refs(mini.refs, mini.instances)
    assert len(problems["refs whose category is not in instances.json"]) == 4


def test_a_polygon_that_leaves_the_image_is_noted_and_no_problem(mini) -> None:  # type: ignore[no-untyped-def]
    mini.instances["annotations"][2]["segmentation"] = [[-5, 0, 10, 0, 10, 10]]
    problems, notes = check_refs(mini.refs, mini.instances)
    assert problems == {}
    assert list(notes.values()) == [["ann_id 12"]]


def test_an_outline_along_the_border_is_not_noted(mini) -> None:  # type: ignore[no-untyped-def]
    mini.instances["annotations"][2]["segmentation"] = [[0, 0, 40.5, 0, 40.5, 30.5, 0, 30.5]]
    assert check_refs(mini.refs, mini.instances) == ({}, {})


def test_a_polygon_wholly_outside_covers_no_pixel(mini) -> None:  # type: ignore[no-untyped-def]
    mini.instances["annotations"][2]["segmentation"] = [[60, 0, 70, 0, 70, 10]]
    problems, notes = check_refs(mini.refs, mini.instances)
    assert list(problems) == ["masks that cover no pixel"]
    assert len(notes) == 1


@pytest.mark.parametrize("instances", [[], {}, {"annotations": [{}], "images": []}])
def test_instances_that_are_no_coco_file_are_told(instances) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match="no COCO annotation file"):
        check_refs([], instances)


def test_missing_damaged_and_resized_images_are_told_apart(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    folder = mini.folder / "images"
    names = [entry["file_name"] for entry in mini.instances["images"]]
    (folder / names[0]).unlink()
    (folder / names[1]).write_bytes(b"")
    Image.new("RGB", (10, 20)).save(folder / names[2])
    problems = check_images(mini.instances["images"], [folder])
    assert problems == {
        "image files missing": [names[0]],
        "image files damaged": [names[1]],
        "image files of another size than annotated": [f"{names[2]} (10x20, annotated 40x30)"],
    }


def test_a_malformed_image_entry_is_told(tmp_path: Path) -> None:
    problems = check_images([{"id": 1}], [tmp_path])
    assert list(problems) == ["images without id, file_name, height or width"]
