"""Gated multi-level fusion as paper 004 prints it (§3.3, Eq. 5), and the self-gated ablation.

Each level i sends its map X^i through its memory gate m_i to the other levels, and keeps, through
its reset gate r_i, part of what it was. The gates are single-channel maps. How they come about is
not said in the paper: our choice is one 3x3 convolution per level, sigmoid, bias starting at +1
(as the released code adds 1 before its sigmoid, :mod:`refseg_lib.fusion.gated_released`).
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from refseg_lib.fusion.levels import add, same_size
from refseg_lib.fusion.thin_convolution import ThinConvolution
from refseg_lib.trace import emit


def gate(
    levels: Sequence[Tensor], memory: Sequence[Tensor], reset: Sequence[Tensor], gamma: Tensor
) -> list[Tensor]:
    """Exchange information between levels, Eq. 5.

    G^i = (1 - m_i) X^i + sum over j != i of gamma_j m_j X^j, then
    F^i = r_i tanh(G^i) + (1 - r_i) X^i.

    Args:
        levels: L maps X^i, each (B, C, h, w).
        memory: L gates m_i in [0, 1], each (B, 1, h, w).
        reset: L gates r_i in [0, 1], each (B, 1, h, w).
        gamma: (L,) how much each level's messages count.

    Returns:
        L maps F^i, each (B, C, h, w).
    """
    # In the order of Eq. 5 this is thirty passes over maps too large for a processor's cache; with
    # s = sum_j gamma_j m_j X^j, G^i = s + (1 - m_i - gamma_i m_i) X^i is ten.
    sending = [gamma[i] * m for i, m in enumerate(memory)]
    messages = sending[0] * levels[0]
    for share, x in zip(sending[1:], levels[1:], strict=True):
        messages = torch.addcmul(messages, share, x)
    fused = []
    for x, m, share, r in zip(levels, memory, sending, reset, strict=True):
        controller = torch.addcmul(messages, 1 - m - share, x)
        fused.append(x.lerp(controller.tanh().to(x.dtype), r.to(x.dtype)))
    return fused


class GatedFusion(nn.Module):
    """Eq. 5-6 up to the last convolution: gates per level, exchange, sum.

    Traces (h x w is the finest level's grid):
        gated.<level>.memory (B, h, w): m_i; gated.<level>.reset (B, h, w): r_i.
    """

    trace_name = "gated"

    def __init__(self, levels: Sequence[str], channels: int) -> None:
        """Make the gates.

        Args:
            levels: Names of the levels.
            channels: Channels of each map X^i.
        """
        super().__init__()
        self.gates = nn.ModuleDict({level: ThinConvolution(channels, 2) for level in levels})
        self.gamma = nn.Parameter(torch.full((len(levels),), 0.5))

    def initialise(self) -> None:
        """Open the gates: bias +1, see the module's docstring."""
        for name, parameter in self.gates.named_parameters():
            if name.endswith("bias"):
                nn.init.ones_(parameter)

    def forward(self, levels: Mapping[str, Tensor]) -> Tensor:
        """Fuse level name -> (B, C, h, w) into one (B, C, h, w) on the finest grid."""
        maps = same_size([levels[name] for name in self.gates])
        memory, reset = [], []
        for (name, convolution), x in zip(self.gates.items(), maps, strict=True):
            m, r = convolution(x).sigmoid().split(1, 1)
            emit(self, f"{name}.memory", m[:, 0])
            emit(self, f"{name}.reset", r[:, 0])
            memory.append(m)
            reset.append(r)
        return add(gate(maps, memory, reset, self.gamma))


class SelfGatedFusion(nn.Module):
    """The ablation "CMSA+Gated" of Table 3: each level times its memory gate, summed.

    Traces: gated.<level>.memory (B, h, w).
    """

    trace_name = "gated"

    def __init__(self, levels: Sequence[str], channels: int) -> None:
        """Make the gates; arguments as in :class:`GatedFusion`."""
        super().__init__()
        self.gates = nn.ModuleDict({level: ThinConvolution(channels, 1) for level in levels})

    def initialise(self) -> None:
        """Open the gates: bias +1."""
        for name, parameter in self.gates.named_parameters():
            if name.endswith("bias"):
                nn.init.ones_(parameter)

    def forward(self, levels: Mapping[str, Tensor]) -> Tensor:
        """Fuse level name -> (B, C, h, w) into one (B, C, h, w) on the finest grid."""
        maps = same_size([levels[name] for name in self.gates])
        gated = []
        for (name, convolution), x in zip(self.gates.items(), maps, strict=True):
            m = convolution(x).sigmoid()
            emit(self, f"{name}.memory", m[:, 0])
            gated.append(m * x)
        return add(gated)
