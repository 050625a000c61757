"""Hierarchical cross-modal aggregation, HCAM (paper 003 §3.3, Eq. 2-3).

Lambda_ij = sigmoid(Conv([f^v_i; tile(mean_t f^l_j)])) says for every cell and channel of level i
how well it fits the words as level j has read them; g_i = f^v_i + sum over j != i of
Lambda_ij f^v_j; G = Conv3D([g_2; g_3; g_4]). The convolution is 3x3 and belongs to the receiving
level i, the same for all j, as in the released code (the paper does not say). There a norm and
dropout stand before the sigmoid; the paper prints neither.

A convolution over a concatenation is a sum of two: the one over f^v_i serves all j, and the one
over a tiled vector is the same everywhere but at the border, where the padding is. Nothing is
tiled and the result is exact.

Legend: B sentences, T words, C channels.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.cmsa import mean_over_words
from refseg_lib.fusion.context import Context
from refseg_lib.fusion.conv3d import Conv3DFusion
from refseg_lib.fusion.convolution_norm import make_norm
from refseg_lib.fusion.default_start import default_start
from refseg_lib.fusion.levels import same_size
from refseg_lib.trace import emit


def convolve_tiled(vector: Tensor, weight: Tensor, size: tuple[int, int]) -> Tensor:
    """Convolve a map that holds the same vector everywhere, zero-padded by one cell.

    Args:
        vector: (B, C).
        weight: (O, C, 3, 3).
        size: (h, w) of the map.

    Returns:
        (B, O, h, w).
    """
    by_tap = torch.einsum("bc,ockl->bokl", vector, weight)
    inside = [_taps_inside(length, by_tap) for length in size]
    return torch.einsum("yk,bokl,xl->boyx", inside[0], by_tap, inside[1])


def _taps_inside(length: int, like: Tensor) -> Tensor:
    """Return (length, 3): 1 where the tap's cell lies on the map, 0 where it is padding."""
    cell = torch.arange(length)[:, None] + torch.arange(-1, 2)
    return ((cell >= 0) & (cell < length)).to(like)


class HCAM(nn.Module):
    """Exchange between levels through their words, then a 3-D convolution over the levels.

    Traces (means over channels):
        hcam.<i>.from_<j> (B, h, w): Lambda_ij in (0, 1), what level i admits of level j.

    Attributes:
        wants_context: True: the words are taken from ``context.level_words``, or from
            ``context.words`` where no level changed them ("Only HCAM", Table 2).
    """

    wants_context = True
    trace_name = "hcam"

    def __init__(
        self,
        levels: Sequence[str],
        channels: int,
        out: int,
        *,
        norm: str = "none",
        dropout: float = 0.0,
    ) -> None:
        """Make the convolutions.

        Args:
            levels: Names of the levels, shallow to deep.
            channels: C of pixels and words.
            out: Channels of G.
            norm: Before the sigmoid and behind the 3-D convolution; ``"none"`` as printed,
                ``"batch"`` as released, see :func:`refseg_lib.fusion.convolution_norm.make_norm`.
            dropout: Share of whole channels dropped before the sigmoid in training.
        """
        super().__init__()
        self.levels = tuple(levels)
        self.affinity = nn.ModuleDict(
            {level: nn.Conv2d(2 * channels, channels, 3, padding=1) for level in levels}
        )
        self.norms = nn.ModuleDict({level: make_norm(norm, channels) for level in levels})
        self.drop = nn.Dropout2d(dropout)
        self.aggregate = Conv3DFusion(levels, channels, out, norm=norm)

    def initialise(self) -> None:
        """Start as the released code does."""
        default_start(self)

    def forward(self, levels: Mapping[str, Tensor], context: Context) -> Tensor:
        """Fuse level name -> f^v (B, C, h, w) into G (B, out, h, w) on the finest grid."""
        maps = dict(
            zip(self.levels, same_size([levels[level] for level in self.levels]), strict=True)
        )
        means = {
            level: mean_over_words(context.level_words.get(level, context.words), context.word_mask)
            for level in self.levels
        }
        exchanged = {}
        for i, own in maps.items():
            affinity = self.affinity[i]
            assert isinstance(affinity, nn.Conv2d)
            of_picture, of_words = affinity.weight.chunk(2, 1)
            fits = F.conv2d(own, of_picture, affinity.bias, padding=1)
            total = own
            for j, other in maps.items():
                if j == i:
                    continue
                words = convolve_tiled(means[j], of_words, (own.shape[-2], own.shape[-1]))
                admitted = self.drop(self.norms[i](fits + words)).sigmoid()
                emit(self, f"{i}.from_{j}", lambda gate=admitted: gate.mean(1))
                total = torch.addcmul(total, admitted.to(total.dtype), other)
            exchanged[i] = total
        return self.aggregate(exchanged)
