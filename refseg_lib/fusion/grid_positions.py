"""Sinusoidal position encoding of the cells of a grid (SHNet, paper 003 §3.2, P_v).

Paper 003 adds "positional embedding" to pixels and words without saying which; its released code
takes fixed sines and cosines, which need no training and fit any grid.
"""

import torch
from torch import Tensor

from refseg_lib.errors import UserError
from refseg_lib.text.attention_encoder import sine_positions


def grid_positions(height: int, width: int, channels: int) -> Tensor:
    """Encode the cells of a grid: half of the channels say the column, the other half the row.

    Args:
        height: Rows.
        width: Columns.
        channels: Divisible by four.

    Returns:
        (channels, height, width), in [-1, 1].

    Raises:
        UserError: A number of channels that four does not divide.
    """
    if channels % 4:
        raise UserError(
            f"positions of a grid in {channels} channels: rows and columns take pairs of sines and"
            " cosines; give a multiple of four"
        )
    column = sine_positions(width, channels // 2).mT[:, None].expand(-1, height, -1)
    row = sine_positions(height, channels // 2).mT[:, :, None].expand(-1, -1, width)
    return torch.cat([column, row])
