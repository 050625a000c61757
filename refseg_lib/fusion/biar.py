"""Bidirectional attentive refinement, BIAR (paper 000 §3.3, Eq. 5).

Five maps G1..G5, raw ones of the backbone below the reasoned ones of BUS. From the top down each
takes in the one above it, G_i^td = Conv_i(A_i * G_i + Up(G_{i+1}^td)), where only raw maps are
gated: they show the whole picture, and A_i keeps what belongs to the referent. From the bottom up
each takes in the one below, G_i' = Conv_i(G_i^td + A_i * Down(G_{i-1}')): "similar", says the
paper; that the lower one is gated there too is our reading (``gate="self"`` and ``"none"`` are the
others). The sum of all G_i' on the finest grid goes to the head.

A_i = sigmoid(Conv_c(Conv_a(.) + Conv_b(.))) has no nonlinearity inside, so that
:class:`MapGate` computes one channel per place of Conv_c's kernel instead of all of them: exact,
at a fiftieth of the arithmetic. Our choices: all convolutions 3x3, Down is one with a stride, raw
maps are brought to the common width by a 1x1 convolution first.

Legend: I images, B sentences, C channels, h x w cells.
"""

import itertools
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.context import Context
from refseg_lib.fusion.levels import add, same_size
from refseg_lib.fusion.pair_attention import per_sentence
from refseg_lib.trace import emit

GATES = ("lower", "self", "none")
DOWNS = ("convolution", "pool")


class MapGate(nn.Module):
    """A = sigmoid(Conv_c(Conv_a(first) + Conv_b(second))), one value per cell."""

    def __init__(self, channels: int) -> None:
        """Make the three 3x3 convolutions of ``channels``-channel maps."""
        super().__init__()
        self.a = nn.Conv2d(channels, channels, 3, padding=1)
        self.b = nn.Conv2d(channels, channels, 3, padding=1)
        self.c = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, first: Tensor, second: Tensor, image_of: Tensor | None = None) -> Tensor:
        """Compare two maps cell by cell.

        Args:
            first: (I, C, h, w), or (B, C, h, w) without ``image_of``.
            second: (B, C, h, w).
            image_of: (B,) the row of ``first`` of each sentence.

        Returns:
            A (B, 1, h, w) in [0, 1].
        """
        # Conv_c looks at the place d beside a cell through a vector c_d. What it sees there,
        # c_d . Conv_a(G), is itself a convolution of G with nine outputs instead of C; adding the
        # nine up, each from its own place, leaves the border zero where Conv_c has zeros.
        places = self.c.weight.flip(2, 3).flatten(2)[0].mT
        scores = per_sentence(self._seen(first, self.a, places), image_of)
        scores = scores + self._seen(second, self.b, places)
        size = (second.shape[-2], second.shape[-1])
        total = F.fold(scores.flatten(2), size, kernel_size=3, padding=1)
        bias = self.c.bias
        assert bias is not None
        return torch.sigmoid(total + bias.to(total.dtype))

    @staticmethod
    def _seen(maps: Tensor, convolution: nn.Conv2d, places: Tensor) -> Tensor:
        """Compute c_d . convolution(maps) for the nine places d: (., 9, h, w)."""
        bias = convolution.bias
        assert bias is not None
        weight = (places @ convolution.weight.flatten(1)).unflatten(1, convolution.weight.shape[1:])
        return F.conv2d(_channels_last(maps), weight, places @ bias, padding=1)


class BIAR(nn.Module):
    """Top-down and bottom-up refinement of raw and reasoned maps.

    Traces (h x w is the map's own grid):
        biar.<map>.top_down (B, h, w), biar.<map>.bottom_up (B, h, w): the gates A in [0, 1]. Maps
            are called ``c3`` when raw and ``c4_reasoned`` when not.

    Attributes:
        wants_context: True: called with the context as well, for the raw maps.
        levels: The raw levels.
    """

    wants_context = True
    trace_name = "biar"

    def __init__(
        self,
        raw: Mapping[str, int],
        reasoned: Mapping[str, int],
        strides: Mapping[str, int],
        width: int,
        *,
        gate: str = "lower",
        down: str = "convolution",
        activation: bool = False,
    ) -> None:
        """Make the convolutions.

        Args:
            raw: Level name to channels of the backbone's maps, finest first.
            reasoned: Level name to channels of the per-level fusion's maps, finest first.
            strides: Level name to stride in pixels.
            width: Channels of all maps inside, and of the result.
            gate: What the bottom-up gate multiplies: ``"lower"``, ``"self"`` or ``"none"``.
            down: ``"convolution"`` or ``"pool"``.
            activation: ReLU after every Conv_i; Eq. 5 has none.

        Raises:
            UserError: An unknown gate or way down.
        """
        super().__init__()
        for what, given, known in (("gate", gate, GATES), ("down", down, DOWNS)):
            if given not in known:
                raise UserError(
                    f"unknown {what} {given!r} for BIAR; choose one of {', '.join(known)}"
                )
        self.levels, self.reasoned, self.gate = tuple(raw), tuple(reasoned), gate
        self.activation = activation
        names = [*raw, *(f"{level}_reasoned" for level in reasoned)]
        channels = dict(zip(names, (*raw.values(), *reasoned.values()), strict=True))
        stride = dict(zip(names, (strides[level] for level in (*raw, *reasoned)), strict=True))
        self.names = names
        self.enter = nn.ModuleDict(
            {
                name: nn.Identity()
                if channels[name] == width and name not in raw
                else nn.Conv2d(channels[name], width, 1)
                for name in names
            }
        )

        def mix() -> nn.Module:
            return nn.Conv2d(width, width, 3, padding=1)

        self.top_down = nn.ModuleDict({name: mix() for name in names})
        self.top_down_gate = nn.ModuleDict({name: MapGate(width) for name in raw})
        self.bottom_up = nn.ModuleDict({name: mix() for name in names})
        self.bottom_up_gate = nn.ModuleDict(
            {name: MapGate(width) for name in names[1:] if gate != "none"}
        )
        self.down = nn.ModuleDict(
            {
                upper: nn.Conv2d(width, width, 3, stride[upper] // stride[lower], padding=1)
                for lower, upper in itertools.pairwise(names)
                if stride[upper] > stride[lower] and down == "convolution"
            }
        )

    def forward(self, levels: Mapping[str, Tensor], context: Context) -> Tensor:
        """Refine.

        Args:
            levels: Level name to the reasoned (B, C', h, w).
            context: Holds the raw maps, one per image.

        Returns:
            (B, width, h, w) on the finest grid.
        """
        entered = {name: self.enter[name](self._map(name, levels, context)) for name in self.names}
        above: Tensor | None = None
        down_pass: dict[str, Tensor] = {}
        for name in reversed(self.names):
            above = self._from_above(name, entered[name], above, context.image_of)
            down_pass[name] = above
        below = self._mix(self.bottom_up[self.names[0]], down_pass[self.names[0]])
        refined = [below]
        for name in self.names[1:]:
            below = self._from_below(name, down_pass[name], below)
            refined.append(below)
        # Enlarging is linear: maps of one size are added before it.
        by_size: dict[torch.Size, list[Tensor]] = {}
        for x in refined:
            by_size.setdefault(x.shape[-2:], []).append(x)
        return add(same_size([add(maps) for maps in by_size.values()]))

    def _map(self, name: str, levels: Mapping[str, Tensor], context: Context) -> Tensor:
        if name in self.levels:
            return context.features[name]
        return levels[name.removesuffix("_reasoned")]

    def _mix(self, convolution: nn.Module, x: Tensor) -> Tensor:
        mixed = convolution(_channels_last(x))
        return F.relu(mixed) if self.activation else mixed

    def _from_above(
        self, name: str, own: Tensor, above: Tensor | None, image_of: Tensor | None
    ) -> Tensor:
        """Compute G_i^td from G_i (I or B, C, h, w) and G_{i+1}^td."""
        if above is not None:
            above = _resize(above, own)
        if name in self.levels:
            assert above is not None, "the highest map is a reasoned one"
            gate = self.top_down_gate[name](own, above, image_of)
            emit(self, f"{name}.top_down", gate[:, 0])
            own = gate * per_sentence(own, image_of)
        return self._mix(self.top_down[name], own if above is None else own + above)

    def _from_below(self, name: str, own: Tensor, below: Tensor) -> Tensor:
        """Compute G_i' from G_i^td and G_{i-1}'."""
        below = self.down[name](below) if name in self.down else below
        below = _resize(below, own)
        if self.gate != "none":
            gate = self.bottom_up_gate[name](own, below)
            emit(self, f"{name}.bottom_up", gate[:, 0])
            if self.gate == "lower":
                below = gate * below
            else:
                own = gate * own
        return self._mix(self.bottom_up[name], own + below)


def _channels_last(x: Tensor) -> Tensor:
    """Lay a map out as processors convolve it; a training step is a twelfth shorter."""
    return x.contiguous(memory_format=torch.channels_last)


def _resize(x: Tensor, like: Tensor) -> Tensor:
    """Up and the end of Down: bilinear to another grid, by averages to a coarser one."""
    size = (like.shape[-2], like.shape[-1])
    if x.shape[-2:] == size:
        return x
    if x.shape[-2] * x.shape[-1] > size[0] * size[1]:
        return F.adaptive_avg_pool2d(x, size)
    return F.interpolate(x, size, mode="bilinear", align_corners=False)
