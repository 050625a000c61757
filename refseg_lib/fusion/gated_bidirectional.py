"""Gated bi-directional fusion, GBFM, which paper 003 compares HCAM with (Table 4).

Paper 003 credits Hui et al. (LSCM); the module of that name is in BRINet (Hu et al., CVPR 2020),
whose equations no paper here repeats. Our reading, from the facts of BRINet's public code: a gated
unit lets a neighbour's map x into y,

    u = ReLU(conv1x1([x; y])),  unit(x, y) = sigmoid(conv3x3(u)) x + y;

with three levels the deep-to-shallow pass is unit(unit(X5, X4), unit(X4, X3)), the
shallow-to-deep pass unit(unit(X3, X4), unit(X4, X5)), and the result ReLU(conv3x3(sum of both)).
Every unit has weights of its own.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.levels import same_size
from refseg_lib.trace import emit


class GatedUnit(nn.Module):
    """unit(x, y) = gate(x, y) x + y; the gate has all channels."""

    def __init__(self, channels: int) -> None:
        """Make the two convolutions."""
        super().__init__()
        self.mix = nn.Conv2d(2 * channels, channels, 1)
        self.gate = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Let x into y, both (B, C, h, w).

        Traces: gbfm.<unit> (B, h, w): the gate, its mean over channels.
        """
        gate = self.gate(self.mix(torch.cat([x, y], 1)).relu()).sigmoid()
        emit(self, "gate", lambda: gate.mean(1))
        return torch.addcmul(y, gate.to(y.dtype), x)


class GatedBidirectionalFusion(nn.Module):
    """Three levels, six gated units, one 3x3 convolution.

    Traces: gbfm.<pass>.<unit>.gate (B, h, w), with pass ``down`` (deep to shallow) or ``up`` and
    unit ``shallow``, ``deep`` or ``joined``: the mean of the gate over channels.
    """

    def __init__(self, levels: Sequence[str], channels: int) -> None:
        """Make the units.

        Args:
            levels: Names of three levels, shallow to deep.
            channels: Channels of each map and of the result.

        Raises:
            UserError: Not three levels.
        """
        super().__init__()
        if len(levels) != 3:
            raise UserError(
                f"gated bi-directional fusion joins three levels, got {', '.join(levels)}; give"
                " three levels or another fusion"
            )
        self.levels = tuple(levels)
        self.down, self.up = (
            nn.ModuleDict({unit: GatedUnit(channels) for unit in ("shallow", "deep", "joined")})
            for _ in range(2)
        )
        for name, units in (("down", self.down), ("up", self.up)):
            for unit, module in units.items():
                module.__dict__["trace_name"] = f"gbfm.{name}.{unit}"
        self.out = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, levels: Mapping[str, Tensor]) -> Tensor:
        """Fuse level name -> (B, C, h, w) into one (B, C, h, w) on the finest grid."""
        shallow, middle, deep = same_size([levels[level] for level in self.levels])
        down = self.down["joined"](
            self.down["deep"](deep, middle), self.down["shallow"](middle, shallow)
        )
        up = self.up["joined"](self.up["shallow"](shallow, middle), self.up["deep"](middle, deep))
        return self.out(down + up).relu()
