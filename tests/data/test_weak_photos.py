"""The weak photo folder reads back through the library's own reader, and leaks nothing."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from refseg_lib.data.masks import polygons_to_mask
from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.data.weak_photos import make_weak_photos
from refseg_lib.errors import UserError

SQUARE = [10.0, 10.0, 40.0, 10.0, 40.0, 40.0, 10.0, 40.0]
RIGHT = [60.0, 20.0, 90.0, 20.0, 90.0, 70.0, 60.0, 70.0]


def _annotation(number: int, image: int, polygon: list[float]) -> dict:
    points = np.reshape(polygon, (-1, 2))
    (left, top), (right, bottom) = points.min(0), points.max(0)
    return {
        "id": number,
        "image_id": image,
        "category_id": 2,
        "bbox": [left, top, right - left, bottom - top],
        "area": (right - left) * (bottom - top),
        "iscrowd": 0,
        "segmentation": [polygon],
    }


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    """Image 1: two polygons of dogs; image 2: a squashed image with a box sentence."""
    folder = tmp_path / "pool"
    (folder / "images").mkdir(parents=True)
    for number, size in ((1, (100, 80)), (2, (64, 64))):
        picture = np.zeros((size[1], size[0], 3), np.uint8)
        picture[:, : size[0] // 2] = (255, 0, 0)  # red left half
        Image.fromarray(picture).save(folder / "images" / f"{number}.jpg", quality=95)
    table = {
        "images": [
            {"id": 1, "file_name": "1.jpg", "width": 100, "height": 80},
            {"id": 2, "file_name": "2.jpg", "width": 64, "height": 64},
        ],
        "annotations": [_annotation(1, 1, SQUARE), _annotation(2, 1, RIGHT)],
        "categories": [{"id": 2, "name": "dog"}],
    }
    boxes = [
        {"image_id": 2, "sent": "guy on left", "bbox": [6, 9, 24, 48], "aspect": "squashed256"},
        {"image_id": 1, "sent": "red dog", "bbox": [11, 11, 28, 29], "aspect": "true"},
    ]
    (folder / "instances.json").write_text(json.dumps(table))
    (folder / "box_sentences.json").write_text(json.dumps(boxes))
    return folder


def _open(out: Path, split: str = "train") -> ReferringDataset:
    return open_dataset(f"folder:{out}/refs(weak).json", out, split)


def _by_sentence(dataset: ReferringDataset, mirrored: bool) -> dict[str, int]:
    return {
        dataset[i].sentence: i
        for i in range(len(dataset))
        if (dataset[i].image_id >= 10_000_000) == mirrored
    }


def test_a_box_on_a_polygon_takes_its_shape_and_a_lonely_box_is_filled(pool: Path, tmp_path: Path):
    out = tmp_path / "out"
    make_weak_photos(pool, out, held_out=0)
    dataset = _open(out)
    found = _by_sentence(dataset, mirrored=False)
    assert (dataset.mask(found["red dog"]) == polygons_to_mask([SQUARE], 80, 100)).all()
    filled = dataset.mask(found["guy on left"])
    rows, columns = np.nonzero(filled)
    # Stretched back to 4:3: 64 pixels become 85, the box [6, 30] becomes [8, 40].
    assert filled.shape == (64, 85)
    assert columns.min() == pytest.approx(8, abs=1)
    assert columns.max() == pytest.approx(40, abs=1)
    assert rows.min() == pytest.approx(9, abs=1)
    assert rows.max() == pytest.approx(57, abs=1)


def test_the_mirror_twin_shows_and_says_the_other_side(pool: Path, tmp_path: Path):
    out = tmp_path / "out"
    make_weak_photos(pool, out, held_out=0, per_object=9)
    dataset = _open(out)
    plain, twin = _by_sentence(dataset, mirrored=False), _by_sentence(dataset, mirrored=True)
    one, other = plain["guy on left"], twin["guy on right"]
    assert dataset.mask(other)[:, ::-1][:, 20].sum() == dataset.mask(one)[:, 20].sum() > 0
    pixels = np.asarray(dataset.image(other))
    assert pixels[30, 5, 0] < 60  # the red half is now on the right
    assert pixels[30, -5, 0] > 200
    for dataset_row in plain.values():
        assert np.asarray(dataset.image(dataset_row))[30, 5, 0] > 200


def test_made_sentences_point_at_the_side_they_name(pool: Path, tmp_path: Path):
    out = tmp_path / "out"
    make_weak_photos(pool, out, held_out=0, per_object=9)
    dataset, checked = _open(out), 0
    for i in range(len(dataset)):
        if re.fullmatch(r"(left|right) \w+|\w+ on (the )?(left|right)", dataset[i].sentence):
            columns = np.nonzero(dataset.mask(i))[1]
            assert (columns.mean() < 50) == ("left" in dataset[i].sentence)
            checked += 1
    assert checked >= 2


def test_excluded_images_appear_nowhere(pool: Path, tmp_path: Path):
    out = tmp_path / "out"
    counts = make_weak_photos(pool, out, exclude=[2], held_out=0)
    written = (out / "instances.json").read_text() + (out / "refs(weak).json").read_text()
    assert counts["excluded"] == 1
    assert "guy" not in written
    assert {path.name for path in (out / "images").iterdir()} == {
        "000000000001.jpg",
        "000010000001.jpg",
    }


def test_held_out_images_come_unmirrored_and_with_human_sentences_only(pool: Path, tmp_path: Path):
    out = tmp_path / "out"
    make_weak_photos(pool, out, held_out=1)
    dataset = _open(out, "val")
    assert {dataset[i].sentence for i in range(len(dataset))} == {"red dog", "guy on left"}
    assert all(ref["split"] == "val" for ref in json.loads((out / "refs(weak).json").read_text()))


def test_no_image_stands_in_both_splits(real_data: Path, tmp_path: Path):
    """On the real pool, pictures left out: the split is by image, twins included."""
    pool = tmp_path / "pool"
    (pool / "images").mkdir(parents=True)
    table = json.loads((real_data / "train_pool" / "instances.json").read_text())
    table["images"] = table["images"][:120]
    kept = {image["id"] for image in table["images"]}
    table["annotations"] = [a for a in table["annotations"] if a["image_id"] in kept]
    boxes = json.loads((real_data / "train_pool" / "box_sentences.json").read_text())
    for image in table["images"]:
        Image.new("RGB", (image["width"], image["height"])).save(
            pool / "images" / image["file_name"]
        )
    (pool / "instances.json").write_text(json.dumps(table))
    (pool / "box_sentences.json").write_text(
        json.dumps([box for box in boxes if box["image_id"] in kept])
    )
    make_weak_photos(pool, tmp_path / "out", held_out=4)
    refs = json.loads((tmp_path / "out" / "refs(weak).json").read_text())
    images = {
        split: {ref["image_id"] % 10_000_000 for ref in refs if ref["split"] == split}
        for split in ("train", "val")
    }
    assert images["train"]
    assert images["val"]
    assert not images["train"] & images["val"]


def test_a_pool_without_polygons_table_is_told(pool: Path, tmp_path: Path):
    (pool / "instances.json").write_text("{}")
    with pytest.raises(UserError, match="annotations, categories, images"):
        make_weak_photos(pool, tmp_path / "out")


def _colourful(tmp_path: Path, squashed: bool) -> Path:
    """One picture with two things of a colour of their own, each with a human sentence."""
    pool = tmp_path / "colourful"
    (pool / "images").mkdir(parents=True)
    picture = np.full((240, 256, 3), 120, np.uint8)
    picture[20:120, 16:96] = (255, 0, 0)
    picture[140:220, 150:240] = (0, 0, 255)
    Image.fromarray(picture).save(pool / "images" / "1.png")
    outlines = [
        [16.0, 20.0, 96.0, 20.0, 96.0, 120.0, 16.0, 120.0],
        [150.0, 140.0, 240.0, 140.0, 240.0, 220.0, 150.0, 220.0],
    ]
    table = {
        "images": [{"id": 1, "file_name": "1.png", "width": 256, "height": 240}],
        "annotations": [_annotation(n, 1, outline) for n, outline in enumerate(outlines, 1)],
        "categories": [{"id": 2, "name": "ball"}],
    }
    aspect = "squashed256" if squashed else "true"
    boxes = [
        {"image_id": 1, "sent": "red left thing", "bbox": [16, 20, 80, 100], "aspect": aspect},
        {"image_id": 1, "sent": "blue right thing", "bbox": [150, 140, 90, 80], "aspect": aspect},
    ]
    (pool / "instances.json").write_text(json.dumps(table))
    (pool / "box_sentences.json").write_text(json.dumps(boxes))
    return pool


@pytest.mark.parametrize("squashed", [False, True])
def test_in_every_view_the_mask_lies_on_the_thing_that_the_sentence_names(
    tmp_path: Path, squashed: bool
):
    out = tmp_path / "out"
    make_weak_photos(_colourful(tmp_path, squashed), out, held_out=0, per_object=0, cuts=6)
    dataset, cut = _open(out), 0
    for i in range(len(dataset)):
        pixels = np.asarray(dataset.image(i)).astype(int)
        channel = 0 if "red" in dataset[i].sentence else 2
        shown = pixels[..., channel] - pixels[..., 2 - channel] > 128
        mask = dataset.mask(i)
        assert (mask & shown).sum() > 0.9 * (mask | shown).sum()
        swapped = ("red" in dataset[i].sentence) == ("right" in dataset[i].sentence)
        assert (dataset[i].image_id // 10_000_000 % 2 == 1) == swapped, "odd views are mirrored"
        cut += dataset[i].image_id >= 20_000_000
    assert cut >= 8


def test_a_view_asks_for_nothing_that_it_hardly_shows(tmp_path: Path):
    out = tmp_path / "out"
    pool = _colourful(tmp_path, False)
    make_weak_photos(pool, out, held_out=0, per_object=0, cuts=20)
    dataset = _open(out)
    whole = {"red": 100 * 80, "blue": 90 * 80}
    shares = [
        dataset.mask(i).sum() / whole[dataset[i].sentence.split()[0]] for i in range(len(dataset))
    ]
    assert min(shares) > 0.7
    asked = [dataset[i].image_id for i in range(len(dataset))]
    assert len(asked) < 2 * 42, "of some views one thing is gone"
    assert min(dataset.image(i).width for i in range(len(dataset))) < 200


def test_the_views_of_held_out_images_are_whole(pool: Path, tmp_path: Path):
    out = tmp_path / "out"
    make_weak_photos(pool, out, held_out=1, cuts=3)
    assert len({_open(out, "val")[i].image_id for i in range(len(_open(out, "val")))}) == 2
    assert not list((out / "images").glob("0000[1-9]*.jpg"))


def test_fewer_than_no_cuts_are_refused_before_anything_is_written(pool: Path, tmp_path: Path):
    with pytest.raises(UserError, match="--cuts -1: it must be 0 or more"):
        make_weak_photos(pool, tmp_path / "out", cuts=-1)
    assert not (tmp_path / "out").exists()
