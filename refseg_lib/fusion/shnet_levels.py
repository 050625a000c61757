"""SHNet's per-level fusion: levels on one grid, then SFM, shared over the levels or not.

Legend: I images, B sentences, T words, C channels.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.cmsa import mean_over_words, word_vectors
from refseg_lib.fusion.context import Context
from refseg_lib.fusion.levels import add, same_size
from refseg_lib.fusion.pair_attention import per_sentence
from refseg_lib.fusion.shared_grid import CommonGrid


class SynchronousLevels(nn.Module):
    """Every level through SFM; the words come out of every level changed.

    Attributes:
        wants_context: True: called with the context alone; writes ``context.level_words``.
        levels: Names of the levels used.
    """

    wants_context = True

    def __init__(
        self, grid: CommonGrid, make: Callable[[], nn.Module], *, share_levels: bool = True
    ) -> None:
        """Make the fusion modules.

        Args:
            grid: Brings the levels to one grid.
            make: Makes an SFM, called as ``sfm(feature, words, word_mask, image_of, level)``.
            share_levels: One SFM for all levels, as released; the paper does not say.
        """
        super().__init__()
        self.levels = grid.levels
        self.grid = grid
        shared = make() if share_levels else None
        self.sfm = nn.ModuleDict({level: shared or make() for level in self.levels})

    def forward(self, context: Context) -> dict[str, Tensor]:
        """Return level name -> f^v (B, C, f, f); f^l goes to ``context.level_words``."""
        fused = {}
        for level, feature in self.grid(context.features).items():
            fused[level], context.level_words[level] = self.sfm[level](
                feature, context.words, context.word_mask, context.image_of, level
            )
        return fused


class SeparateLevels(nn.Module):
    """The rows of Table 2 without SFM: pictures and words meet only afterwards.

    Attributes:
        wants_context: True: called with the context alone; writes ``context.level_words``.
        levels: Names of the levels used.
    """

    wants_context = True

    def __init__(self, grid: CommonGrid, *, balanced: bool = False) -> None:
        """Take the module that brings levels to one grid.

        Args:
            grid: Brings the levels to one grid.
            balanced: Scale words to length sqrt(C), see
                :func:`refseg_lib.fusion.cmsa.picture_vectors`.
        """
        super().__init__()
        self.levels = grid.levels
        self.grid = grid
        self.balanced = balanced

    def forward(self, context: Context) -> dict[str, Tensor]:
        """Return level name -> (B, C, f, f), no level changed by a word."""
        words = context.words
        if self.balanced:
            words = word_vectors(words, context.word_mask, balanced=True)
        levels = self.grid(context.features)
        context.level_words.update(dict.fromkeys(levels, words))
        return {level: per_sentence(x, context.image_of) for level, x in levels.items()}


class ConcatOfLevels(nn.Module):
    """The baseline's fusion across levels: [f^v; tile(mean_t f^l)], summed over the levels.

    Paper 003 §4.4 says that the baseline concatenates visual features with tiled textual ones to
    C_v + C_l channels; that the levels are summed is our reading.

    Attributes:
        wants_context: True: the words are taken from ``context.level_words``.
    """

    wants_context = True

    def __init__(self, levels: Sequence[str]) -> None:
        """Name the levels."""
        super().__init__()
        self.levels = tuple(levels)

    def forward(self, levels: Mapping[str, Tensor], context: Context) -> Tensor:
        """Fuse level name -> (B, C, h, w) into (B, 2 C, h, w) on the finest grid."""
        picture = add(same_size([levels[level] for level in self.levels]))
        said = [
            mean_over_words(context.level_words[level], context.word_mask) for level in self.levels
        ]
        tiled = add(said)[..., None, None].expand(-1, -1, *picture.shape[-2:])
        return torch.cat([picture, tiled.to(picture.dtype)], 1)


class UpConvolution(nn.Module):
    """A fusion across levels, then a convolution that doubles its grid (laptop preset).

    Our choice where the paper's decoder of four further 3x3 convolutions is too dear: every fused
    cell tells its four quarters apart with weights of its own, and the result is put on the grid
    that the preset's mask head looks at.

    Attributes:
        wants_context: True: the backbone's finest used level tells the size.
    """

    wants_context = True

    def __init__(self, fusion: nn.Module, levels: Sequence[str], channels: int, out: int) -> None:
        """Wrap a fusion.

        Args:
            fusion: Level name to (B, C, f, f) -> (B, channels, f, f).
            levels: The backbone's levels in use.
            channels: Channels of the fused map.
            out: Channels of the result.
        """
        super().__init__()
        self.fusion = fusion
        self.levels = tuple(levels)
        self.quarters = nn.Conv2d(channels, 4 * out, 1)

    def forward(self, levels: Mapping[str, Tensor], context: Context) -> Tensor:
        """Fuse, double, and enlarge to the finest backbone level in use: (B, out, h, w)."""
        wants = getattr(self.fusion, "wants_context", False)
        fused = self.fusion(levels, context) if wants else self.fusion(levels)
        # G is linear in the levels; without a bend two linear maps would follow one another.
        doubled = F.pixel_shuffle(self.quarters(F.leaky_relu(fused, 0.01)), 2)
        sizes = [tuple(context.features[level].shape[-2:]) for level in self.levels]
        size = max(sizes, key=lambda grid: grid[0] * grid[1])
        if tuple(doubled.shape[-2:]) == size:
            return doubled
        return F.interpolate(doubled, size, mode="bilinear", align_corners=False)
