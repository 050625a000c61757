"""Feature pyramid: the one-way refinement that BIAR is compared with (paper 000, Table 2, row 4).

From the top down, P_i = 1x1(X_i) + Up(P_{i+1}), each then smoothed by a 3x3 convolution. The paper
only names the method; as with BIAR, our reading adds the smoothed maps up on the finest grid.
"""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.levels import add, same_size


class FeaturePyramid(nn.Module):
    """Across-level fusion from the top down."""

    def __init__(self, channels: Mapping[str, int], width: int) -> None:
        """Make the convolutions.

        Args:
            channels: Level name to channels, finest first.
            width: Channels of all maps inside, and of the result.
        """
        super().__init__()
        self.enter = nn.ModuleDict({k: nn.Conv2d(c, width, 1) for k, c in channels.items()})
        self.smooth = nn.ModuleDict({k: nn.Conv2d(width, width, 3, padding=1) for k in channels})

    def forward(self, levels: Mapping[str, Tensor]) -> Tensor:
        """Join level name to (B, C, h, w) into (B, width, h, w) on the finest grid."""
        above: Tensor | None = None
        smoothed = []
        for name in reversed(list(self.enter)):
            x = self.enter[name](levels[name])
            if above is not None:
                size = (x.shape[-2], x.shape[-1])
                if above.shape[-2:] != size:
                    above = F.interpolate(above, size, mode="bilinear", align_corners=False)
                x = x + above
            above = x
            smoothed.append(self.smooth[name](x))
        return add(same_size(smoothed))
