"""The three numbers of the field, from one intersection and one union per sentence.

Every *sentence* counts once, also where several speak of one object (the practice of all five
papers). What papers call "IoU" is oIoU; other names: overall or cumulative IoU, cIoU for oIoU;
gIoU for mIoU; Pr@50 or prec@0.5 for P@0.5.
"""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from refseg_lib.errors import UserError

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)

Scores = TypedDict(
    "Scores",
    {
        "oIoU": float,
        "mIoU": float,
        "P@0.5": float,
        "P@0.6": float,
        "P@0.7": float,
        "P@0.8": float,
        "P@0.9": float,
        "n": int,
    },
)
"""Percent in [0, 100], and the number of sentences ``n``."""


def score(intersections: ArrayLike | Sequence[int], unions: ArrayLike | Sequence[int]) -> Scores:
    """Compute oIoU, mIoU and P@X.

    * oIoU: all intersections over all unions, so large objects weigh more;
    * mIoU: the mean of each sentence's IoU;
    * P@X: the share of sentences with IoU >= X (RMI, CMSA, LAVT; others use a strict >).

    Args:
        intersections: Pixels in both masks, one number per sentence (n,).
        unions: Pixels in either mask (n,). Where it is 0, both masks are empty and the IoU is 1.

    Returns:
        The scores in percent, unrounded.

    Raises:
        UserError: No sentence, lists of different length, or an intersection larger than its
            union.
    """
    inter = np.asarray(intersections, np.float64)
    union = np.asarray(unions, np.float64)
    if inter.shape != union.shape or inter.ndim != 1:
        raise UserError(
            f"intersections of shape {inter.shape} and unions of shape {union.shape}: expected one"
            " number per sentence in both"
        )
    if len(inter) == 0:
        raise UserError("there is no sentence to score: the split is empty or the limit is 0")
    if (inter < 0).any() or (inter > union).any():
        worst = int(np.argmax((inter < 0) | (inter > union)))
        raise UserError(
            f"sentence {worst} has intersection {inter[worst]:g} and union {union[worst]:g}:"
            " expected 0 <= intersection <= union"
        )
    per_sentence = iou(inter, union)
    precision = [100 * float(np.mean(per_sentence >= threshold)) for threshold in THRESHOLDS]
    return {
        "oIoU": 100 * float(iou(inter.sum(), union.sum())),
        "mIoU": 100 * float(per_sentence.mean()),
        "P@0.5": precision[0],
        "P@0.6": precision[1],
        "P@0.7": precision[2],
        "P@0.8": precision[3],
        "P@0.9": precision[4],
        "n": len(inter),
    }


def iou(intersection: ArrayLike, union: ArrayLike) -> NDArray[np.float64]:
    """Divide intersection by union; 1 where the union is 0 (nothing meant, nothing found)."""
    inter, whole = np.asarray(intersection, np.float64), np.asarray(union, np.float64)
    empty = whole == 0
    return np.where(empty, 1.0, inter / np.where(empty, 1.0, whole))
