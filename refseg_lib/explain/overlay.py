"""The mask on the picture, so that everybody sees the same thing.

The answer is shown by *brightness*, not by hue: outside the mask the picture turns grey and dark,
inside it keeps its own colours (the sentence may be about them), and the border is a white line
inside a dark one. So it reads on any ground, on a bad projector, and for colour-blind eyes.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from refseg_lib.errors import UserError


def overlay(
    image: Image.Image,
    mask: NDArray[np.bool_],
    alpha: float = 0.6,
    outline: int | None = None,
) -> Image.Image:
    """Show a mask on its picture.

    Args:
        image: The picture.
        mask: bool (H, W) of the picture's size, True = the thing meant.
        alpha: How far the rest steps back, in [0, 1]; 0 leaves all pixels as they are.
        outline: Width of the white line in pixels, 0 for none; by default 1 per 200 pixels of the
            picture's longer side.

    Returns:
        A new RGB image of the same size. An empty mask darkens the whole picture.

    Raises:
        UserError: The mask is not bool or not of the picture's size, or alpha is out of range.
    """
    if mask.shape != (image.height, image.width) or mask.dtype != bool:
        raise UserError(
            f"a mask {mask.dtype} {mask.shape} does not fit a picture of"
            f" {image.height}x{image.width}: it must be bool (height, width)"
        )
    if not 0 <= alpha <= 1:
        raise UserError(f"alpha is a share in [0, 1], got {alpha}")
    pixels = np.asarray(image.convert("RGB"), np.float32)
    # Luma (BT.601), darkened: full grey would still be as bright as the thing meant.
    grey = 0.55 * (pixels @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
    shown = np.where(mask[..., None], pixels, (1 - alpha) * pixels + alpha * grey)
    width = max(1, round(max(mask.shape) / 200)) if outline is None else outline
    if width > 0:
        white = _ring(mask, width)
        shown[_ring(mask, 2 * width) & ~white] = 20
        shown[white] = 255
    return Image.fromarray(np.round(shown).astype(np.uint8))


def resize_mask(mask: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """Bring a mask to another size for showing, with a smooth border (never for scoring)."""
    if mask.shape == (height, width):
        return mask
    grey = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(grey.resize((width, height), Image.Resampling.BILINEAR)) >= 128


def _ring(mask: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """Return the pixels outside the mask that are at most ``width`` away from it.

    Outside, so that the line hides nothing of the thing meant, however small it is.
    """
    grown = Image.fromarray(mask.astype(np.uint8) * 255)
    for _ in range(width):
        grown = grown.filter(ImageFilter.MaxFilter(3))
    return (np.asarray(grown) > 0) & ~mask
