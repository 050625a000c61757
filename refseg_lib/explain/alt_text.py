"""A mask in words, for those who do not see the picture."""

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = ("upper", "middle", "lower"), ("left", "centre", "right")


def describe_mask(mask: NDArray[np.bool_]) -> str:
    """Say how much a mask covers and where, e.g. ``"4 % of the picture, lower left"``.

    Args:
        mask: bool (H, W), True = the thing meant.

    Returns:
        A phrase without a full stop; ``"nothing"`` for an empty mask.
    """
    ys, xs = np.nonzero(mask)
    if len(ys) == 0:
        return "nothing"
    share = 100 * len(ys) / mask.size
    amount = "under 1 %" if share < 1 else f"{share:.0f} %"
    row = ROWS[int(3 * (ys.mean() + 0.5) / mask.shape[0])]
    column = COLUMNS[int(3 * (xs.mean() + 0.5) / mask.shape[1])]
    place = "centre" if (row, column) == ("middle", "centre") else f"{row} {column}"
    return f"{amount} of the picture, {place}"
