"""A 3x3 convolution to very few channels, as one matrix product and a sum of shifted maps.

Convolution kernels are built for many output channels; gates and mask heads have one or two, and
there a library convolution spends ten times what the arithmetic needs. A convolution is linear in
each of its kernel's places, so: score every cell once for all k x k places (a 1x1 convolution),
then add up the scores shifted to where they belong (``fold``). Same weights, same result.
"""

from torch import Tensor, nn
from torch.nn import functional as F


class ThinConvolution(nn.Conv2d):
    """``nn.Conv2d(inputs, outputs, 3, padding=1)``, faster where ``outputs`` is tiny."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """Make the weights, named and shaped as those of ``nn.Conv2d``."""
        super().__init__(inputs, outputs, 3, padding=1)

    def forward(self, input: Tensor) -> Tensor:
        """Convolve (B, inputs, h, w) into (B, outputs, h, w)."""
        # A weight at place (i, j) of the kernel looks from its target at (i - 1, j - 1): its
        # score lands at the opposite offset, hence the flip.
        weight = self.weight.flip(2, 3).permute(0, 2, 3, 1).flatten(0, 2)
        scores = F.linear(input.flatten(2).mT, weight).mT
        size = input.shape[-2:]
        folded = F.fold(scores, (size[0], size[1]), kernel_size=3, padding=1)
        return folded + self.bias[:, None, None].to(folded.dtype)  # pyright: ignore[reportOptionalSubscript]
