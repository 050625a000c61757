"""SHNet's decoder: ASPP and up-sampling convolutions (paper 003 §3.4; details of the release).

ASPP, then three 3x3 convolutions with the map doubled after the first two, 3x3 to half the
channels, 3x3 to one logit: 18 x 18 cells become 72 x 72 logits. The released code ends in a
sigmoid; here logits leave, as from every head.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.aspp import ASPP, RATES
from refseg_lib.fusion.convolution_norm import convolution_block
from refseg_lib.fusion.default_start import default_start


class MaskDecoder(nn.Module):
    """The mask head of SHNet and of all rows of its ablation tables."""

    def __init__(
        self,
        channels: int,
        width: int,
        *,
        rates: Sequence[int] = RATES,
        norm: str = "group",
        dropout: float = 0.0,
        aspp_dropout: float = 0.0,
    ) -> None:
        """Make the layers.

        Args:
            channels: Channels of the fused map.
            width: Channels inside (512 in the release).
            rates: Dilations of ASPP.
            norm: See :func:`refseg_lib.fusion.convolution_norm.make_norm`.
            dropout: Share of whole channels dropped behind each of the three blocks in training.
            aspp_dropout: The same behind ASPP (0.25 released).
        """
        super().__init__()
        self.aspp = ASPP(channels, width, rates=rates, norm=norm, dropout=aspp_dropout)
        self.blocks = nn.ModuleList(convolution_block(width, width, norm, rate=1) for _ in range(3))
        self.drop = nn.Dropout2d(dropout)
        self.last = convolution_block(width, width // 2, norm, rate=1)
        self.score = nn.Conv2d(width // 2, 1, 3, padding=1)

    def initialise(self) -> None:
        """Start as the released code does."""
        default_start(self)

    def forward(self, fused: Tensor) -> Tensor:
        """Score (B, channels, h, w) into logits (B, 1, 4 h, 4 w)."""
        x = self.aspp(fused)
        for block, doubled in zip(self.blocks, (True, True, False), strict=True):
            x = self.drop(block(x))
            if doubled:
                x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.score(self.last(x))
