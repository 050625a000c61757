"""Mask heads and the enlargement of their logits to the input's size."""

import functools
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.pair_attention import per_sentence
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


# Hidden channels of DetailHead for each channel of the fused map.
HIDDEN_PER_CHANNEL = 2


class DetailHead(nn.Module):
    """Every cell says what its object looks like; a finer map says where that is.

    Our choice for the laptop preset. A fused cell is turned into one question per quarter of the
    cell, that is per cell of the fine map; each quarter of a fine cell belongs to the mask as far
    as its own vector answers the question above it. The finer map is looked at once per image.
    With :class:`SubcellHead` alone the right object was found often, but its outline overlapped
    the truth by only two thirds.

    Before a cell asks, it looks at its neighbours (3x3, as in the papers' heads) and is told the
    strongest response of every channel anywhere in the picture: "the left one" is a comparison.
    What each is worth: results/README.md.

    Attributes:
        wants_features: True: called with the backbone's maps as well.
        detail: Level of the fine map, twice as fine as the fused one.
    """

    wants_features = True

    def __init__(self, channels: int, detail: str, detail_channels: int, width: int = 16) -> None:
        """Make the layers.

        Args:
            channels: Channels of the fused map.
            detail: Level of the fine map.
            detail_channels: Its channels.
            width: Length of questions and answers.
        """
        super().__init__()
        self.detail = detail
        hidden = HIDDEN_PER_CHANNEL * channels
        self.mix = nn.Conv2d(channels, hidden, 3, padding=1)
        self.tell = nn.Linear(hidden, hidden)
        self.ask = nn.Conv2d(hidden, 4 * (width + 1), 1)
        self.answer = nn.Conv2d(detail_channels, 4 * width, 3, padding=1)
        self.temperature = width**0.5

    def forward(
        self, fused: Tensor, features: Mapping[str, Tensor], image_of: Tensor | None
    ) -> Tensor:
        """Score the fine map.

        Args:
            fused: (B, C, h, w).
            features: Level name to (I, C', h', w'); ``detail`` has h' = 2 h, w' = 2 w.
            image_of: (B,) the image of each sentence; None when sentence b looks at image b.

        Returns:
            Logits (B, 1, 4 h, 4 w).
        """
        mixed = F.relu(self.mix(fused))
        strongest = mixed.flatten(2).amax(-1)
        mixed = F.relu(mixed + self.tell(strongest)[..., None, None])
        asked = F.pixel_shuffle(self.ask(mixed), 2)
        answers = per_sentence(self.answer(features[self.detail]), image_of)
        answers = answers.unflatten(1, (4, -1))
        score = (asked[:, None, :-1] * answers).sum(2) / self.temperature
        return F.pixel_shuffle(score + asked[:, -1:], 2)


def make_head(
    channels: int, parts: int, detail: str | None = None, detail_channels: int = 0
) -> nn.Module:
    """Return the head that a preset asks for.

    Args:
        channels: Channels of the fused map.
        parts: Logits per cell and axis.
        detail: Level of a finer map to look at, or None.
        detail_channels: Its channels.
    """
    if detail is not None:
        return DetailHead(channels, detail, detail_channels)
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
