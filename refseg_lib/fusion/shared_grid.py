"""All levels on one grid with one number of channels, once per image (paper 003 §3.1).

"Through pooling and convolution operations": the released code pools every level to 2f x 2f cells
(adaptive, maximum), then a 3x3 convolution of stride 2 leads to f x f cells and C channels,
followed by a norm and a leaky ReLU. A level smaller than 2f x 2f is "pooled" up: its cells repeat.
"""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.convolution_norm import make_norm
from refseg_lib.fusion.default_start import default_start

POOLS = ("adaptive_max", "interpolate")


class CommonGrid(nn.Module):
    """Levels of any size and channels made equal.

    Attributes:
        levels: Names of the levels used.
    """

    def __init__(
        self,
        channels: Mapping[str, int],
        width: int,
        *,
        grid: int = 18,
        pool: str = "adaptive_max",
        norm: str = "group",
    ) -> None:
        """Make one convolution per level.

        Args:
            channels: Level name to channels.
            width: Channels of the result, C.
            grid: Rows and columns of the result, f, whatever the shape of the image: 18 in the
                paper; 14 and 20 are the released code's default and instructions.
            pool: How a level gets to 2f x 2f: ``"adaptive_max"``, the released code's, or
                ``"interpolate"`` (bilinear).
            norm: See :func:`refseg_lib.fusion.convolution_norm.make_norm`.

        Raises:
            UserError: An unknown pool or norm, or no cell.
        """
        super().__init__()
        if pool not in POOLS:
            raise UserError(f"unknown pool {pool!r}; choose one of {', '.join(POOLS)}")
        if grid < 1:
            raise UserError(f"a grid of {grid} x {grid} cells given to SHNet; give at least 1")
        self.levels = tuple(channels)
        self.grid = grid
        self.pool = pool
        self.convolutions = nn.ModuleDict(
            {
                level: nn.Sequential(
                    nn.Conv2d(count, width, 3, stride=2, padding=1),
                    make_norm(norm, width),
                    nn.LeakyReLU(0.01),
                )
                for level, count in channels.items()
            }
        )

    def initialise(self) -> None:
        """Start as the released code does."""
        default_start(self)

    def forward(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Turn level name -> (I, C_level, h, w) into level name -> (I, C, f, f)."""
        return {
            level: self.convolutions[level](self._pooled(features[level], 2 * self.grid))
            for level in self.levels
        }

    def _pooled(self, x: Tensor, side: int) -> Tensor:
        if self.pool == "adaptive_max":
            return F.adaptive_max_pool2d(x, side)
        return F.interpolate(x, (side, side), mode="bilinear", align_corners=False)
