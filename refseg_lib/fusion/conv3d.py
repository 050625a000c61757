"""Levels stacked along a depth axis and convolved together (paper 003 §3.3, Eq. 3; Table 2).

G = Conv3D([g_2; g_3; g_4]): the kernel is as deep as there are levels and the depth is not padded,
so that one map comes out. Such a convolution is a plain one over the levels' channels side by
side; it is computed like that, with the weights named and shaped as those of ``nn.Conv3d``.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.convolution_norm import make_norm
from refseg_lib.fusion.default_start import default_start
from refseg_lib.fusion.levels import same_size


class Conv3DFusion(nn.Module):
    """One 3-D convolution over all levels ("SFM+Conv3D" of Table 2, and the end of HCAM)."""

    def __init__(
        self, levels: Sequence[str], channels: int, out: int, *, norm: str = "none"
    ) -> None:
        """Make the convolution.

        Args:
            levels: Names of the levels, shallow to deep; their order is the order in depth.
            channels: Channels of each level.
            out: Channels of the result.
            norm: The released code has a norm and a leaky ReLU behind the convolution, the paper
                neither; see :func:`refseg_lib.fusion.convolution_norm.make_norm`.
        """
        super().__init__()
        self.levels = tuple(levels)
        self.convolution = nn.Conv3d(channels, out, (len(self.levels), 3, 3), padding=(0, 1, 1))
        self.after = (
            nn.Identity()
            if norm == "none"
            else nn.Sequential(make_norm(norm, out), nn.LeakyReLU(0.01))
        )

    def initialise(self) -> None:
        """Start as the released code does."""
        default_start(self)

    def forward(self, levels: Mapping[str, Tensor]) -> Tensor:
        """Join level name -> (B, C, h, w) into (B, out, h, w) on the finest grid."""
        maps = same_size([levels[level] for level in self.levels])
        weight = self.convolution.weight.transpose(1, 2).flatten(1, 2)
        joined = F.conv2d(torch.cat(maps, 1), weight, self.convolution.bias, padding=1)
        return self.after(joined)
