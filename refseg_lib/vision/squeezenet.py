"""SqueezeNet 1.1 with taps: the smallest published ImageNet backbone, 0.72 M parameters.

Iandola et al., 2016, §3 (Fire modules) in the 1.1 layout: pooling early, so it is also fast. Names
follow torchvision's ``features``. Pooling rounds up, as in Caffe and torchvision.
"""

import torch
from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.vision.preprocessing import Preprocessing, squeezenet_bgr
from refseg_lib.vision.weight_files import load_trunk

CHANNELS = {"c2": 64, "c3": 128, "c4": 256, "c5": 512}
STRIDES = {"c2": 2, "c3": 4, "c4": 8, "c5": 16}

# The layer after which a stride ends.
_TAPS = {1: "c2", 4: "c3", 7: "c4", 12: "c5"}


class _Fire(nn.Module):
    """Squeeze to few channels, expand by 1x1 and 3x3 side by side."""

    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.squeeze(x))
        return torch.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


class SqueezeNetTrunk(nn.Module):
    """Taps one level finer than a ResNet's: strides 2, 4, 8 and 16."""

    def __init__(self) -> None:
        """Start from random weights."""
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, stride=2),
            nn.ReLU(),
            _pool(),
            _Fire(64, 16, 64),
            _Fire(128, 16, 64),
            _pool(),
            _Fire(128, 32, 128),
            _Fire(256, 32, 128),
            _pool(),
            _Fire(256, 48, 192),
            _Fire(384, 48, 192),
            _Fire(384, 64, 256),
            _Fire(512, 64, 256),
        )

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Turn a preprocessed (B, 3, H, W) image into taps.

        Returns:
            c2 (B, 64, ~H/2, ~W/2), c3 (B, 128, ~H/4, ~W/4), c4 (B, 256, ~H/8, ~W/8) and
            c5 (B, 512, ~H/16, ~W/16): the first convolution is unpadded, so a cell may be
            missing (320 pixels: 159, 79, 39 and 19 cells).
        """
        taps = {}
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in _TAPS:
                taps[_TAPS[index]] = x
        return taps


def load_weights(trunk: nn.Module, weights: str) -> Preprocessing:
    """Fill a trunk from a file in torchvision's layout of the Caffe-trained weights.

    Args:
        trunk: A :class:`SqueezeNetTrunk`.
        weights: The path; there is no built-in file.

    Returns:
        The preprocessing of these weights.

    Raises:
        UserError: No path, no such file, or a file of another architecture.
    """
    if weights == "imagenet":
        raise UserError(
            "squeezenet1_1 has no ImageNet weights built in; give the path of a state_dict with"
            ' torchvision\'s names, or use weights="none" for a random start'
        )
    load_trunk(trunk, weights, rename=lambda k: None if k.startswith("classifier.") else k)
    return squeezenet_bgr()
