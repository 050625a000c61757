"""Protocols: what exactly is compared with what.

The same logits score several points apart when only the resize rule changes: binarising at the
input size and calling every non-zero pixel of the enlarged mask foreground, as the older
TensorFlow code does, caps a *perfect* small mask near 84 % IoU, where ``strict`` allows 95 %. So a
protocol has a name, the name stands in every result, and rows compare only under one name.

| protocol | where it comes from | threshold | compared at |
|---|---|---|---|
| ``strict`` | ours, the default | p >= 0.5 after the resize | the original size |
| ``legacy-tf`` | RMI, RRN, CMSA, CMPC | logit >= 1e-9 before it, then != 0 | the original size |
| ``shnet`` | SHNet | p > 0.40 | 160x160, aspect distorted; the truth grows too |
| ``square480`` | LAVT, ReLA | the larger of two logits | 480x480, aspect distorted |
| ``cris`` | CRIS, ETRIS | p > 0.35 after a bicubic resize | the original size |

All of them give an intersection and a union; which of oIoU, mIoU and P@X a code base prints from
them, and whether it asks for ``>`` or ``>=`` there, is not imitated.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from refseg_lib.data.letterbox import Letterbox, unletterbox
from refseg_lib.errors import UserError

Mask = NDArray[np.bool_]
Protocol = Callable[[Tensor, Mask], tuple[int, int]]
"""(logits (S, S), truth bool (H, W)) -> (intersection, union) in pixels."""


def strict(logits: Tensor, truth: Mask) -> tuple[int, int]:
    """Score one sentence at the original resolution, without any dilation.

    Logits -> cut the bars of the letterbox off -> bilinear to the original size -> probability
    >= 0.5 -> whole pixels counted.

    Args:
        logits: (S, S) at input resolution, letterboxed.
        truth: bool (H, W) at the original size, the union of the object's polygons.

    Returns:
        ``(intersection, union)`` in pixels of the original image.
    """
    return count(strict_mask(logits, *truth.shape), truth)


def strict_mask(logits: Tensor, height: int, width: int) -> Mask:
    """Turn logits (S, S) into the mask (height, width) that ``strict`` scores.

    A probability of 0.5 is a logit of 0, and counts as the thing meant.
    """
    return (unletterbox(logits, height, width) >= 0).cpu().numpy()


def legacy_tf(logits: Tensor, truth: Mask) -> tuple[int, int]:
    """Score one sentence as RMI, RRN, CMSA and CMPC do (spec: the non-zero rule).

    Args:
        logits: (S, S) at input resolution, letterboxed.
        truth: bool (H, W) at the original size.

    Returns:
        ``(intersection, union)`` in pixels of the original image.
    """
    return count(legacy_mask(logits, *truth.shape), truth)


def legacy_mask(logits: Tensor, height: int, width: int) -> Mask:
    """Turn logits (S, S) into the mask (height, width) that ``legacy-tf`` scores.

    Binarised first (logit >= 1e-9), then the whole square, bars and all, is resized to
    max(height, width) and the middle cut out. The resized mask is a float, and the older code asks
    it only whether it is zero: every pixel that an enlarged foreground cell touches counts.
    """
    size = max(height, width)
    square = touched((logits >= 1e-9).cpu().numpy(), size, size)
    top, left = (size - height) // 2, (size - width) // 2
    return square[top : top + height, left : left + width]


def shnet(logits: Tensor, truth: Mask, side: int = 160) -> tuple[int, int]:
    """Score one sentence as SHNet does: on its own small square, against a truth that has grown.

    Args:
        logits: (S, S) at input resolution, letterboxed.
        truth: bool (H, W) at the original size.
        side: Side of the square; 160 in SHNet's instructions, 56 in its defaults.

    Returns:
        ``(intersection, union)`` in cells of the square.
    """
    return count(*shnet_masks(logits, truth, side))


def shnet_masks(logits: Tensor, truth: Mask, side: int = 160) -> tuple[Mask, Mask]:
    """Return what ``shnet`` compares, both bool (side, side): probability > 0.40, and the truth.

    The truth is shrunk bilinearly, corner on corner and without averaging over the area, and every
    non-zero cell counts.
    """
    mask = torch.sigmoid(_squashed(logits, truth.shape, side)) > 0.40
    return mask.cpu().numpy(), touched(truth, side, side, corners=True)


def square480(logits: Tensor, truth: Mask) -> tuple[int, int]:
    """Score one sentence as LAVT and ReLA do: both squashed to 480x480, the truth by nearest pixel.

    Their argmax over (background, foreground) gives a tie to the background, so a probability of
    exactly 0.5 is none of the thing. Where polygons of the truth overlap, LAVT makes a hole; here
    the truth is the union, as everywhere.

    Args:
        logits: (S, S) at input resolution, letterboxed.
        truth: bool (H, W) at the original size.

    Returns:
        ``(intersection, union)`` in cells of the square.
    """
    mask = (_squashed(logits, truth.shape, 480) > 0).cpu().numpy()
    rows, columns = ((2 * np.arange(480) + 1) * old // 960 for old in truth.shape)
    return count(mask, truth[np.ix_(rows, columns)])


def cris(logits: Tensor, truth: Mask) -> tuple[int, int]:
    """Score one sentence as CRIS and ETRIS do: probabilities, bicubic, > 0.35.

    They undo their own affine map; here the bars of our letterbox are cut off, which is the map
    that our models' pictures came through. CRIS reports mIoU only.

    Args:
        logits: (S, S) at input resolution, letterboxed.
        truth: bool (H, W) at the original size.

    Returns:
        ``(intersection, union)`` in pixels of the original image.
    """
    picture = torch.sigmoid(_cut(logits, *truth.shape))
    if picture.shape[-2:] != truth.shape:
        picture = functional.interpolate(picture, truth.shape, mode="bicubic", align_corners=False)
    return count((picture[0, 0] > 0.35).cpu().numpy(), truth)


def touched(mask: Mask, height: int, width: int, corners: bool = False) -> Mask:
    """Resize a mask bilinearly, without averaging over areas, and call all that is not 0 True.

    Which two cells a new pixel lies between is computed in whole numbers: in floating point a pixel
    that lies on a cell's very centre would get a share of 1e-17 of the next one, and count.

    Args:
        mask: bool (H, W).
        height: Rows of the result.
        width: Columns of the result.
        corners: Put the centres of the corner pixels on each other; else the corners themselves.

    Returns:
        bool (height, width).
    """
    for axis, (new, old) in enumerate(zip((height, width), mask.shape, strict=True)):
        if corners:
            place, unit = np.arange(new) * (old - 1), max(new - 1, 1)
        else:
            place, unit = (2 * np.arange(new) + 1) * old - new, 2 * new
        below = place // unit
        above = below + (place % unit > 0)
        # In front of the first centre and behind the last there is but one cell.
        ends = (np.clip(cells, 0, old - 1) for cells in (below, above))
        mask = np.logical_or(*(np.take(mask, cells, axis) for cells in ends))
    return mask


def count(mask: Mask, truth: Mask) -> tuple[int, int]:
    """Count the pixels in both masks and in either.

    Raises:
        UserError: The masks differ in shape, or are not bool.
    """
    if mask.shape != truth.shape or mask.dtype != bool or truth.dtype != bool:
        raise UserError(
            f"a mask {mask.dtype} {mask.shape} cannot be compared with a truth {truth.dtype}"
            f" {truth.shape}: both must be bool and of the image's size (height, width)"
        )
    return int(np.count_nonzero(mask & truth)), int(np.count_nonzero(mask | truth))


def _cut(logits: Tensor, height: int, width: int) -> Tensor:
    """Cut the bars off: (S, S) -> (1, 1, h, w), the picture's part of the square."""
    box = Letterbox(height, width, logits.shape[-1])
    return logits[box.rows, box.columns][None, None]


def _squashed(logits: Tensor, shape: tuple[int, int], side: int) -> Tensor:
    """Cut the bars off and squash what is left into a square, bilinearly: (side, side)."""
    picture = _cut(logits, *shape)
    return functional.interpolate(picture, (side, side), mode="bilinear", align_corners=False)[0, 0]


PROTOCOLS: dict[str, Protocol] = {
    "strict": strict,
    "legacy-tf": legacy_tf,
    "shnet": shnet,
    "square480": square480,
    "cris": cris,
}


def get_protocol(name: str) -> Protocol:
    """Look a protocol up.

    Raises:
        UserError: An unknown name.
    """
    if name not in PROTOCOLS:
        raise UserError(f"unknown protocol {name!r}; choose one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
