"""Backbones: an RGB image in, the taps {c2, c3, c4, c5} out, frozen unless asked otherwise.

All five papers keep a pretrained backbone fixed and fuse language into its deeper maps (001 §4.1,
002 §4.2, 003 §4.2). "Fixed" includes batch norm: its running means must not move either, which a
plain ``model.train()`` would undo, so a frozen backbone refuses to leave evaluation mode.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.vision import (
    deeplab_v2,
    efficientnet_lite,
    laptop,
    preprocessing,
    resnet,
    squeezenet,
)
from refseg_lib.vision.preprocessing import Preprocessing


@dataclass(frozen=True)
class Architecture:
    """How to make one backbone.

    Attributes:
        build: Makes the randomly initialised trunk: preprocessed image -> taps.
        channels: Channels of each tap.
        strides: Pixels per cell of each tap.
        default: What ``weights="default"`` stands for.
        load: Fills the trunk from a named pretraining or a path and returns the preprocessing
            that those weights were trained with.
        preprocessing: The rule used with random weights.
    """

    build: Callable[[], nn.Module]
    channels: dict[str, int]
    strides: dict[str, int]
    default: str
    load: Callable[[nn.Module, str], Preprocessing]
    preprocessing: Callable[[], Preprocessing]


class Backbone(nn.Module):
    """A trunk together with the preprocessing its weights need.

    Attributes:
        name: The architecture, a key of ``BACKBONES``.
        weights: The pretraining, e.g. ``"imagenet"``, ``"parkref-semantic"``, ``"none"`` or the
            path that was given. ``build_backbone(name, weights)`` builds the same thing again.
        channels: Tap name to channels.
        strides: Tap name to pixels per cell.
        frozen: Whether the weights and batch-norm statistics stay as they are.
    """

    def __init__(
        self,
        trunk: nn.Module,
        preprocess: Preprocessing,
        *,
        name: str,
        weights: str,
        channels: dict[str, int],
        strides: dict[str, int],
        frozen: bool,
    ) -> None:
        """Join a trunk and its preprocessing; use :func:`build_backbone` instead of this."""
        super().__init__()
        self.trunk = trunk
        self.preprocess = preprocess
        self.name = name
        self.weights = weights
        self.channels = dict(channels)
        self.strides = dict(strides)
        self.frozen = frozen
        if frozen:
            self.requires_grad_(False)
            self.eval()

    def train(self, mode: bool = True) -> "Backbone":
        """Switch to training mode, unless frozen: then stay in evaluation mode."""
        return super().train(mode and not self.frozen)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Extract the taps.

        Args:
            image: (B, 3, H, W) RGB in [0, 1]. Padding is black.

        Returns:
            ``{"c2", "c3", "c4", "c5"}`` to (B, C, h, w); without gradient when frozen.
        """
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            return self.trunk(self.preprocess(image))


BACKBONES: dict[str, Architecture] = {
    "laptop": Architecture(
        laptop.LaptopTrunk,
        laptop.CHANNELS,
        laptop.STRIDES,
        "parkref-semantic",
        laptop.load_weights,
        preprocessing.centred_rgb,
    ),
    "resnet50": Architecture(
        functools.partial(resnet.ResNetTrunk, 50),
        resnet.CHANNELS,
        resnet.STRIDES,
        "imagenet",
        resnet.load_weights(50),
        preprocessing.imagenet_rgb,
    ),
    "resnet101": Architecture(
        functools.partial(resnet.ResNetTrunk, 101),
        resnet.CHANNELS,
        resnet.STRIDES,
        "imagenet",
        resnet.load_weights(101),
        preprocessing.imagenet_rgb,
    ),
    "deeplab_v2_r101": Architecture(
        deeplab_v2.DeepLabV2Trunk,
        deeplab_v2.CHANNELS,
        deeplab_v2.STRIDES,
        "voc",
        deeplab_v2.load_weights,
        preprocessing.caffe_bgr,
    ),
    "efficientnet_lite0": Architecture(
        efficientnet_lite.EfficientNetLite0Trunk,
        efficientnet_lite.CHANNELS,
        efficientnet_lite.STRIDES,
        "imagenet",
        efficientnet_lite.load_weights,
        preprocessing.tensorflow_lite_rgb,
    ),
    "squeezenet1_1": Architecture(
        squeezenet.SqueezeNetTrunk,
        squeezenet.CHANNELS,
        squeezenet.STRIDES,
        "imagenet",
        squeezenet.load_weights,
        preprocessing.squeezenet_bgr,
    ),
}


def build_backbone(name: str, weights: str | Path = "default", *, frozen: bool = True) -> Backbone:
    """Make a backbone by name.

    Args:
        name: A key of ``BACKBONES``.
        weights: ``"default"`` for the architecture's usual pretraining, ``"none"`` for a random
            start, the name of a pretraining, or the path of a weight file.
        frozen: Keep the weights and batch-norm statistics fixed (the papers' setting).

    Returns:
        The backbone on the CPU; in evaluation mode when frozen.

    Raises:
        UserError: An unknown name, or weights that are missing or belong to something else.
    """
    if name not in BACKBONES:
        raise UserError(f"unknown backbone {name!r}; choose one of {', '.join(BACKBONES)}")
    architecture = BACKBONES[name]
    chosen = architecture.default if str(weights) == "default" else str(weights)
    trunk = architecture.build()
    preprocess = (
        architecture.preprocessing() if chosen == "none" else architecture.load(trunk, chosen)
    )
    return Backbone(
        trunk,
        preprocess,
        name=name,
        weights=chosen,
        channels=architecture.channels,
        strides=architecture.strides,
        frozen=frozen,
    )
