"""Linguistic excitation (LE) and linguistic aggregation (LA), paper 002 §3.3-3.4, Eq. 5-15.

LE asks the sentence which channels matter, LA where it points to; both leave the map M as it is
and say what to make of it. M_LE = a M is M with weighted channels and M_LA = d m_c^T has rank one:
neither is built, since the convolution behind them
(:class:`refseg_lib.fusion.linguistic_level.LinguisticLevel`) takes the weights and the two factors.
Legend: B sentences, P pixels, C = C_m channels, D = C_l channels of the sentence.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Keeps the gradient of a square root finite where a pixel is the context itself.
_EPSILON = 1e-12


class LE(nn.Module):
    """Linguistic excitation: one weight per channel, from the picture's mean and the sentence."""

    def __init__(self, *, channels: int, language: int, reduction: int = 1) -> None:
        """Make the four 1x1 convolutions.

        Args:
            channels: Channels of M.
            language: Channels of the sentence.
            reduction: Divisor of the channels between the two convolutions of Eq. 8. The paper
                names none: 1 is the literal reading, 16 is what SENet does.
        """
        super().__init__()
        middle = max(1, channels // reduction)
        self.from_maps = nn.Linear(channels, channels)
        self.from_sentence = nn.Linear(language, channels)
        self.squeeze = nn.Linear(channels, middle)
        self.excite = nn.Linear(middle, channels)

    def forward(self, maps: Tensor, sentence: Tensor) -> Tensor:
        """Weigh the channels, Eq. 5-8.

        Args:
            maps: M (B, P, C).
            sentence: l_s (B, D).

        Returns:
            The weights (B, C) in (0, 1); M_LE (Eq. 9) is ``weights[:, None] * maps``. The paper
            writes them in R^{C_l}, which fits M only because both are 1000.
        """
        joint = self.from_maps(maps.mean(1)).tanh() * self.from_sentence(sentence).tanh()
        return self.excite(F.relu(self.squeeze(joint))).sigmoid()


class Aggregated(NamedTuple):
    """What LA finds.

    Attributes:
        projection: (B, P), Eq. 11: how much of each pixel goes into the context; sums to one.
        context: m_c (B, C), Eq. 12.
        reprojection: (B, P) in (0, 1], Eq. 14: how near each pixel is to the context; 1 at the
            nearest one.
    """

    projection: Tensor
    context: Tensor
    reprojection: Tensor

    def maps(self) -> Tensor:
        """Build M_LA (B, P, C), Eq. 15."""
        return self.reprojection[..., None] * self.context[:, None]


class LA(nn.Module):
    """Linguistic aggregation: gather what the sentence points to, give it back to what is alike."""

    def __init__(
        self,
        *,
        channels: int,
        language: int,
        scale: bool = True,
        sigma: float = 1.0,
        learned_sigma: bool = False,
        detach_nearest: bool = True,
    ) -> None:
        """Make the two 1x1 convolutions of Eq. 10.

        Args:
            channels: Channels of M.
            language: Channels of the sentence.
            scale: Divide the scores of Eq. 10 by sqrt(C); the paper does not, but C is 1000 there
                and a softmax over scores of that size sees one pixel only.
            sigma: The paper never says what the distance of Eq. 14 is divided by; our choice.
            learned_sigma: Learn it from there, as a softplus.
            detach_nearest: Take min(D) of Eq. 14 as a reference that passes no gradient; False:
                the nearest pixel is moved for the sake of all others.
        """
        super().__init__()
        # A bias here adds the same to every pixel's score: the softmax does not notice.
        self.from_maps = nn.Linear(channels, channels, bias=False)
        self.from_sentence = nn.Linear(language, channels)
        self.temperature = channels**0.5 if scale else 1.0
        self.detach_nearest = detach_nearest
        self.fixed_sigma = sigma
        self.raw_sigma = (
            nn.Parameter(torch.tensor(math.log(math.expm1(sigma)))) if learned_sigma else None
        )

    @property
    def sigma(self) -> Tensor | float:
        """What distances are divided by."""
        return self.fixed_sigma if self.raw_sigma is None else F.softplus(self.raw_sigma)

    def forward(self, maps: Tensor, sentence: Tensor) -> Aggregated:
        """Gather and compare, Eq. 10-14.

        Args:
            maps: M (B, P, C).
            sentence: l_s (B, D).
        """
        # (M W^T) z = M (W^T z): a matrix and a vector instead of two matrices.
        asked = self.from_sentence(sentence) @ self.from_maps.weight / self.temperature
        scores = torch.bmm(maps, asked[..., None].to(maps.dtype))[..., 0]
        projection = scores.softmax(-1)
        context = torch.bmm(projection[:, None].to(maps.dtype), maps)[:, 0]
        squares = (maps - context[:, None]).square().sum(-1)
        distance = (squares + _EPSILON).sqrt()
        nearest = distance.amin(-1, keepdim=True)
        if self.detach_nearest:
            nearest = nearest.detach()
        return Aggregated(projection, context, ((nearest - distance) / self.sigma).exp())
