"""Every backbone keeps the promises the models build on: taps, freezing, preprocessing inside."""

from pathlib import Path

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.vision.backbone import BACKBONES, Backbone, build_backbone
from refseg_lib.vision.weight_files import save_trunk

LIGHT = ["laptop", "efficientnet_lite0", "squeezenet1_1"]
HEAVY = ["resnet50", "resnet101", "deeplab_v2_r101"]


def _random(name: str, *, frozen: bool = True) -> Backbone:
    torch.manual_seed(0)
    return build_backbone(name, "none", frozen=frozen)


@pytest.mark.parametrize("name", LIGHT + HEAVY)
def test_taps_agree_with_the_announced_channels_and_strides(name: str):
    backbone = _random(name)
    with torch.no_grad():
        taps = backbone(torch.rand(1, 3, 64, 96))
    assert list(taps) == ["c2", "c3", "c4", "c5"]
    for level, tap in taps.items():
        stride = backbone.strides[level]
        assert tap.shape[1] == backbone.channels[level]
        for size, cells in zip((64, 96), tap.shape[2:], strict=True):
            # SqueezeNet's unpadded first convolution may lose a cell at the border.
            assert size // stride - 1 <= cells <= -(-size // stride)


def test_a_frozen_backbone_never_moves_even_in_training_mode():
    """Ten training-mode passes over bright images leave every weight and statistic alone."""
    backbone = _random("laptop")
    model = torch.nn.ModuleList([backbone]).train()
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    for _ in range(10):
        taps = backbone(torch.rand(2, 3, 32, 32) + 5)
    assert model.training
    assert not any(module.training for module in backbone.modules())
    assert not taps["c5"].requires_grad
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    assert all(torch.equal(before[name], t) for name, t in backbone.state_dict().items())


def test_a_frozen_backbone_gives_the_same_taps_in_any_company():
    """With live batch norm a neighbour in the batch would change them."""
    backbone = _random("laptop").train()
    one, two = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32) * 0.1
    together = backbone(torch.cat([one, two]))["c5"][:1]
    torch.testing.assert_close(together, backbone(one)["c5"], atol=1e-5, rtol=1e-5)


def test_an_unfrozen_backbone_learns_and_its_statistics_move():
    backbone = _random("laptop", frozen=False).train()
    before = {name: tensor.clone() for name, tensor in backbone.named_buffers()}
    backbone(torch.rand(2, 3, 32, 32))["c5"].sum().backward()
    assert all(parameter.grad is not None for parameter in backbone.parameters())
    moved = [
        n for n, t in backbone.named_buffers() if "mean" in n and not torch.equal(before[n], t)
    ]
    assert any("running_mean" in name for name in moved)


def test_an_unfrozen_backbone_keeps_the_callers_no_grad():
    backbone = _random("laptop", frozen=False)
    with torch.no_grad():
        assert not backbone(torch.rand(2, 3, 32, 32))["c5"].requires_grad


def test_preprocessing_happens_inside_and_belongs_to_the_backbone():
    """Mid-grey is the laptop's zero, so it meets the trunk as zero."""
    backbone = _random("laptop")
    grey = torch.full((1, 3, 32, 32), 0.5)
    assert torch.equal(backbone(grey)["c5"], backbone.trunk(torch.zeros_like(grey))["c5"])


def test_a_backbone_is_rebuilt_from_its_name_and_weights(tmp_path: Path):
    first = _random("laptop")
    save_trunk(first.trunk, tmp_path / "w.safetensors", half=False)
    second = build_backbone("laptop", tmp_path / "w.safetensors")
    third = build_backbone(second.name, second.weights)
    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(first(image)["c4"], third(image)["c4"])


@pytest.mark.parametrize("name", ["laptop", "deeplab_v2_r101"])
def test_caffe_rules_stay_with_caffe_weights(name: str):
    """A red image differs from a blue one in the first channel only where blue comes first."""
    backbone = build_backbone(name, "none")
    red = torch.zeros(1, 3, 1, 1)
    red[:, 0] = 1
    channel = int(backbone.preprocess(red).sub(backbone.preprocess(0 * red)).flatten().argmax())
    assert channel == (2 if name == "deeplab_v2_r101" else 0)


def test_an_unknown_backbone_lists_the_known_ones():
    with pytest.raises(UserError, match="laptop"):
        build_backbone("vgg16")


@pytest.mark.parametrize("name", list(BACKBONES))
def test_missing_weights_are_told_in_one_line(name: str, tmp_path: Path):
    with pytest.raises(UserError, match="absent") as caught:
        build_backbone(name, tmp_path / "absent.pth")
    assert "\n" not in str(caught.value)
