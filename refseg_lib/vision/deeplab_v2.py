"""DeepLab-v2's ResNet-101, the backbone of papers 000, 001, 002 and 004 (spec §2.1).

Caffe's ResNet differs from torchvision's in ways that only show when foreign weights are loaded:
the stride sits on the first 1x1 convolution of a stage, Res4 and Res5 keep stride 8 with
dilations 2 and 4 from their first block on, and pixels come as BGR minus means. The pooling rounds
down here: 320 pixels give 40 x 40 cells as in the papers (rounding up would give 41).
"""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.vision.preprocessing import Preprocessing, caffe_bgr
from refseg_lib.vision.weight_files import load_trunk

CHANNELS = {"c2": 256, "c3": 512, "c4": 1024, "c5": 2048}
STRIDES = {"c2": 4, "c3": 8, "c4": 8, "c5": 8}

# Blocks, width, stride and dilation of Res2 to Res5.
_STAGES = ((3, 64, 1, 1), (4, 128, 2, 1), (23, 256, 1, 2), (3, 512, 1, 4))


def _layer(inputs: int, outputs: int, kernel: int, stride: int, dilation: int) -> nn.Sequential:
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=False),
        # Caffe's epsilon; the TensorFlow port silently used 1e-3.
        nn.BatchNorm2d(outputs, eps=1e-5),
    )


class _Bottleneck(nn.Module):
    """1x1 with the stride, dilated 3x3, 1x1, added to the (projected) input."""

    def __init__(
        self, inputs: int, middle: int, *, stride: int, dilation: int, project: bool
    ) -> None:
        super().__init__()
        outputs = 4 * middle
        self.reduce = _layer(inputs, middle, 1, stride, 1)
        self.conv3x3 = _layer(middle, middle, 3, 1, dilation)
        self.increase = _layer(middle, outputs, 1, 1, 1)
        self.shortcut = _layer(inputs, outputs, 1, stride, 1) if project else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.conv3x3(torch.relu(self.reduce(x))))
        return torch.relu(self.increase(y) + self.shortcut(x))


class DeepLabV2Trunk(nn.Module):
    """42.50 M parameters; Res2 at stride 4, Res3 to Res5 at stride 8."""

    def __init__(self) -> None:
        """Start from random weights."""
        super().__init__()
        self.stem = _layer(3, 64, 7, 2, 1)
        self.pool = nn.MaxPool2d(3, 2, padding=1, ceil_mode=False)
        stages, width = [], 64
        for blocks, middle, stride, dilation in _STAGES:
            stage = []
            for index in range(blocks):
                first = index == 0
                stage.append(
                    _Bottleneck(
                        width,
                        middle,
                        stride=stride if first else 1,
                        dilation=dilation,
                        project=first,
                    )
                )
                width = 4 * middle
            stages.append(nn.Sequential(*stage))
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Turn a preprocessed (B, 3, H, W) image into taps, each after the stage's last ReLU.

        Returns:
            c2 (B, 256, H/4, W/4), c3 (B, 512, H/8, W/8), c4 (B, 1024, H/8, W/8) and
            c5 (B, 2048, H/8, W/8), sizes rounded up: 40 x 40 at 320 pixels, 41 x 41 at 321.
        """
        x = self.pool(torch.relu(self.stem(x)))
        taps = {}
        for name, stage in zip(CHANNELS, self.stages, strict=True):
            x = stage(x)
            taps[name] = x
        return taps


def _our_name(key: str) -> str | None:
    """Translate a name of the common PyTorch conversion (layer1..layer5, conv/bn), else keep it.

    ``layer1.conv1.conv.weight`` -> ``stem.0.weight``; ``layer4.block3.conv3x3.bn.bias`` ->
    ``stages.2.2.conv3x3.1.bias``; the ASPP classifier has no tap and is left out.
    """
    key = key.removeprefix("scale.").removeprefix("base.")
    if key.startswith(("aspp.", "fc.")):
        return None
    parts = key.split(".")
    if not parts[0].startswith("layer"):
        return key
    leaf = ["0" if parts[-2] == "conv" else "1", parts[-1]]
    if parts[0] == "layer1":
        return ".".join(["stem", *leaf])
    stage = int(parts[0].removeprefix("layer")) - 2
    block = int(parts[1].removeprefix("block")) - 1
    return ".".join(["stages", str(stage), str(block), parts[2], *leaf])


def load_weights(trunk: nn.Module, weights: str) -> Preprocessing:
    """Fill a trunk from a converted Caffe file.

    Args:
        trunk: A :class:`DeepLabV2Trunk`.
        weights: The path. A file with ``coco_init`` or ``deeplab_resnet_init`` in its name gets a
            warning: it was trained on the labels of MS COCO, whose images RefCOCO's validation and
            test splits are made of (spec §2.1).

    Returns:
        The preprocessing of these weights.

    Raises:
        UserError: No path, no such file, or a file of another architecture.
    """
    if weights in ("voc", "imagenet", "coco_init"):
        raise UserError(
            f"deeplab_v2_r101 has no {weights!r} weights built in; convert the Caffe file to a"
            ' PyTorch state_dict and give its path, or use weights="none" for a random start'
        )
    if any(mark in Path(weights).name for mark in ("coco_init", "cocoinit", "resnet_init")):
        warnings.warn(
            f"{Path(weights).name} was pretrained with the labels of MS COCO train2014, which"
            " include RefCOCO's validation and test images: results are not leak-free",
            stacklevel=3,
        )
    load_trunk(trunk, weights, rename=_our_name)
    return caffe_bgr()
