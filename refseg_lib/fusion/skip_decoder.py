"""Skip decoder: from the coarsest map back to the finest, one level at a time.

Each step enlarges the map so far, lays the next finer level beside it and mixes both with a 3x3
convolution: thing and place come from the coarse map, the outline from the fine one.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SkipDecoder(nn.Module):
    """Across-level fusion from coarse to fine.

    Attributes:
        width: Channels of the result.
    """

    def __init__(self, channels: Mapping[str, int], width: int, dropout: float = 0.0) -> None:
        """Make one 3x3 convolution per step.

        Args:
            channels: Level name to channels, finest first.
            width: Channels after the first step; halved with every further one.
            dropout: Share of whole channels dropped in training.
        """
        super().__init__()
        names = list(channels)[::-1]
        steps, before = {}, channels[names[0]]
        for index, level in enumerate(names[1:]):
            after = max(16, width >> index)
            steps[level] = nn.Sequential(
                nn.Conv2d(before + channels[level], after, 3, padding=1),
                # Not batch norm: what a sentence gets must not depend on its batch.
                nn.GroupNorm(8, after),
                nn.ReLU(),
                nn.Dropout2d(dropout),
            )
            before = after
        self.coarsest = names[0]
        self.steps = nn.ModuleDict(steps)
        self.width = before

    def forward(self, levels: Mapping[str, Tensor]) -> Tensor:
        """Join level name to (B, C, h, w) into (B, width, h, w) on the finest grid."""
        x = levels[self.coarsest]
        for level, step in self.steps.items():
            finer = levels[level]
            if x.shape[-2:] != finer.shape[-2:]:
                x = F.interpolate(x, finer.shape[-2:], mode="bilinear", align_corners=False)
            x = step(torch.cat([x, finer.to(x.dtype)], 1))
        return x
