"""Pictures that people bring along: a file, a Pillow image or an array, upright and in RGB."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from refseg_lib.data.refer import read_image
from refseg_lib.errors import UserError

Picture = str | os.PathLike[str] | Image.Image | NDArray[np.generic]


def open_photograph(image: Picture) -> Image.Image:
    """Bring a picture into RGB, turned the way its camera says it was held.

    Benchmark images are *not* turned: their masks were drawn on the stored pixels.

    Args:
        image: A path; a Pillow image of any mode; or an array (H, W, 3), (H, W, 4) or (H, W) of
            uint8 in 0..255 or of floats in [0, 1].

    Returns:
        A Pillow image of mode RGB.

    Raises:
        UserError: The file is absent or damaged, or the array is no picture.
    """
    if isinstance(image, np.ndarray):
        return Image.fromarray(_pixels(image)).convert("RGB")
    if isinstance(image, Image.Image):
        return ImageOps.exif_transpose(image).convert("RGB")
    if isinstance(image, str | os.PathLike):
        return ImageOps.exif_transpose(read_image(Path(image)))
    raise UserError(
        f"expected a path, a Pillow image or an array as image, got {type(image).__name__}"
    )


def _pixels(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    fits = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))
    if not fits or image.size == 0:
        raise UserError(
            f"an image array has the shape (height, width, 3), got {image.shape}:"
            " transpose a channels-first array, and give one image at a time"
        )
    if image.dtype == np.uint8:
        return image.astype(np.uint8)
    values = image.astype(np.float64) if image.dtype.kind == "f" else None
    if values is None or not ((values >= 0) & (values <= 1)).all():
        raise UserError(
            f"an image array holds uint8 in 0..255 or floats in [0, 1], got {image.dtype}"
            f" from {image.min()} to {image.max()}"
        )
    return np.round(values * 255).astype(np.uint8)
