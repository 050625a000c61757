"""Writing a data set in RefCOCO's own files, picture by picture and referent by referent."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from refseg_lib.data.polygons import area
from refseg_lib.files import atomic_path, write_atomically


class RefcocoFolder:
    """A folder in the making: pictures are written at once, the two tables in the end.

    Attributes:
        images: The table of pictures so far, as in ``instances.json``, by id.
        refs: The table of referents so far, as in ``refs(...).json``.
        sentence_count: Sentences so far.
    """

    def __init__(self, place: str | os.PathLike[str], label: str) -> None:
        """Begin.

        Args:
            place: The folder.
            label: What stands in the brackets of ``refs(...).json``.
        """
        self.place, self.label = Path(place), label
        self.images: dict[int, dict[str, Any]] = {}
        self.refs: list[dict[str, Any]] = []
        self.sentence_count = 0
        self._annotations: list[dict[str, Any]] = []

    def add_picture(self, identity: int, picture: Image.Image) -> dict[str, Any]:
        """Write a picture as a JPEG and return its row of the table."""
        row = {
            "id": identity,
            "file_name": f"{identity:012d}.jpg",
            "width": picture.width,
            "height": picture.height,
        }
        with atomic_path(self.place / "images" / row["file_name"]) as temporary:
            picture.save(temporary, "JPEG", quality=92)
        self.images[identity] = row
        return row

    def add_referent(
        self,
        image: dict[str, Any],
        split: str,
        polygons: Sequence[list[float]],
        category: int,
        texts: Sequence[str],
    ) -> None:
        """Add a thing with the sentences that mean it.

        Args:
            image: Its picture's row.
            split: Such as ``"train"``.
            polygons: Each ``[x0, y0, x1, y1, ...]`` in pixels of the picture.
            category: Its id.
            texts: The sentences.
        """
        number = len(self.refs) + 1
        points = np.concatenate([np.reshape(polygon, (-1, 2)) for polygon in polygons])
        left, top = points.min(0).tolist()
        right, bottom = points.max(0).tolist()
        self._annotations.append(
            {
                "id": number,
                "image_id": image["id"],
                "category_id": category,
                "bbox": [left, top, right - left, bottom - top],
                "area": sum(area(polygon) for polygon in polygons),
                "iscrowd": 0,
                "segmentation": list(polygons),
            }
        )
        first = self.sentence_count
        self.sentence_count += len(texts)
        self.refs.append(
            {
                "ref_id": number,
                "ann_id": number,
                "image_id": image["id"],
                "file_name": image["file_name"],
                "category_id": category,
                "split": split,
                "sent_ids": list(range(first, self.sentence_count)),
                "sentences": [
                    {"sent_id": first + i, "sent": text, "raw": text, "tokens": text.split()}
                    for i, text in enumerate(texts)
                ],
            }
        )

    def finish(self, categories: list[dict[str, Any]]) -> None:
        """Write ``instances.json`` and ``refs(...).json``."""
        instances = {
            "images": list(self.images.values()),
            "annotations": self._annotations,
            "categories": categories,
        }
        write_atomically(self.place / "instances.json", json.dumps(instances))
        write_atomically(self.place / f"refs({self.label}).json", json.dumps(self.refs))
