"""Mask heads and the enlargement of their logits to the input's size."""

import functools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.thin_convolution import ThinConvolution


class ConvolutionHead(nn.Module):
    """One 3x3 convolution to one logit per cell (paper 004, Eq. 6)."""

    def __init__(self, channels: int) -> None:
        """Make the convolution over ``channels`` channels."""
        super().__init__()
        self.score = ThinConvolution(channels, 1)

    def forward(self, fused: Tensor) -> Tensor:
        """Score (B, C, h, w) into logits (B, 1, h, w)."""
        return self.score(fused)


class SubcellHead(nn.Module):
    """One 3x3 convolution to ``parts`` x ``parts`` logits per cell, laid out side by side.

    Our choice for the laptop preset. The papers score 40x40 cells; on a 16x16 grid an object is
    three cells wide, and the best possible map of one logit per cell scores only oIoU 79 on
    ParkRef (four per cell: 89).
    """

    def __init__(self, channels: int, parts: int = 2) -> None:
        """Make the convolution over ``channels`` channels."""
        super().__init__()
        self.score = ThinConvolution(channels, parts * parts)
        self.parts = parts

    def forward(self, fused: Tensor) -> Tensor:
        """Score (B, C, h, w) into logits (B, 1, parts h, parts w)."""
        return F.pixel_shuffle(self.score(fused), self.parts)


def make_head(channels: int, parts: int) -> nn.Module:
    """Return the paper's head for one logit per cell, else a :class:`SubcellHead`."""
    return ConvolutionHead(channels) if parts == 1 else SubcellHead(channels, parts)


def enlarge(logits: Tensor, size: tuple[int, int], mode: str = "half_pixel") -> Tensor:
    """Enlarge a map bilinearly, as two small matrix products (rows, then columns).

    Args:
        logits: (B, 1, h, w).
        size: (H, W) in pixels.
        mode: ``"half_pixel"``: PyTorch's and everybody's today, centres on centres; ``"tf1"``:
            TensorFlow 1 as the released codes used it, corner on corner with src = dst h / H,
            which shifts the mask by almost half a cell. For weights made there.

    Returns:
        (B, 1, H, W).

    Raises:
        UserError: An unknown mode.
    """
    rows = _interpolation(logits.shape[-2], size[0], mode).to(logits)
    columns = _interpolation(logits.shape[-1], size[1], mode).to(logits)
    # Autocast would round the weights of the mean to 8 bits.
    with torch.autocast(logits.device.type, enabled=False):
        return rows @ logits @ columns.mT


@functools.lru_cache(maxsize=64)
def _interpolation(source: int, target: int, mode: str) -> Tensor:
    """Make the (target, source) matrix whose rows are the two weights of each target pixel."""
    place = torch.arange(target, dtype=torch.float64)
    if mode == "half_pixel":
        place = (place + 0.5) * (source / target) - 0.5
    elif mode == "tf1":
        place = place * (source / target)
    else:
        raise UserError(f"unknown enlargement {mode!r}; choose half_pixel or tf1")
    place = place.clamp(0, source - 1)
    return (1 - (place[:, None] - torch.arange(source)).abs()).clamp(min=0)
