"""Letterbox: fit an image of any shape into a square, and come back exactly.

The geometry is that of the released code of papers 001 and 004 (spec: RMI's resize-and-pad): one
scale for both axes, the picture centred, black bars around it. Going back uses the very same
rectangle, so a pixel returns to where it came from.
"""

import functools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from refseg_lib.errors import UserError


@dataclass(frozen=True)
class Letterbox:
    """Where an image of ``height`` x ``width`` pixels lies inside a ``size`` x ``size`` square."""

    height: int
    width: int
    size: int

    def __post_init__(self) -> None:
        """Refuse empty images and squares."""
        if min(self.height, self.width, self.size) < 1:
            raise UserError(
                f"cannot fit an image of {self.height}x{self.width} pixels into a square of"
                f" {self.size}: every side must be at least 1 pixel"
            )

    @property
    def scale(self) -> float:
        """Square pixels per image pixel."""
        return min(self.size / self.height, self.size / self.width)

    @property
    def new_height(self) -> int:
        """Rows that the picture takes in the square, at least 1."""
        return max(1, round(self.scale * self.height))

    @property
    def new_width(self) -> int:
        """Columns that the picture takes in the square, at least 1."""
        return max(1, round(self.scale * self.width))

    @property
    def top(self) -> int:
        """Rows of black above the picture."""
        return (self.size - self.new_height) // 2

    @property
    def left(self) -> int:
        """Columns of black left of the picture."""
        return (self.size - self.new_width) // 2

    @property
    def rows(self) -> slice:
        """The picture's rows in the square."""
        return slice(self.top, self.top + self.new_height)

    @property
    def columns(self) -> slice:
        """The picture's columns in the square."""
        return slice(self.left, self.left + self.new_width)


def letterbox_image(image: Image.Image | NDArray[np.uint8], size: int) -> Tensor:
    """Shrink or enlarge an image into a square with black bars.

    Args:
        image: A Pillow image of any mode, or uint8 (H, W, 3) in RGB.
        size: Side S of the square in pixels.

    Returns:
        float32 (3, S, S), RGB in [0, 1]; 0 in the bars. Shrinking averages over the area, so that
        thin things fade instead of vanishing.
    """
    picture = image if isinstance(image, Image.Image) else _picture(image)
    box = Letterbox(picture.height, picture.width, size)
    picture = picture if picture.mode == "RGB" else picture.convert("RGB")
    if picture.size != (box.new_width, box.new_height):
        picture = picture.resize((box.new_width, box.new_height), Image.Resampling.BILINEAR)
    # Bytes are laid out first: a quarter of what floats would move.
    square = np.zeros((size, size, 3), np.uint8)
    square[box.rows, box.columns] = np.asarray(picture)
    planes = np.divide(square.transpose(2, 0, 1), np.float32(255), dtype=np.float32, order="C")
    return torch.from_numpy(planes)


def letterbox_mask(mask: NDArray[np.bool_] | Tensor, size: int) -> Tensor:
    """Bring a mask into the square of its image.

    Args:
        mask: bool (H, W), True = the thing meant.
        size: Side S of the square in pixels.

    Returns:
        bool (S, S); True where at least half of the pixel's area is covered.
    """
    full = torch.as_tensor(mask).to(torch.float32)
    if full.ndim != 2:
        raise UserError(f"a mask has the shape (H, W), got {tuple(full.shape)}")
    box = Letterbox(full.shape[0], full.shape[1], size)
    # Area is a product of heights and widths, so both axes are averaged on their own.
    shrunk = _overlap(box.new_height, box.height) @ full @ _overlap(box.new_width, box.width).T
    square = torch.zeros(size, size, dtype=torch.bool)
    square[box.rows, box.columns] = shrunk >= 0.5 - 1e-5  # half is half, rounding aside
    return square


def unletterbox(logits: Tensor, height: int, width: int) -> Tensor:
    """Bring a map from the square back to the image: cut the bars off, then resize.

    Nothing is thresholded on the way, so nothing is dilated: the older code's trap.

    Args:
        logits: (S, S) or (N, S, S), floating point.
        height: Rows H of the original image.
        width: Columns W of the original image.

    Returns:
        (H, W) or (N, H, W), bilinear with half-pixel centres.
    """
    if logits.ndim not in (2, 3) or logits.shape[-1] != logits.shape[-2]:
        raise UserError(f"expected maps of shape (S, S) or (N, S, S), got {tuple(logits.shape)}")
    box = Letterbox(height, width, logits.shape[-1])
    picture = logits[..., box.rows, box.columns].reshape(-1, 1, box.new_height, box.new_width)
    if picture.shape[-2:] != (height, width):
        picture = functional.interpolate(
            picture, size=(height, width), mode="bilinear", align_corners=False
        )
    return picture.reshape(*logits.shape[:-2], height, width)


def _picture(pixels: NDArray[np.uint8]) -> Image.Image:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] != 3:
        raise UserError(
            f"an image array must be uint8 (H, W, 3) in RGB, got {pixels.dtype} {pixels.shape}"
        )
    return Image.fromarray(pixels)


@functools.lru_cache(maxsize=64)
def _overlap(new: int, old: int) -> Tensor:
    """Return (new, old): the share of target pixel i that source pixel j covers; rows sum to 1."""
    edges = np.arange(new + 1) * (old / new)
    starts = np.maximum(edges[:-1, None], np.arange(old)[None])
    stops = np.minimum(edges[1:, None], np.arange(old)[None] + 1)
    return torch.from_numpy(((stops - starts).clip(0) * (new / old)).astype(np.float32))
