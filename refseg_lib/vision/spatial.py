"""The 8-D spatial coordinate of every cell (papers 000, 001 and 004 §3.1, 002 §3.2.1).

A convolution cannot tell left from right; these eight numbers per cell can. The papers name the
numbers but not their order; ``"rmi"`` is the order of the code they all build on.
"""

import torch
from torch import Tensor

from refseg_lib.errors import UserError

# Positions of (x_min, y_min, x_max, y_max, x_c, y_c, 1/W, 1/H) in the output.
_ORDERS = {"rmi": (0, 1, 2, 3, 4, 5, 6, 7), "paper004": (0, 2, 4, 1, 3, 5, 6, 7)}


def spatial_coordinates(
    height: int,
    width: int,
    order: str = "rmi",
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Give every cell of a height x width grid its place.

    Columns run over [-1, 1] from left to right, rows over [-1, 1] from top to bottom.

    Args:
        height: Rows of the grid.
        width: Columns of the grid.
        order: ``"rmi"``: (x_min, y_min, x_max, y_max, x_c, y_c, 1/W, 1/H), the released code;
            ``"paper004"``: (x_min, x_max, x_c, y_min, y_max, y_c, 1/W, 1/H), as the text of
            paper 004 has it. The last two are the cell's share of the image, not the image's size.
        device: Where the tensor lives.
        dtype: Its floating type.

    Returns:
        (8, height, width).

    Raises:
        UserError: An unknown order.
    """
    if order not in _ORDERS:
        raise UserError(f"unknown coordinate order {order!r}; choose one of {', '.join(_ORDERS)}")
    left = 2 * torch.arange(width, device=device, dtype=dtype) / width - 1
    top = 2 * torch.arange(height, device=device, dtype=dtype) / height - 1
    right, bottom = left + 2 / width, top + 2 / height
    across = [edge.expand(height, width) for edge in (left, right, (left + right) / 2)]
    down = [edge[:, None].expand(height, width) for edge in (top, bottom, (top + bottom) / 2)]
    cell = [torch.full_like(across[0], 1 / width), torch.full_like(across[0], 1 / height)]
    rmi = [across[0], down[0], across[1], down[1], across[2], down[2], *cell]
    return torch.stack([rmi[index] for index in _ORDERS[order]])
