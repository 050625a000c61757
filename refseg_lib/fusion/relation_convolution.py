"""Stacked convolutions with weights of their own for every type of relation (paper 000 §3.2.3).

Conv_r and Conv_{r^-1} of Eq. 4 turn a node's map into one score per cell. Of their layers the paper
only says "stacked"; ours are a 3x3 convolution to ``hidden`` channels, ReLU, and a 3x3 convolution
to one. All edges of a batch that have a type in common are convolved together.

Legend: E edges, D channels, R types; h x w cells.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.pairwise_shift import Edges


class RelationConvolution(nn.Module):
    """Both layers per type: 2 R (9 D hidden + 9 hidden) weights; 36.6 M with the paper's widths.

    Attributes:
        first: 2 R times (hidden, D, 3, 3); row r belongs to relation r, row R + r to its inverse.
            A parameter each: the gradient of a row of one large tensor is as large as all of it.
        last: (2 R, hidden, 3, 3).
    """

    def __init__(self, *, types: int, channels: int, hidden: int) -> None:
        """Make the weights.

        Args:
            types: R, how many relations there are.
            channels: D, channels of a node's map.
            hidden: Channels between the layers.
        """
        super().__init__()
        self.types = types
        self.first = nn.ParameterList(torch.empty(hidden, channels, 3, 3) for _ in range(2 * types))
        self.first_bias = nn.Parameter(torch.empty(2 * types, hidden))
        self.last = nn.Parameter(torch.empty(2 * types, hidden, 3, 3))
        self.last_bias = nn.Parameter(torch.empty(2 * types))
        self.initialise()

    def initialise(self) -> None:
        """Set each type's two convolutions to Glorot uniform with zero bias."""
        for row in range(2 * self.types):
            nn.init.xavier_uniform_(self.first[row])
        _start_last_layer(self.last, self.last_bias)
        nn.init.zeros_(self.first_bias)

    def forward(self, maps: Tensor, edges: Edges, inverse: bool) -> Tensor:
        """Score the cells of every edge's map with the weights of its relation.

        Args:
            maps: (E, D, h, w), in the order of ``edges``.
            edges: Whose types stand in runs.
            inverse: Use Conv_{r^-1} instead of Conv_r.

        Returns:
            (E, 1, h, w), before the tanh.
        """
        offset = self.types if inverse else 0
        hidden = [
            F.conv2d(together, self.first[offset + kind], self.first_bias[offset + kind], padding=1)
            for (kind, _), together in zip(
                edges.groups, maps.split([count for _, count in edges.groups]), strict=True
            )
        ]
        row = edges.types + offset
        return _score(F.relu(torch.cat(hidden)), self.last[row], self.last_bias[row])


class SharedRelationConvolution(nn.Module):
    """The first layer shared by all types and directions, only the last one per type (0.66 M).

    Our choice where a type is seen a few hundred times only, as in the laptop preset.
    """

    def __init__(self, *, types: int, channels: int, hidden: int) -> None:
        """Make the weights; arguments as in :class:`RelationConvolution`."""
        super().__init__()
        self.types = types
        self.first = nn.Conv2d(channels, hidden, 3, padding=1)
        self.last = nn.Parameter(torch.empty(2 * types, hidden, 3, 3))
        self.last_bias = nn.Parameter(torch.empty(2 * types))
        self.initialise()

    def initialise(self) -> None:
        """Set each type's last convolution to Glorot uniform with zero bias."""
        _start_last_layer(self.last, self.last_bias)

    def forward(self, maps: Tensor, edges: Edges, inverse: bool) -> Tensor:
        """Score the cells of every edge's map, see :class:`RelationConvolution`."""
        row = edges.types + (self.types if inverse else 0)
        return _score(F.relu(self.first(maps)), self.last[row], self.last_bias[row])


def _start_last_layer(weight: Tensor, bias: Tensor) -> None:
    for row in range(len(weight)):
        nn.init.xavier_uniform_(weight[row : row + 1])
    nn.init.zeros_(bias)


def _score(hidden: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Convolve each map (E, C, h, w) with its own (E, C, 3, 3) to one channel.

    One library convolution per edge costs far more than its arithmetic: score every cell for all
    nine places in one batched product, then add the scores up where they belong, as
    :class:`refseg_lib.fusion.thin_convolution.ThinConvolution` does.
    """
    places = weight.flip(2, 3).flatten(2).mT
    scores = places @ hidden.flatten(2)
    size = (hidden.shape[-2], hidden.shape[-1])
    folded = F.fold(scores, size, kernel_size=3, padding=1)
    return folded + bias[:, None, None, None].to(folded.dtype)
