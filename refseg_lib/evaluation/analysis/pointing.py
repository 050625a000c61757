"""How well a map points at a mask: the pointing game, AUC, and the response inside.

A map of cells is coarser than a mask of pixels, so each cell counts by the share of it that the
mask covers: that is what the pixels would say if all pixels of a cell had the cell's response.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

Cells = NDArray[np.float64]


def coverage(mask: NDArray[np.bool_], height: int, width: int) -> Cells:
    """Compute the share of each of (height, width) cells that a mask (H, W) covers, in [0, 1]."""
    full = torch.from_numpy(mask)[None, None].double()
    return functional.interpolate(full, (height, width), mode="area")[0, 0].numpy()


def pointing(response: Cells, covered: Cells) -> float:
    """Compute the mask's share in the strongest cell; the mean over cells that are equally strong.

    Args:
        response: (h, w), any range.
        covered: (h, w) of :func:`coverage`.
    """
    return float(covered[response == response.max()].mean())


def auc(response: Cells, covered: Cells) -> float:
    """Compute the chance that a point inside responds more than one outside; a tie is half.

    Points are uniform over the picture; all points of a cell have its response. 0.5 where the mask
    is empty or everything.
    """
    inside = covered.ravel()
    outside = 1 - inside
    if not inside.sum() or not outside.sum():
        return 0.5
    _, rank = np.unique(response.ravel(), return_inverse=True)
    ins, outs = np.bincount(rank, inside), np.bincount(rank, outside)
    below = np.cumsum(outs) - outs
    return float((ins * (below + outs / 2)).sum() / (inside.sum() * outside.sum()))


def response_inside(response: Cells, covered: Cells) -> float:
    """Compute the share of the whole response, none negative, that lies in the mask.

    A map without any response points nowhere: it gets the mask's share of the picture.
    """
    total = response.sum()
    return float((response * covered).sum() / total) if total > 0 else float(covered.mean())
