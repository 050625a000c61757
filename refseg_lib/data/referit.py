"""ReferIt (SAIAPR TC-12) in the query files that referring segmentation has always used.

`referit_query_{train,val,test}.json` maps a region such as ``"38685_1"`` (image 38685, region 1)
to its sentences, `referit_imsize.json` an image to ``[width, height]``; both may be gzipped.
"""

import gzip
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from refseg_lib.data.index import Index, Texts
from refseg_lib.data.referit_masks import subfolders
from refseg_lib.data.unpickling import parse_json
from refseg_lib.errors import UserError

SPLITS = ("train", "val", "test")
ABSENT_IMAGES = (17975, 19575, 19579)
"""Images that the SAIAPR downloads lack; SHNet and VLT skip them too."""

_REGIONS = 1000  # ref_id = image_id * 1000 + region
_SENTENCES = 100  # sent_id = ref_id * 100 + position


def has_queries(folder: Path) -> bool:
    """Say whether a query file lies in ``folder``."""
    return any(_file(folder, f"referit_query_{split}") for split in SPLITS)


def find_folder(candidates: list[Path]) -> Path:
    """Return the first folder that holds a query file.

    Raises:
        UserError: None does.
    """
    for folder in candidates:
        if has_queries(folder):
            return folder
    raise UserError(
        "data set referit is not there: looked for referit_query_train.json, _val or _test (or"
        f" .json.gz) in {', '.join(map(str, candidates))}; put them there with"
        " referit_imsize.json, images/ and mask/"
    )


def build_index(folder: Path) -> tuple[Index, tuple[str, ...]]:
    """Read the query files.

    Args:
        folder: Holds the query files and `referit_imsize.json`.

    Returns:
        The index, and a note for each thing that was tolerated: of the three images that every
        download lacks, those that are absent are left out with their sentences.

    Raises:
        UserError: A file is absent, damaged or not as described above.
    """
    sizes = _load(folder, "referit_imsize")
    absent = _absent(folder)
    images: dict[int, int] = {}
    refs: list[tuple[int, int, int]] = []
    crops: list[str] = []
    sentences: list[tuple[int, int, str]] = []
    names: list[str] = []
    left_out = 0
    for split in SPLITS:
        if not _file(folder, f"referit_query_{split}"):
            continue
        names.append(split)
        for crop, texts in _load(folder, f"referit_query_{split}").items():
            image_id, region = _parts(crop, folder)
            if image_id in absent:
                left_out += len(texts)
                continue
            ref_id = image_id * _REGIONS + region
            image_row = images.setdefault(image_id, len(images))
            crops.append(f'"{crop}"')
            for position, text in enumerate(texts):
                sentences.append((ref_id * _SENTENCES + position, len(refs), text))
            refs.append((ref_id, image_row, len(names) - 1))
    image_ids = list(images)
    try:
        size_rows = np.array([sizes[f"{number}.jpg"] for number in image_ids], np.int64)
        widths, heights = size_rows.reshape(-1, 2).T
        texts = Texts.pack(text for _, _, text in sentences)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"referit_imsize.json or a query file in {folder} is incomplete or malformed"
            f" ({error!r}): fetch them again"
        ) from error
    ref_columns = np.array(refs, np.int64).reshape(-1, 3).T.copy()
    sentence_columns = np.array([row[:2] for row in sentences], np.int64).reshape(-1, 2).T.copy()
    index = Index(
        split_names=Texts.pack(names),
        category_names=Texts.pack(["region"]),  # things and stuff: ReferIt names no categories
        image_id=np.array(image_ids, np.int64),
        image_height=heights,
        image_width=widths,
        image_file=Texts.pack(f"{number}.jpg" for number in image_ids),
        ref_id=ref_columns[0],
        ref_ann_id=ref_columns[0],
        ref_image_row=ref_columns[1],
        ref_category_row=np.zeros(len(refs), np.int64),
        ref_split_row=ref_columns[2],
        ref_segmentation=Texts.pack(crops),
        sent_id=sentence_columns[0],
        sent_ref_row=sentence_columns[1],
        sent=texts,
        sent_raw=texts,
    )
    told = ", ".join(f"{number}.jpg" for number in sorted(absent))
    notes = (f"{told} absent as in every download: {left_out} sentences left out",) if told else ()
    return index, notes


def _absent(folder: Path) -> set[int]:
    folders = subfolders(folder, "images")
    if not folders:
        return set()  # no images at all: that is told when one is asked for
    return {
        number
        for number in ABSENT_IMAGES
        if not any((place / f"{number}.jpg").is_file() for place in folders)
    }


def _parts(crop: str, folder: Path) -> tuple[int, int]:
    image, _, region = crop.partition("_")
    if not (image.isdecimal() and region.isdecimal() and int(region) < _REGIONS):
        raise UserError(f"region {crop!r} of the query files in {folder} is not IMAGE_REGION")
    return int(image), int(region)


def _file(folder: Path, stem: str) -> Path | None:
    paths = (folder / f"{stem}.json", folder / f"{stem}.json.gz")
    return next((path for path in paths if path.is_file()), None)


def _load(folder: Path, stem: str) -> dict[str, Any]:
    path = _file(folder, stem)
    if path is None:
        raise UserError(f"{stem}.json (or .json.gz) is missing in {folder}")
    data = path.read_bytes()
    try:
        plain = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} is a damaged gzip file ({error}): fetch it again") from error
    content = parse_json(plain, path)
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold a dictionary, got {type(content).__name__}")
    return content
