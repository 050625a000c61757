"""The same fusion at every level of the backbone, and levels of different size made equal."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.context import Context


class _OnePerLevel(nn.Module):
    """A module for each level, made by a function; weights not shared, as in all five papers."""

    def __init__(
        self, make: Callable[[str, int], nn.Module], channels: Mapping[str, int], name: str
    ) -> None:
        """Make the modules.

        Args:
            make: (level name, channels of that level) -> module.
            channels: Level name to channels, of the levels to use.
            name: The trace name; level c5 reports as ``name.c5``.
        """
        super().__init__()
        self.levels = tuple(channels)
        self.modules_by_level = nn.ModuleDict()
        for level, width in channels.items():
            module = make(level, width)
            module.__dict__["trace_name"] = f"{name}.{level}"
            self.modules_by_level[level] = module


class PerLevel(_OnePerLevel):
    """One fusion module per level.

    Each is called as ``module(feature, words, word_mask, image_of) -> (B, C', h, w)``.

    Attributes:
        shares_images: True: the features may hold each image once, with ``image_of`` telling
            which image each sentence looks at.
        levels: Names of the levels used, e.g. ``("c3", "c4", "c5")``.
    """

    shares_images = True

    def forward(
        self,
        features: Mapping[str, Tensor],
        words: Tensor,
        word_mask: Tensor,
        image_of: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Fuse every level with the sentence.

        Args:
            features: Level name to (I, C, h, w).
            words: (B, T, C).
            word_mask: (B, T), True at real words.
            image_of: (B,) the image of each sentence; None when sentence b looks at image b.

        Returns:
            Level name to (B, C', h, w).
        """
        return {
            level: module(features[level], words, word_mask, image_of)
            for level, module in self.modules_by_level.items()
        }


class PerLevelInContext(_OnePerLevel):
    """One fusion module per level that looks back at the :class:`Context`.

    Each is called as ``module(feature, context) -> (B, C', h, w)`` with its own (I, C, h, w).

    Attributes:
        wants_context: True: called with the context instead of features, words and mask.
        levels: Names of the levels used.
    """

    wants_context = True

    def forward(self, context: Context) -> dict[str, Tensor]:
        """Fuse every level with the sentence: level name to (B, C', h, w)."""
        return {
            level: module(context.features[level], context)
            for level, module in self.modules_by_level.items()
        }


def same_size(levels: list[Tensor]) -> list[Tensor]:
    """Enlarge the coarser (B, C, h, w) maps bilinearly to the finest one's grid.

    A dilated backbone has one grid for all levels and nothing happens.
    """
    finest = max((level.shape[-2:] for level in levels), key=lambda size: size[0] * size[1])
    return [
        level
        if level.shape[-2:] == finest
        else F.interpolate(level, size=tuple(finest), mode="bilinear", align_corners=False)
        for level in levels
    ]


def add(levels: list[Tensor]) -> Tensor:
    """Add maps of one shape; unlike stack().sum(), no copy and no change of memory layout."""
    total = levels[0]
    for level in levels[1:]:
        total = total + level
    return total


class SumOfLevels(nn.Module):
    """The plainest across-level fusion: add the levels, then ReLU."""

    def forward(self, levels: Mapping[str, Tensor]) -> Tensor:
        """Add (B, C, h, w) maps into one of the finest grid."""
        return torch.relu(add(same_size(list(levels.values()))))
