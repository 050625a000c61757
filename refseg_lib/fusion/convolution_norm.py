"""The normalisation after a convolution, by name (SHNet, paper 003).

Paper 003 prints none; its released code has batch norm after every convolution. Batch norm in
training makes what a sentence gets depend on the other sentences of its batch, so our default is
group norm: as many weights, and every sentence on its own.
"""

import math

from torch import nn

from refseg_lib.errors import UserError

NORMS = ("group", "batch", "none")
# Channels that are normalised together; groups of one would erase a map of a single cell.
GROUP = 16


def make_norm(kind: str, channels: int) -> nn.Module:
    """Make a normalisation of (B, channels, h, w).

    Args:
        kind: ``"group"`` (groups of about 16 channels), ``"batch"`` or ``"none"``.
        channels: Channels of the map.

    Raises:
        UserError: An unknown kind.
    """
    if kind not in NORMS:
        raise UserError(f"unknown norm {kind!r}; choose one of {', '.join(NORMS)}")
    if kind == "group":
        return nn.GroupNorm(math.gcd(channels, max(1, channels // GROUP)), channels)
    return nn.BatchNorm2d(channels) if kind == "batch" else nn.Identity()


def convolution_block(
    inputs: int, outputs: int, norm: str, rate: int | None = None
) -> nn.Sequential:
    """Make a convolution, its normalisation and a ReLU.

    Args:
        inputs: Channels before.
        outputs: Channels after.
        norm: See :func:`make_norm`; only without one the convolution has a bias.
        rate: Dilation of a 3x3 convolution; None for a 1x1.

    Raises:
        UserError: An unknown norm.
    """
    kernel, padding, dilation = (1, 0, 1) if rate is None else (3, rate, rate)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=padding, dilation=dilation, bias=norm == "none"),
        make_norm(norm, outputs),
        nn.ReLU(),
    )
