"""Writing an answer to disk: the picture with the mask on it, and the mask alone."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from refseg_lib.explain.caption import caption
from refseg_lib.explain.overlay import overlay
from refseg_lib.files import atomic_path


def write_answer(
    picture: Image.Image, mask: NDArray[np.bool_], sentence: str, folder: Path, stem: str
) -> list[Path]:
    """Write ``STEM_answer.png`` (picture, mask, sentence) and ``STEM_mask.png`` (0 and 255).

    Args:
        picture: The picture that was asked about.
        mask: bool (H, W) of its size, True = the thing meant.
        sentence: Written below the picture.
        folder: Made where it is missing.
        stem: Start of the two file names.

    Returns:
        The two files.

    Raises:
        UserError: The folder cannot be written.
    """
    shown = caption(overlay(picture.convert("RGB"), mask), sentence)
    alone = Image.fromarray(mask.astype(np.uint8) * 255)
    written = []
    for name, image in ((f"{stem}_answer.png", shown), (f"{stem}_mask.png", alone)):
        with atomic_path(folder / name) as temporary:
            image.save(temporary, "PNG")
        written.append(folder / name)
    return written
