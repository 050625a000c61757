"""Image files: finding them in the usual places, and decoding them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PIL import Image, UnidentifiedImageError

from refseg_lib.errors import UserError

Found = TypeVar("Found")


def image_folders(folder: Path) -> list[Path]:
    """List the existing folders in which the images of the data set in ``folder`` may lie."""
    root = folder.resolve().parent
    places = [
        folder / "images",
        folder / "images" / "train2014",
        root / "images" / "mscoco" / "images" / "train2014",
        root / "images" / "train2014",
        root / "train2014",
        root / "images",
    ]
    return [place for place in places if place.is_dir()]


def coco_names(file_name: str, image_id: int) -> tuple[str, ...]:
    """List the names that a COCO picture goes by.

    Args:
        file_name: The name in `instances.json`.
        image_id: COCO's number.

    Returns:
        File names, the likeliest first.
    """
    # RefCOCO's own names of cropped objects end in _ANNOTATION.jpg; no such file exists.
    plain = re.sub(r"^(COCO_\w+2014_\d{12})_\d+(\.jpg)$", r"\1\2", file_name)
    return plain, f"COCO_train2014_{image_id:012d}.jpg", f"{image_id:012d}.jpg"


def find_image(folders: list[Path], file_name: str, image_id: int) -> Path | None:
    """Find an image under one of its :func:`coco_names`."""
    for name in coco_names(file_name, image_id):
        for folder in folders:
            if (folder / name).is_file():
                return folder / name
    return None


def read_image(path: Path) -> Image.Image:
    """Decode an image file into RGB.

    Raises:
        UserError: The file is absent, no image, cut short or absurdly large.
    """
    return _opened(path, lambda picture: picture.convert("RGB"))


def image_size(path: Path) -> tuple[int, int]:
    """Read ``(height, width)`` from the header of an image file.

    Raises:
        UserError: The file is absent or no image.
    """
    return _opened(path, lambda picture: (picture.height, picture.width))


def _opened(path: Path, look: Callable[[Image.Image], Found]) -> Found:
    try:
        with Image.open(path) as picture:
            return look(picture)
    except FileNotFoundError as error:
        raise UserError(f"image {path} is missing") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        told = "not an image" if isinstance(error, UnidentifiedImageError) else str(error)
        raise UserError(
            f"image {path} cannot be decoded ({told}): it is damaged, fetch it again"
        ) from error
