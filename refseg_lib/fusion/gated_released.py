"""Gated multi-level fusion as the released code computes it (paper 004's authors, TensorFlow).

Against the printed module (:mod:`refseg_lib.fusion.gated`): gates have all channels; 1 is added
before their sigmoid; a level's own gate (not the sender's) admits the other levels; a transformed
i_i replaces X^i inside the controller; one scalar alpha per level weighs the two others.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.levels import add, same_size
from refseg_lib.trace import emit


class ReleasedGatedFusion(nn.Module):
    """Three levels, one 3x3 convolution each for (i, f, r).

    c = f (alpha X^j + (1 - alpha) X^k) + (1 - f) i, then F = r tanh(c) + (1 - r) X, where j is the
    deeper and k the shallower of the two other levels; the result is the sum over levels.

    Traces (means over channels): gated.<level>.memory (B, h, w), gated.<level>.reset (B, h, w).
    """

    trace_name = "gated"

    def __init__(self, levels: Sequence[str], channels: int) -> None:
        """Make the convolutions.

        Args:
            levels: Names of three levels, shallow to deep.
            channels: Channels of each map.

        Raises:
            UserError: Not three levels.
        """
        super().__init__()
        if len(levels) != 3:
            raise UserError(
                f"the released gated fusion joins three levels, got {', '.join(levels)}; give"
                " three levels or use variant='paper'"
            )
        self.gates = nn.ModuleDict(
            {level: nn.Conv2d(channels, 3 * channels, 3, padding=1) for level in levels}
        )
        self.alpha = nn.Parameter(torch.full((3,), 0.5))

    def forward(self, levels: Mapping[str, Tensor]) -> Tensor:
        """Fuse level name -> (B, C, h, w) into one (B, C, h, w) on the finest grid."""
        maps = same_size([levels[name] for name in self.gates])
        fused = []
        for i, (name, convolution) in enumerate(self.gates.items()):
            own = maps[i]
            shallower, deeper = (maps[j] for j in range(3) if j != i)
            # A convolution in half precision answers in it, whatever its input is in.
            candidate, memory, reset = convolution(own).to(own.dtype).chunk(3, 1)
            memory, reset = (memory + 1).sigmoid(), (reset + 1).sigmoid()
            emit(self, f"{name}.memory", lambda gate=memory: gate.mean(1))
            emit(self, f"{name}.reset", lambda gate=reset: gate.mean(1))
            others = shallower.lerp(deeper, self.alpha[i].to(own.dtype))
            fused.append(own.lerp(candidate.lerp(others, memory).tanh(), reset))
        return add(fused)
