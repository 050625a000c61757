"""torchvision's ResNet-50 and ResNet-101, dilated to stride 8, with taps Res2 to Res5.

The stride sits on the 3x3 convolutions, so Caffe's DeepLab-v2 weights do not fit (see
``deeplab_v2``). BUSNet taps Res2..5, CMSA and CMPC Res3..5.
"""

import os
from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.vision.preprocessing import Preprocessing, imagenet_rgb
from refseg_lib.vision.torchvision_import import torchvision_models
from refseg_lib.vision.weight_files import load_trunk

CHANNELS = {"c2": 256, "c3": 512, "c4": 1024, "c5": 2048}
STRIDES = {"c2": 4, "c3": 8, "c4": 8, "c5": 8}


class ResNetTrunk(nn.Module):
    """A torchvision ResNet without its classifier: Res4 and Res5 dilate instead of striding."""

    def __init__(self, depth: int) -> None:
        """Start from random weights.

        Args:
            depth: 50 or 101.
        """
        super().__init__()
        make = getattr(torchvision_models(), f"resnet{depth}")
        net = make(weights=None, replace_stride_with_dilation=[False, True, True])
        self.conv1, self.bn1, self.relu, self.maxpool = net.conv1, net.bn1, net.relu, net.maxpool
        self.layer1, self.layer2 = net.layer1, net.layer2
        self.layer3, self.layer4 = net.layer3, net.layer4

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Turn a preprocessed (B, 3, H, W) image into taps.

        Returns:
            c2 (B, 256, H/4, W/4), c3 (B, 512, H/8, W/8), c4 (B, 1024, H/8, W/8) and
            c5 (B, 2048, H/8, W/8), sizes rounded up, after the last ReLU of each stage.
        """
        c2 = self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(x)))))
        c3 = self.layer2(c2)
        c4 = self.layer3(c3)
        return {"c2": c2, "c3": c3, "c4": c4, "c5": self.layer4(c4)}


def _without_classifier(key: str) -> str | None:
    """Keep a ResNet's layers, or the same as the body of a DeepLabV3."""
    if key.startswith(("fc.", "classifier.", "aux_classifier.")):
        return None
    return key.removeprefix("backbone.")


FILES = {"imagenet": "resnet{depth}-*.pth", "coco": "deeplabv3_resnet{depth}_coco-*.pth"}
"""Pretraining to the name of torchvision's file of it. COCO's train2014 holds the pictures that
RefCOCO, RefCOCO+ and RefCOCOg are evaluated on: :func:`refseg_lib.data.overlap.leaks` says so."""


def cached_file(depth: int, pretraining: str = "imagenet") -> Path:
    """Find torchvision's file in torch's own download folder; nothing is downloaded.

    Args:
        depth: 50 or 101.
        pretraining: A key of :data:`FILES`: the classifier of ImageNet, or the body of the
            DeepLabV3 that learned COCO's segmentation with VOC's 20 classes.

    Raises:
        UserError: The file is not there; the message says where it is looked for and from where
            it can be fetched.
    """
    home = Path(os.environ.get("TORCH_HOME", Path.home() / ".cache" / "torch"))
    folder = home / "hub" / "checkpoints"
    pattern = FILES[pretraining].format(depth=depth)
    found = sorted(folder.glob(pattern))
    if found:
        return found[-1]
    raise UserError(
        f"no {pretraining} weights of resnet{depth} in {folder}; expected {pattern} from"
        f" https://download.pytorch.org/models: put the file there, give its path, or use"
        ' weights="none" for a random start'
    )


def load_weights(depth: int) -> Callable[[nn.Module, str], Preprocessing]:
    """Make the function that fills a ResNet trunk of one depth.

    Args:
        depth: 50 or 101.

    Returns:
        ``load(trunk, weights)`` with ``weights`` ``"imagenet"``, ``"coco"``, or a path in
        torchvision's layout (a ResNet, or a DeepLabV3, whose body is taken). It returns the
        preprocessing of these weights and raises ``UserError`` when the file is missing, damaged or
        another architecture's.
    """

    def load(trunk: nn.Module, weights: str) -> Preprocessing:
        path = cached_file(depth, weights) if weights in FILES else Path(weights)
        load_trunk(trunk, path, rename=_without_classifier)
        return imagenet_rgb()

    return load
