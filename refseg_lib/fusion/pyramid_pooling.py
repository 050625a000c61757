"""Pyramid pooling across levels, the comparison "CMSA+PPM" of paper 004 Table 3.

PPM (Zhao et al., CVPR 2017) averages a map over grids of 1, 2, 3 and 6 cells a side, brings each to
a quarter of the channels, lays them enlarged beside the map, and joins all by a 3x3 convolution.
Paper 004 says only that PPM stood in the place of the gated fusion: our reading is that the levels
are concatenated and reduced by a 1x1 convolution before. No batch normalisation: nothing else in
this system has it, and a batch would not be the loop of its singles.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.levels import same_size

BINS = (1, 2, 3, 6)


class PyramidPooling(nn.Module):
    """Levels in, one map that knows the averages around every pixel out."""

    def __init__(self, levels: Sequence[str], channels: int, bins: Sequence[int] = BINS) -> None:
        """Make the convolutions.

        Args:
            levels: Names of the levels.
            channels: Channels of each level and of the result.
            bins: Cells a side of each grid.
        """
        super().__init__()
        self.levels, self.bins = tuple(levels), tuple(bins)
        part = channels // len(bins)
        self.reduce = nn.Conv2d(len(levels) * channels, channels, 1)
        self.parts = nn.ModuleList(nn.Conv2d(channels, part, 1) for _ in bins)
        self.join = nn.Conv2d(channels + part * len(bins), channels, 3, padding=1)

    def forward(self, levels: Mapping[str, Tensor]) -> Tensor:
        """Fuse level name -> (B, C, h, w) into one (B, C, h, w) on the finest grid."""
        maps = same_size([levels[name] for name in self.levels])
        own = self.reduce(torch.cat(maps, 1)).relu()
        size = (own.shape[-2], own.shape[-1])
        pooled = [
            F.interpolate(
                layer(F.adaptive_avg_pool2d(own, bins)).relu(),
                size=size,
                mode="bilinear",
                align_corners=False,
            )
            for bins, layer in zip(self.bins, self.parts, strict=True)
        ]
        return self.join(torch.cat([own, *pooled], 1)).relu()
