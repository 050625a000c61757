"""ReferIt's query files through the same door."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from refseg_lib.data.refer import open_dataset
from refseg_lib.data.referit import find_folder
from refseg_lib.errors import UserError

QUERIES: dict[str, dict[str, list[str]]] = {
    "train": {"7_1": ["sky", "blue sky"], "19579_1": ["gone"], "7_2": ["grass"]},
    "val": {"8_1": ["dog"]},
    "test": {"9_3": ["water"]},
}
SIZES = {"7.jpg": [40, 30], "8.jpg": [40, 30], "9.jpg": [40, 30], "19579.jpg": [40, 30]}


def write(root: Path, packed: bool = False, images: bool = True) -> Path:
    folder = root / "referit"
    folder.mkdir()
    contents: dict[str, Any] = {f"referit_query_{s}": QUERIES[s] for s in QUERIES}
    for stem, content in (contents | {"referit_imsize": SIZES}).items():
        text = json.dumps(content).encode()
        if packed:
            (folder / f"{stem}.json.gz").write_bytes(gzip.compress(text))
        else:
            (folder / f"{stem}.json").write_bytes(text)
    if images:
        (folder / "images").mkdir()
        (folder / "mask").mkdir()
        for number in (7, 8, 9):
            Image.new("RGB", (40, 30), (number, 0, 0)).save(folder / "images" / f"{number}.jpg")
        labels = np.ones((30, 40), np.uint8)
        labels[:10] = 0
        savemat(folder / "mask" / "7_1.mat", {"segimg_t": labels})
    return root


@pytest.mark.parametrize("packed", [False, True])
def test_queries_become_sentences_plain_or_gzipped(tmp_path: Path, packed: bool) -> None:
    root = write(tmp_path, packed, images=False)
    dataset = open_dataset("referit", root, "train")
    assert [e.sentence for e in dataset] == ["sky", "blue sky", "gone", "grass"]
    assert [e.image_id for e in dataset] == [7, 7, 19579, 7]
    assert dataset[0].ref_id == dataset[1].ref_id != dataset[3].ref_id
    assert len({e.sent_id for e in dataset}) == 4
    assert dataset.size(0) == (30, 40)
    assert len(open_dataset("referit", root, "trainval")) == 5


def test_the_mask_is_where_segimg_t_is_zero(tmp_path: Path) -> None:
    dataset = open_dataset("referit", write(tmp_path), "train")
    mask = dataset.mask(0)
    assert mask[:10].all()
    assert not mask[10:].any()
    assert dataset.image(0).getpixel((0, 0)) == pytest.approx((7, 0, 0), abs=3)


def test_the_three_images_that_every_download_lacks_are_left_out_and_told(tmp_path: Path) -> None:
    dataset = open_dataset("referit", write(tmp_path), "train")
    assert [e.sentence for e in dataset] == ["sky", "blue sky", "grass"]
    assert len(dataset.notes) == 1
    assert "19579.jpg" in dataset.notes[0]
    assert "1 sentences left out" in dataset.notes[0]


def test_an_image_of_the_three_that_is_there_is_used(tmp_path: Path) -> None:
    root = write(tmp_path)
    Image.new("RGB", (40, 30)).save(root / "referit" / "images" / "19579.jpg")
    assert len(open_dataset("referit", root, "train")) == 4


def test_any_other_missing_image_is_an_error_when_asked_for(tmp_path: Path) -> None:
    root = write(tmp_path)
    (root / "referit" / "images" / "8.jpg").unlink()
    dataset = open_dataset("referit", root, "val")
    assert len(dataset) == 1
    with pytest.raises(UserError, match=r"8\.jpg .* is missing"):
        dataset.image(0)


def test_wrong_split_language_and_folder_are_told(tmp_path: Path) -> None:
    root = write(tmp_path)
    with pytest.raises(UserError, match="train, val, test"):
        open_dataset("referit", root, "testA")
    with pytest.raises(UserError, match="Chinese"):
        open_dataset("referit", root, "val", language="zh")
    with pytest.raises(UserError, match="referit_query_train"):
        find_folder([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("referit_query_val.json", b'{"8_1": ["do'),
        ("referit_query_val.json", b"[]"),
        ("referit_query_val.json", b'{"eight": ["dog"]}'),
        ("referit_query_val.json", b'{"8_1": [3]}'),
        ("referit_query_val.json", b'{"77_1": ["no size known"]}'),
        ("referit_imsize.json", b'{"8.jpg": "large"}'),
        ("referit_imsize.json", None),
        ("referit_query_val.json.gz", b"no gzip"),
    ],
)
def test_damaged_files_are_told(tmp_path: Path, name: str, content: bytes | None) -> None:
    root = write(tmp_path)
    path = root / "referit" / name
    (root / "referit" / name.removesuffix(".gz")).unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError):
        open_dataset("referit", root, "val")


def test_the_real_query_files_hold_120081_sentences(real_data: Path) -> None:
    sizes = {
        s: len(open_dataset("referit", real_data, s)) for s in ("train", "val", "test", "trainval")
    }
    assert sizes == {"train": 54_134, "val": 5_842, "test": 60_105, "trainval": 59_976}
    queries = json.loads(
        gzip.decompress((real_data / "referit" / "referit_query_val.json.gz").read_bytes())
    )
    told = [text for texts in queries.values() for text in texts]
    assert [e.sentence for e in open_dataset("referit", real_data, "val")] == told
