"""Protocols: what exactly is compared with what.

The same logits score several points apart when only the resize rule changes: binarising at the
input size and calling every non-zero pixel of the enlarged mask foreground, as the older
TensorFlow code does, caps a *perfect* small mask near 84 % IoU, where ``strict`` allows 95 %. So a
protocol has a name, the name stands in every result, and rows compare only under one name.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from refseg_lib.data.letterbox import unletterbox
from refseg_lib.errors import UserError

Protocol = Callable[[Tensor, NDArray[np.bool_]], tuple[int, int]]
"""(logits (S, S), truth bool (H, W)) -> (intersection, union) in pixels."""


def strict(logits: Tensor, truth: NDArray[np.bool_]) -> tuple[int, int]:
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


def strict_mask(logits: Tensor, height: int, width: int) -> NDArray[np.bool_]:
    """Turn logits (S, S) into the mask (height, width) that ``strict`` scores.

    A probability of 0.5 is a logit of 0, and counts as the thing meant.
    """
    return (unletterbox(logits, height, width) >= 0).cpu().numpy()


def count(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> tuple[int, int]:
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


PROTOCOLS: dict[str, Protocol] = {"strict": strict}


def get_protocol(name: str) -> Protocol:
    """Look a protocol up.

    Raises:
        UserError: An unknown name.
    """
    if name not in PROTOCOLS:
        raise UserError(f"unknown protocol {name!r}; choose one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
