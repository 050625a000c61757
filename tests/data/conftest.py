"""A data set in miniature, in the real layout: four images, four objects, five sentences."""

import json
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

HEIGHT, WIDTH = 30, 40


def rectangle(left: float, top: float, right: float, bottom: float) -> list[float]:
    """A COCO polygon."""
    return [left, top, right, top, right, bottom, left, bottom]


@dataclass
class Mini:
    """Contents that a test may change before (or after) ``write``."""

    root: Path
    refs: list[dict[str, Any]] = field(default_factory=list)
    instances: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.root / "refcoco"

    @property
    def refs_path(self) -> Path:
        return self.folder / "refs(unc).p"

    def write(self, images: str = "refcoco/images") -> Path:
        """Write the annotation files and the pictures; give the root."""
        self.folder.mkdir(exist_ok=True)
        self.refs_path.write_bytes(pickle.dumps(self.refs, protocol=2))
        (self.folder / "instances.json").write_text(json.dumps(self.instances))
        place = self.root / images
        place.mkdir(parents=True, exist_ok=True)
        for number, entry in enumerate(self.instances["images"]):
            pixels = np.full((HEIGHT, WIDTH, 3), 50 * number, np.uint8)
            Image.fromarray(pixels).save(place / entry["file_name"])
        return self.root


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder: tests leave the user's own alone."""
    place = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    return place


@pytest.fixture
def mini(tmp_path: Path) -> Mini:
    """Not yet written. Object 0 (train) is two rectangles that overlap in x 10..20, y 5..15."""
    segmentations = [
        [rectangle(5, 5, 20, 15), rectangle(10, 5, 30, 15)],
        {"size": [HEIGHT, WIDTH], "counts": [0, HEIGHT, HEIGHT * (WIDTH - 1)]},
        [rectangle(0, 0, 10, 10)],
        [rectangle(30, 20, 40, 30)],
    ]
    splits = ["train", "val", "testA", "testB"]
    words = [["left dog", "Dog on the left."], ["the tree"], ["boy"], ["red ball"]]
    instances: dict[str, Any] = {
        "images": [
            {"id": n + 1, "file_name": f"COCO_train2014_{n + 1:012d}.png"}
            | {"height": HEIGHT, "width": WIDTH}
            for n in range(4)
        ],
        "annotations": [
            {"id": 10 + n, "image_id": n + 1, "category_id": 7, "segmentation": segmentations[n]}
            for n in range(4)
        ],
        "categories": [{"id": 7, "name": "thing"}],
    }
    refs = []
    for n in range(4):
        sentences = [
            {"sent_id": 100 * n + k, "sent": text.lower().strip("."), "raw": text, "tokens": []}
            for k, text in enumerate(words[n])
        ]
        refs.append(
            {
                "ref_id": n,
                "ann_id": 10 + n,
                "image_id": n + 1,
                "category_id": 7,
                "split": splits[n],
                "sent_ids": [sentence["sent_id"] for sentence in sentences],
                "sentences": sentences,
            }
        )
    return Mini(tmp_path, refs, instances)
