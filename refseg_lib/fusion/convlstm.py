"""ConvLSTM over levels: the levels are the time steps, the last state is the fused map.

Papers 001 and 002 end so (001 §3.3, cell size 500) without saying more; 000, 003 and 004 have it in
their ablations. The cell follows the code that 001 and RRN share: [x; h] through one convolution to
j, i, f, o; i and f peep at the old state c, o at the new one; j, i, f, o and the new c are
normalised over the whole map (:class:`refseg_lib.fusion.released_norms.JointNorm`); the normalised
c is what the next step sees:

    c' = c sigmoid(f + 1) + sigmoid(i) tanh(j),    h' = sigmoid(o) tanh(c').

``peephole="none", norm="none", forget_bias=0`` is the plain cell of 003's code, with a bias. There
the peepholes are one weight per channel *and cell of a 40 x 40 grid*: ``"spatial"``; our default
``"channel"`` fits any grid. The order of the levels is 001's, low to high; RRN goes high to low.
Legend: B sentences, P pixels, C channels.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.levels import same_size
from refseg_lib.fusion.released_norms import JointNorm

PEEPHOLES = ("channel", "spatial", "none")
NORMS = ("joint", "none")


class ConvLSTMCell(nn.Module):
    """One step. Maps are (B, P, C) here, P = h w."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        kernel: int = 1,
        peephole: str = "channel",
        norm: str = "joint",
        forget_bias: float = 1.0,
        size: tuple[int, int] | None = None,
    ) -> None:
        """Make the convolution, the peepholes and the normalisations.

        Args:
            inputs: Channels of a level.
            hidden: Channels of the state.
            kernel: Side of the convolution, odd (1 in the released code).
            peephole: ``"channel"``, ``"spatial"`` (needs ``size``) or ``"none"``.
            norm: ``"joint"`` or ``"none"``; only without it the convolution has a bias.
            forget_bias: Added to f before its sigmoid.
            size: (h, w), the only grid that spatial peepholes fit.

        Raises:
            UserError: An unknown ``peephole`` or ``norm``, spatial peepholes without a size, or an
                even kernel.
        """
        super().__init__()
        for what, given, known in (("peephole", peephole, PEEPHOLES), ("norm", norm, NORMS)):
            if given not in known:
                raise UserError(
                    f"unknown {what} {given!r} given to ConvLSTM; choose one of {', '.join(known)}"
                )
        if peephole == "spatial" and size is None:
            raise UserError(
                "spatial peepholes given to ConvLSTM without a size: they fit one grid only; give"
                " size=(h, w) or take peephole='channel'"
            )
        if kernel % 2 == 0:
            raise UserError(f"kernel {kernel} given to ConvLSTM; expected an odd number")
        self.inputs, self.forget_bias = inputs, forget_bias
        self.size = size if peephole == "spatial" else None
        self.gates = nn.Conv2d(
            inputs + hidden, 4 * hidden, kernel, padding=kernel // 2, bias=norm == "none"
        )
        self.peepholes = None
        if peephole != "none":
            shape = (hidden,) if self.size is None else (self.size[0] * self.size[1], hidden)
            self.peepholes = nn.ParameterDict(
                {gate: nn.Parameter(torch.zeros(shape)) for gate in ("i", "f", "o")}
            )
        self.norms = None
        if norm == "joint":
            self.norms = nn.ModuleDict({gate: JointNorm(hidden) for gate in "jifoc"})

    def initialise(self) -> None:
        """Start spatial peepholes as TensorFlow does (Glorot), channel-wise ones at zero.

        TensorFlow takes (h, w, C) for a kernel of length h from w to C channels. For one number per
        channel it has no rule: they start closed.
        """
        if self.peepholes is None or self.size is None:
            return
        height, width = self.size
        for peephole in self.peepholes.values():
            limit = (6 / (height * (width + peephole.shape[-1]))) ** 0.5
            nn.init.uniform_(peephole, -limit, limit)

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Take one step.

        Args:
            x: (B, P, inputs).
            state: (c, h), each (B, P, hidden); None at the first step, for zeros.
            size: (h, w).

        Returns:
            The new (c, h).

        Raises:
            UserError: The peepholes are for another grid.
        """
        if self.size is not None and self.size != size:
            raise UserError(
                f"a map of {size[0]}x{size[1]} cells given to a ConvLSTM whose spatial peepholes"
                f" are for {self.size[0]}x{self.size[1]}; use inputs of one size, or"
                " peephole='channel'"
            )
        j, i, f, o = self._convolved(x, None if state is None else state[1], size).chunk(4, -1)
        if state is not None:
            i, f = self._peeped("i", i, state[0]), self._peeped("f", f, state[0])
        c = self._normed("i", i).sigmoid() * self._normed("j", j).tanh()
        # At the first step there is nothing to forget.
        if state is not None:
            c = torch.addcmul(c, state[0], (self._normed("f", f) + self.forget_bias).sigmoid())
        o = self._normed("o", self._peeped("o", o, c))
        c = self._normed("c", c)
        return c, o.sigmoid() * c.tanh()

    def _convolved(self, x: Tensor, h: Tensor | None, size: tuple[int, int]) -> Tensor:
        """Convolve [x; h], or x alone where h is zero, into (B, P, 4 hidden)."""
        weight, bias = self.gates.weight, self.gates.bias
        if h is None:
            weight = weight[:, : self.inputs]
        else:
            x = torch.cat([x, h.to(x.dtype)], -1)
        if weight.shape[-1] == 1:
            return F.linear(x, weight[:, :, 0, 0], bias)
        maps = F.conv2d(x.mT.unflatten(-1, size), weight, bias, padding=self.gates.padding)
        return maps.flatten(2).mT

    def _peeped(self, gate: str, value: Tensor, c: Tensor) -> Tensor:
        if self.peepholes is None:
            return value
        return torch.addcmul(value, self.peepholes[gate].to(value.dtype), c.to(value.dtype))

    def _normed(self, gate: str, value: Tensor) -> Tensor:
        return value if self.norms is None else self.norms[gate](value)


class ConvLSTM(nn.Module):
    """Across-level fusion by a ConvLSTM that reads the levels one after another."""

    def __init__(
        self,
        levels: Sequence[str],
        inputs: int,
        hidden: int,
        *,
        order: Sequence[str] | None = None,
        kernel: int = 1,
        peephole: str = "channel",
        norm: str = "joint",
        forget_bias: float = 1.0,
        size: tuple[int, int] | None = None,
    ) -> None:
        """Make the cell.

        Args:
            levels: Names of the levels.
            inputs: Channels of each level.
            hidden: Channels of the state and of the result.
            order: Names of the levels as they are read; None for the order of ``levels``.
            kernel: See :class:`ConvLSTMCell`, as for all that follow.
            peephole: See there.
            norm: See there.
            forget_bias: See there.
            size: See there.

        Raises:
            UserError: ``order`` names another level than ``levels``, or see :class:`ConvLSTMCell`.
        """
        super().__init__()
        self.order = tuple(levels if order is None else order)
        if set(self.order) != set(levels):
            raise UserError(
                f"order {', '.join(self.order)} given to ConvLSTM; expected every one of"
                f" {', '.join(levels)}, each as often as it is to be read"
            )
        self.cell = ConvLSTMCell(
            inputs,
            hidden,
            kernel=kernel,
            peephole=peephole,
            norm=norm,
            forget_bias=forget_bias,
            size=size,
        )

    def forward(self, levels: Mapping[str, Tensor]) -> Tensor:
        """Fuse level name -> (B, inputs, h, w) into one (B, hidden, h, w) on the finest grid."""
        maps = dict(zip(levels, same_size(list(levels.values())), strict=True))
        size = (maps[self.order[0]].shape[-2], maps[self.order[0]].shape[-1])
        state = None
        for name in self.order:
            state = self.cell(maps[name].flatten(2).mT, state, size)
        assert state is not None
        return state[1].mT.unflatten(-1, size)
