"""Atrous spatial pyramid pooling, ASPP (Chen et al. 2018; the decoder's start in paper 003 §3.4).

Five looks at one map, at several distances, side by side and then mixed: each cell alone, three
dilated 3x3 convolutions, and the mean of the whole map.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.convolution_norm import convolution_block

# The released SHNet's; DeepLabv3+ at stride 16 has 6, 12, 18. On 18 x 18 cells a rate of 24 looks
# at padding only, but for the centre of its kernel.
RATES = (6, 12, 24)


class ASPP(nn.Module):
    """1x1, three dilated 3x3 convolutions and the map's mean, concatenated and projected."""

    def __init__(
        self,
        channels: int,
        out: int,
        *,
        rates: Sequence[int] = RATES,
        norm: str = "group",
        dropout: float = 0.0,
    ) -> None:
        """Make the branches.

        Args:
            channels: Channels of the map.
            out: Channels of each branch and of the result.
            rates: Dilations in cells.
            norm: After every convolution, see
                :func:`refseg_lib.fusion.convolution_norm.make_norm`.
            dropout: Share of whole channels of the result dropped in training (0.25 released).
        """
        super().__init__()
        self.batch_norm = norm == "batch"
        self.near = convolution_block(channels, out, norm)
        self.dilated = nn.ModuleList(convolution_block(channels, out, norm, rate) for rate in rates)
        self.whole = convolution_block(channels, out, norm)
        self.project = convolution_block((len(rates) + 2) * out, out, norm)
        self.drop = nn.Dropout2d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (B, channels, h, w) into (B, out, h, w).

        Raises:
            UserError: Training with batch norm on a batch of one sentence, whose single mean has
                no variance.
        """
        if self.batch_norm and self.training and len(x) == 1:
            raise UserError(
                "batch norm over a batch of one sentence: ASPP's pooled branch has one value per"
                " channel there; train with two sentences or more, or build with norm='group'"
            )
        whole = self.whole(x.mean((2, 3), keepdim=True)).expand(-1, -1, *x.shape[-2:])
        looks = [self.near(x), *(branch(x) for branch in self.dilated), whole]
        return self.drop(self.project(torch.cat(looks, 1)))
