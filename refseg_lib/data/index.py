"""A data set without its pixels, as columns: quick to open, small in memory.

Segmentations stay JSON text until a mask is asked for.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refseg_lib.data.unpickling import load_json, load_refs
from refseg_lib.errors import UserError

Integers = NDArray[np.int64]


class Texts:
    """Many short texts in one UTF-8 block: text i is ``block[bounds[i]:bounds[i + 1]]``."""

    def __init__(self, block: NDArray[np.uint8], bounds: Integers) -> None:
        self.block, self.bounds = block, bounds

    @classmethod
    def pack(cls, texts: Iterable[str]) -> "Texts":
        """Put texts into one block; lone surrogates survive the round trip."""
        pieces = [text.encode("utf-8", "surrogatepass") for text in texts]
        bounds = np.cumsum([0, *map(len, pieces)], dtype=np.int64)
        return cls(np.frombuffer(b"".join(pieces), np.uint8), bounds)

    def __getitem__(self, row: int) -> str:
        """Return text ``row``, counted from 0."""
        start, stop = self.bounds[row], self.bounds[row + 1]
        return self.block[start:stop].tobytes().decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        """Go through all texts."""
        return (self[row] for row in range(len(self)))

    def __len__(self) -> int:
        """Count the texts."""
        return len(self.bounds) - 1


@dataclass(frozen=True)
class Index:
    """Everything about a data set except its pixels, as columns.

    ``*_row`` columns point into the tables of images, refs (objects), categories and splits.
    """

    split_names: Texts
    category_names: Texts
    image_id: Integers
    image_height: Integers
    image_width: Integers
    image_file: Texts
    ref_id: Integers
    ref_ann_id: Integers
    ref_image_row: Integers
    ref_category_row: Integers
    ref_split_row: Integers
    ref_segmentation: Texts  # JSON, decoded when a mask is asked for
    sent_id: Integers
    sent_ref_row: Integers
    sent: Texts
    sent_raw: Texts

    def rows_of(self, split: str, source: str) -> Integers:
        """Return the rows of a split's sentences.

        Args:
            split: As the file names it; ``"test"`` takes in every split whose name begins so
                (REFER's rule), and ``"trainval"`` both train and val.
            source: Where the index comes from, for the error.

        Raises:
            UserError: There is no such split; the message lists those that there are.
        """
        names = list(self.split_names)
        wanted = [
            code
            for code, name in enumerate(names)
            if name == split
            or (split == "test" and name.startswith("test"))
            or (split == "trainval" and name in ("train", "val"))
        ]
        if not wanted:
            raise UserError(f"{source} has no split {split!r}: choose one of {', '.join(names)}")
        return np.flatnonzero(np.isin(self.ref_split_row[self.sent_ref_row], wanted))


def build_index(refs_path: Path, instances_path: Path) -> Index:
    """Read both source files and put what is needed into columns.

    Only the annotations that a ref names are kept.
    """
    refs, instances = load_refs(refs_path), load_json(instances_path)
    try:
        images = {image["id"]: row for row, image in enumerate(instances["images"])}
        categories = {entry["id"]: row for row, entry in enumerate(instances["categories"])}
        annotations = {entry["id"]: entry for entry in instances["annotations"]}
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{instances_path} is no COCO annotation file: {_told(error)} is missing or"
            " malformed in images, categories or annotations"
        ) from error
    splits: dict[str, int] = {}
    columns: dict[str, list[Any]] = {name: [] for name in ("ref", "segmentation", "sentence")}
    for row, ref in enumerate(refs):
        try:
            annotation = annotations[ref["ann_id"]]
            columns["ref"].append(
                (
                    ref["ref_id"],
                    ref["ann_id"],
                    images[ref["image_id"]],
                    categories[ref.get("category_id", annotation["category_id"])],
                    splits.setdefault(ref["split"], len(splits)),
                )
            )
            columns["segmentation"].append(json.dumps(annotation["segmentation"]))
            for sentence in ref["sentences"]:
                text = sentence["sent"]
                columns["sentence"].append(
                    (sentence["sent_id"], row, text, sentence.get("raw", text))
                )
        except (KeyError, TypeError) as error:
            raise UserError(
                f"{refs_path}: ref number {row} (ref_id {ref.get('ref_id')}) has or points to"
                f" nothing at {_told(error)} in itself or in {instances_path.name}: run `refseg"
                " data check` on the folder"
            ) from error
    try:
        return _columns(instances, columns, list(splits))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UserError(
            f"{refs_path} or {instances_path.name} holds something that is no number or text where"
            f" one belongs ({_told(error)}): run `refseg data check` on the folder"
        ) from error


def _columns(instances: Any, columns: dict[str, list[Any]], splits: list[str]) -> Index:
    refs = _integers(columns["ref"], 5)
    sentences = columns["sentence"]
    numbers = _integers([sentence[:2] for sentence in sentences], 2)
    images = instances["images"]
    sizes = _integers([(entry["id"], entry["height"], entry["width"]) for entry in images], 3)
    return Index(
        split_names=Texts.pack(splits),
        category_names=Texts.pack(entry["name"] for entry in instances["categories"]),
        image_id=sizes[0],
        image_height=sizes[1],
        image_width=sizes[2],
        image_file=Texts.pack(entry["file_name"] for entry in images),
        ref_id=refs[0],
        ref_ann_id=refs[1],
        ref_image_row=refs[2],
        ref_category_row=refs[3],
        ref_split_row=refs[4],
        ref_segmentation=Texts.pack(columns["segmentation"]),
        sent_id=numbers[0],
        sent_ref_row=numbers[1],
        sent=Texts.pack(sentence[2] for sentence in sentences),
        sent_raw=Texts.pack(sentence[3] for sentence in sentences),
    )


def _integers(rows: list[Any], width: int) -> Integers:
    return np.ascontiguousarray(np.array(rows, np.int64).reshape(-1, width).T)


def _told(error: Exception) -> str:
    return repr(error.args[0]) if error.args else type(error).__name__
