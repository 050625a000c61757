"""What a backbone's weights expect of their pixels.

The rule belongs to the weight file, never to the model that uses it (spec: "preprocessing"): the
same ResNet-101 wants ImageNet means with torchvision's weights and BGR minus means with Caffe's.
Every backbone therefore takes one kind of image, RGB in [0, 1], and converts it inside.
"""

import torch
from torch import Tensor, nn


class Preprocessing(nn.Module):
    """``(255 * image - mean) / std``, channel by channel, in the weights' channel order."""

    mean: Tensor
    std: Tensor

    def __init__(
        self, mean: tuple[float, ...], std: tuple[float, ...], *, bgr: bool = False
    ) -> None:
        """Fix the rule.

        Args:
            mean: Three means in 0-255 units, in the order of the output channels.
            std: Three divisors in 0-255 units, in the order of the output channels.
            bgr: Whether the weights want blue first, as everything trained with Caffe does.
        """
        super().__init__()
        self.bgr = bgr
        # Not persistent: these numbers are code, and a weight file must not be able to change them.
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Convert RGB in [0, 1], (B, 3, H, W), to what the weights were trained on."""
        if self.bgr:
            image = image.flip(1)
        return (255.0 * image - self.mean) / self.std


def imagenet_rgb() -> Preprocessing:
    """Return torchvision's rule: RGB, ImageNet means and standard deviations."""
    return Preprocessing((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))


def caffe_bgr() -> Preprocessing:
    """Return DeepLab-v2's rule: BGR minus the means of the released training code, no scaling.

    Black padding becomes minus the mean, not zero (spec, backbone preprocessing).
    """
    return Preprocessing((104.00698793, 116.66876762, 122.67891434), (1.0, 1.0, 1.0), bgr=True)


def squeezenet_bgr() -> Preprocessing:
    """Return the rule of the Caffe-trained SqueezeNet 1.1: BGR minus three rounded means."""
    return Preprocessing((103.939, 116.779, 123.68), (1.0, 1.0, 1.0), bgr=True)


def tensorflow_lite_rgb() -> Preprocessing:
    """Return EfficientNet-Lite's rule: RGB, ``(value - 127) / 128``."""
    return Preprocessing((127.0, 127.0, 127.0), (128.0, 128.0, 128.0))


def centred_rgb() -> Preprocessing:
    """Return the laptop backbone's rule: RGB, mid-grey to zero, about unit spread."""
    return Preprocessing((127.5, 127.5, 127.5), (63.75, 63.75, 63.75))
