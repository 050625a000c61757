"""Referring expressions with their images and masks: RefCOCO, RefCOCO+, RefCOCOg, ParkRef.

One sample is one *sentence*, in training and in testing, as in the papers. ReferIt comes through
the same door (:mod:`refseg_lib.data.referit`), and so does a folder of your own.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from refseg_lib.data import layouts, referit
from refseg_lib.data.chinese import load_chinese
from refseg_lib.data.images import find_image, image_folders, read_image
from refseg_lib.data.index import Index, Integers
from refseg_lib.data.index_cache import open_index
from refseg_lib.data.masks import Segmentation, segmentation_to_mask
from refseg_lib.data.referit_masks import MaskFiles, subfolders
from refseg_lib.errors import UserError

MaskReader = Callable[[Segmentation, int, int], NDArray[np.bool_]]


@dataclass(frozen=True)
class Expression:
    """One sentence about one object.

    Attributes:
        sent_id: The sentence's number, unique in the data set.
        ref_id: The number of the object as referred to.
        ann_id: The number of the object's annotation in `instances.json`.
        image_id: The image's number.
        sentence: The sentence in the language asked for.
        split: The split as the file names it.
        category: The object's category, such as ``"dog"``.
    """

    sent_id: int
    ref_id: int
    ann_id: int
    image_id: int
    sentence: str
    split: str
    category: str


@dataclass(frozen=True)
class ReferringDataset:
    """The sentences of one split, in the order of the file. Made by :func:`open_dataset`.

    Attributes:
        id: The data set id, aliases resolved.
        split: The split as asked for.
        language: ``"en"`` or ``"zh"``.
        folder: The folder of the annotation files.
        notes: What was tolerated on opening, one line each.
    """

    id: str
    split: str
    language: str
    folder: Path
    index: Index = field(repr=False)
    rows: Integers = field(repr=False)
    sentences: str = "sent"
    chinese: dict[int, str] | None = field(default=None, repr=False)
    image_folders: list[Path] = field(default_factory=list, repr=False)
    read_mask: MaskReader = field(default=segmentation_to_mask, repr=False)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Count the sentences."""
        return len(self.rows)

    def __getitem__(self, i: int) -> Expression:
        """Return sentence ``i`` and what it belongs to."""
        row, ref, image = self._rows(i)
        index = self.index
        sent_id = int(index.sent_id[row])
        if self.chinese is not None:
            sentence = self.chinese[sent_id]
        else:
            sentence = (index.sent if self.sentences == "sent" else index.sent_raw)[row]
        return Expression(
            sent_id=sent_id,
            ref_id=int(index.ref_id[ref]),
            ann_id=int(index.ref_ann_id[ref]),
            image_id=int(index.image_id[image]),
            sentence=sentence,
            split=index.split_names[int(index.ref_split_row[ref])],
            category=index.category_names[int(index.ref_category_row[ref])],
        )

    def __iter__(self) -> Iterator[Expression]:
        """Go through the sentences."""
        return (self[i] for i in range(len(self)))

    def image_path(self, i: int) -> Path:
        """Return where the image of sentence ``i`` lies.

        Raises:
            UserError: It is in none of the usual places.
        """
        image = self._rows(i)[2]
        name, image_id = self.index.image_file[image], int(self.index.image_id[image])
        path = find_image(self.image_folders, name, image_id)
        if path is None:
            looked = ", ".join(map(str, self.image_folders)) or f"{self.folder / 'images'} (absent)"
            raise UserError(
                f"image {name} (image_id {image_id}) of {self.id} is missing: looked in {looked}"
            )
        return path

    def image(self, i: int) -> Image.Image:
        """Decode the image of sentence ``i``, in RGB.

        Raises:
            UserError: The file is missing or damaged, or has not the size that was annotated.
        """
        path = self.image_path(i)
        picture = read_image(path)
        height, width = self.size(i)
        if (picture.height, picture.width) != (height, width):
            raise UserError(
                f"{path} is {picture.width}x{picture.height} pixels but was annotated at"
                f" {width}x{height}: the masks would not fit, get the original image"
            )
        return picture

    def mask(self, i: int) -> NDArray[np.bool_]:
        """Decode the mask of sentence ``i``: bool (H, W), True = the thing meant, never empty.

        Raises:
            UserError: The annotation is malformed or covers no pixel of the image.
        """
        ref = self._rows(i)[1]
        where = f"annotation {self.index.ref_ann_id[ref]} of {self.id} in {self.folder}"
        try:
            segmentation = json.loads(self.index.ref_segmentation[ref])
            mask = self.read_mask(segmentation, *self.size(i))
        except UserError as error:
            raise UserError(f"{where}: {error}") from error
        if not mask.any():
            raise UserError(
                f"{where}: its mask covers no pixel of the image: leave the ref out or mend its"
                " segmentation (`refseg data check` lists all such)"
            )
        return mask

    def size(self, i: int) -> tuple[int, int]:
        """Return ``(height, width)`` of the image of sentence ``i``, without opening it."""
        image = self._rows(i)[2]
        return int(self.index.image_height[image]), int(self.index.image_width[image])

    def by_image(self) -> list[tuple[int, list[int]]]:
        """Group the sentences: ``(image_id, [i, ...])``, images in the order of the file."""
        groups: dict[int, list[int]] = {}
        images = self.index.ref_image_row[self.index.sent_ref_row[self.rows]]
        for i, image_id in enumerate(self.index.image_id[images].tolist()):
            groups.setdefault(image_id, []).append(i)
        return list(groups.items())

    def _rows(self, i: int) -> tuple[int, int, int]:
        """Return the rows of sentence ``i``, its ref and its image in the index."""
        row = int(self.rows[i])
        ref = int(self.index.sent_ref_row[row])
        return row, ref, int(self.index.ref_image_row[ref])


def open_dataset(
    dataset_id: str,
    root: str | os.PathLike[str],
    split: str,
    language: str = "en",
    sentences: str = "sent",
) -> ReferringDataset:
    """Open one split of a data set.

    Args:
        dataset_id: Such as ``"refcoco_unc"`` or ``"parkref_gref"``, an alias such as ``"unc+"``,
            or ``"folder:PATH/refs(NAME).p"`` for a folder of your own.
        root: The folder that holds `refcoco/`, `parkref/`, ...; or that folder itself.
        split: As the file names it; ``"test"`` takes in testA and testB where these exist, and
            ``"trainval"`` both train and val.
        language: ``"en"``, or ``"zh"`` from the file `refs(NAME).zh.json` beside the refs file.
        sentences: ``"sent"`` (cleaned, used by papers 001, 003 and 004) or ``"raw"``.

    Returns:
        The sentences of the split. Images and masks are read when they are asked for.

    Raises:
        UserError: Unknown id, split or language; files missing, damaged or not fitting.
    """
    known = layouts.dataset_id(dataset_id)
    if language not in ("en", "zh") or sentences not in ("sent", "raw"):
        raise UserError(
            f"language is en or zh and sentences sent or raw, got {language!r} and {sentences!r}"
        )
    if known == "referit":
        return _open_referit(root, split, language)
    refs_path = layouts.find_refs(known, root)
    index = open_index(refs_path)
    rows = index.rows_of(split, refs_path.name)
    return ReferringDataset(
        id=known,
        split=split,
        language=language,
        folder=refs_path.parent,
        index=index,
        rows=rows,
        sentences=sentences,
        chinese=load_chinese(refs_path, index.sent_id[rows]) if language == "zh" else None,
        image_folders=image_folders(refs_path.parent),
    )


def _open_referit(root: str | os.PathLike[str], split: str, language: str) -> ReferringDataset:
    if language != "en":
        raise UserError("referit has no Chinese sentences: use language en")
    folder = referit.find_folder(layouts.dataset_folders("referit", root))
    index, notes = referit.build_index(folder)
    return ReferringDataset(
        id="referit",
        split=split,
        language=language,
        folder=folder,
        index=index,
        rows=index.rows_of(split, "the ReferIt folder"),
        image_folders=subfolders(folder, "images"),
        read_mask=MaskFiles(folder).read,
        notes=notes,
    )
