"""Deconvolution across levels, the comparison "CMSA+Deconv" of paper 004 Table 3.

Deconvolution networks (Noh et al., ICCV 2015) climb from the deepest map by learned transposed
convolutions. Paper 004 says only that this stood in the place of the gated fusion. Our reading:
from the deepest level up, a 3x3 transposed convolution and ReLU, added to the next shallower
level (their grids are equal in DeepLab); then a 4x4 one of stride 2 enlarges the map, as the
deconvolution of the first system for this task (Hu et al., ECCV 2016) did.
"""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from refseg_lib.fusion.levels import same_size


class Deconvolution(nn.Module):
    """Levels in, one map on a grid twice as fine out.

    Attributes:
        out_channels: Channels of the result, half of a level's.
    """

    def __init__(self, levels: Sequence[str], channels: int) -> None:
        """Make the transposed convolutions.

        Args:
            levels: Names of the levels, shallow to deep.
            channels: Channels of each level.
        """
        super().__init__()
        self.levels = tuple(levels)
        self.out_channels = channels // 2
        self.climb = nn.ModuleDict(
            {name: nn.ConvTranspose2d(channels, channels, 3, padding=1) for name in levels[1:]}
        )
        self.enlarge = nn.ConvTranspose2d(channels, self.out_channels, 4, stride=2, padding=1)

    def initialise(self) -> None:
        """Glorot uniform with zero bias, as every other convolution."""
        for layer in (*self.climb.values(), self.enlarge):
            assert isinstance(layer, nn.ConvTranspose2d)
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

    def forward(self, levels: Mapping[str, Tensor]) -> Tensor:
        """Fuse level name -> (B, C, h, w) into (B, C / 2, 2 h, 2 w) of the finest grid."""
        maps = dict(
            zip(self.levels, same_size([levels[name] for name in self.levels]), strict=True)
        )
        deepest = self.levels[-1]
        fused = maps.pop(deepest)
        for name, below in zip(reversed(self.levels[1:]), reversed(self.levels[:-1]), strict=True):
            fused = maps[below] + self.climb[name](fused).relu()
        return self.enlarge(fused).relu()
