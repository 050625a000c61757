"""DeepLab-v2's ResNet-101: the details that decide whether Caffe weights mean the same."""

from pathlib import Path

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.vision import deeplab_v2


@pytest.fixture(scope="module")
def trunk() -> deeplab_v2.DeepLabV2Trunk:
    torch.manual_seed(0)
    return deeplab_v2.DeepLabV2Trunk().eval()


@pytest.mark.parametrize(("pixels", "cells"), [(320, 40), (321, 41)])
def test_the_papers_grid_sizes(trunk: deeplab_v2.DeepLabV2Trunk, pixels: int, cells: int):
    """Sizes by the stage's own arithmetic; only the strided layers are run, to stay fast."""
    with torch.no_grad():
        x = trunk.pool(trunk.stem(torch.rand(1, 3, pixels, pixels)))
        assert x.shape[-1] == (80 if pixels == 320 else 81)
        c3 = trunk.stages[1][0](trunk.stages[0](x))
    assert c3.shape[-2:] == (cells, cells)


def test_it_has_the_42_and_a_half_million_parameters_of_a_resnet_101(
    trunk: deeplab_v2.DeepLabV2Trunk,
):
    assert sum(p.numel() for p in trunk.parameters()) == 42_500_160


def test_the_stride_sits_on_the_first_1x1_and_deep_stages_dilate(
    trunk: deeplab_v2.DeepLabV2Trunk,
):
    strided = [n for n, m in trunk.stages.named_modules() if getattr(m, "stride", None) == (2, 2)]
    assert strided == ["1.0.reduce.0", "1.0.shortcut.0"]
    dilations = {
        stage: {m.dilation[0] for m in blocks.modules() if getattr(m, "kernel_size", 0) == (3, 3)}
        for stage, blocks in enumerate(trunk.stages)
    }
    assert dilations == {0: {1}, 1: {1}, 2: {2}, 3: {4}}


def test_every_batch_norm_uses_caffes_epsilon(trunk: deeplab_v2.DeepLabV2Trunk):
    epsilons = {m.eps for m in trunk.modules() if isinstance(m, torch.nn.BatchNorm2d)}
    assert epsilons == {1e-5}


def _converted(trunk: deeplab_v2.DeepLabV2Trunk) -> dict[str, torch.Tensor]:
    """The trunk's weights under the names of the usual PyTorch conversion, plus a classifier."""
    state = {"base.aspp.c0.weight": torch.zeros(1)}
    for name, tensor in trunk.state_dict().items():
        parts = name.split(".")
        leaf = ("conv" if parts[-2] == "0" else "bn") + "." + parts[-1]
        if parts[0] == "stem":
            state[f"base.layer1.conv1.{leaf}"] = tensor
        else:
            place = f"base.layer{int(parts[1]) + 2}.block{int(parts[2]) + 1}.{parts[3]}"
            state[f"{place}.{leaf}"] = tensor
    return state


def test_a_converted_caffe_file_loads_with_bgr_means(
    trunk: deeplab_v2.DeepLabV2Trunk, tmp_path: Path, recwarn: pytest.WarningsRecorder
):
    torch.save(_converted(trunk), tmp_path / "deeplabv2_voc.pth")
    torch.manual_seed(1)
    fresh = deeplab_v2.DeepLabV2Trunk().eval()
    rule = deeplab_v2.load_weights(fresh, str(tmp_path / "deeplabv2_voc.pth"))
    assert all(torch.equal(t, fresh.state_dict()[n]) for n, t in trunk.state_dict().items())
    assert rule.bgr
    assert not [w for w in recwarn if "leak" in str(w.message)]


def test_coco_initialised_weights_warn_about_the_leak(
    trunk: deeplab_v2.DeepLabV2Trunk, tmp_path: Path
):
    torch.save(_converted(trunk), tmp_path / "coco_init.pth")
    with pytest.warns(UserWarning, match="RefCOCO"):
        deeplab_v2.load_weights(trunk, str(tmp_path / "coco_init.pth"))


def test_a_pretraining_without_a_file_says_what_to_do():
    with pytest.raises(UserError, match="path"):
        deeplab_v2.load_weights(deeplab_v2.DeepLabV2Trunk(), "voc")
