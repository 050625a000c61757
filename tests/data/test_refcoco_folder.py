"""What is written as RefCOCO's files comes back through the library's own reader."""

from pathlib import Path

import numpy as np
from PIL import Image

from refseg_lib.data.masks import polygons_to_mask
from refseg_lib.data.refcoco_folder import RefcocoFolder
from refseg_lib.data.refer import open_dataset

SQUARE = [4.0, 5.0, 20.0, 5.0, 20.0, 25.0, 4.0, 25.0]
CORNER = [30.0, 20.0, 39.0, 20.0, 39.0, 29.0]


def test_pictures_shapes_and_sentences_come_back(tmp_path: Path):
    folder = RefcocoFolder(tmp_path, "own")
    for identity, grey in ((7, 40), (9, 200)):
        row = folder.add_picture(identity, Image.new("RGB", (40, 30), (grey, grey, grey)))
        folder.add_referent(row, "train", [SQUARE, CORNER], 1, [f"left of {grey}", "the dog"])
    folder.add_referent(row, "val", [CORNER], 1, ["held out"])
    folder.finish([{"id": 1, "name": "dog"}])
    dataset = open_dataset(f"folder:{tmp_path}/refs(own).json", tmp_path, "train")
    assert [dataset[i].sentence for i in range(4)] == [
        "left of 40", "the dog", "left of 200", "the dog",
    ]  # fmt: skip
    for i in range(4):
        assert (dataset.mask(i) == polygons_to_mask([SQUARE, CORNER], 30, 40)).all()
        grey = np.asarray(dataset.image(i)).mean()
        assert abs(grey - (40 if i < 2 else 200)) < 3
    (held,) = open_dataset(f"folder:{tmp_path}/refs(own).json", tmp_path, "val")
    assert held.sentence == "held out"


def test_nothing_can_be_mistaken_for_a_data_set_before_it_is_whole(tmp_path: Path):
    folder = RefcocoFolder(tmp_path, "own")
    row = folder.add_picture(7, Image.new("RGB", (40, 30)))
    folder.add_referent(row, "train", [SQUARE], 1, ["the dog"])
    assert not list(tmp_path.glob("*.json"))
