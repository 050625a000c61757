"""torchvision's ResNets: dilation keeps stride 8 without changing what a weight means."""

import hashlib
from pathlib import Path

import pytest
import torch

from refseg_lib.data.overlap import leaks
from refseg_lib.errors import UserError
from refseg_lib.vision import resnet
from refseg_lib.vision.backbone import build_backbone
from refseg_lib.vision.torchvision_import import torchvision_models


@pytest.fixture(scope="module")
def strided() -> torch.nn.Module:
    """An ordinary ResNet-50 classifier with random weights and non-trivial statistics."""
    torch.manual_seed(0)
    return torchvision_models().resnet50(weights=None).eval()


def save_as_torchvision_does(state: dict, folder: Path, name: str) -> Path:
    """Write a file with the beginning of its SHA-256 in its name."""
    torch.save(state, folder / "weights")
    digest = hashlib.sha256((folder / "weights").read_bytes()).hexdigest()
    return (folder / "weights").rename(folder / f"{name}-{digest[:8]}.pth")


def test_320_pixels_give_40_cells_at_c3_to_c5():
    with torch.no_grad():
        taps = resnet.ResNetTrunk(50).eval()(torch.rand(1, 3, 320, 320))
    sizes = {level: tuple(tap.shape[2:]) for level, tap in taps.items()}
    assert sizes == {"c2": (80, 80), "c3": (40, 40), "c4": (40, 40), "c5": (40, 40)}


def test_imagenet_weights_come_from_torchs_cache_and_mean_the_same(
    strided: torch.nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """c2 and c3 lie before the dilation, so they equal the classifier's own layers."""
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    save_as_torchvision_does(strided.state_dict(), folder, "resnet50")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    trunk = resnet.ResNetTrunk(50).eval()
    rule = resnet.load_weights(50)(trunk, "imagenet")
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        x = strided.maxpool(strided.relu(strided.bn1(strided.conv1(image))))
        c2 = strided.layer1(x)
        taps = trunk(image)
    torch.testing.assert_close(taps["c2"], c2)
    torch.testing.assert_close(taps["c3"], strided.layer2(c2))
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    torch.testing.assert_close(rule(mean), torch.zeros(1, 3, 1, 1), atol=1e-5, rtol=0)


def test_the_body_of_a_deeplab_v3_that_learned_coco_fits_and_says_that_it_leaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    torch.manual_seed(0)
    whole = torchvision_models().segmentation.deeplabv3_resnet50(
        weights=None, weights_backbone=None, aux_loss=True
    )
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    save_as_torchvision_does(whole.state_dict(), folder, "deeplabv3_resnet50_coco")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    made = build_backbone("resnet50", "coco")
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        theirs = whole.eval().backbone(made.preprocess(image))["out"]
        torch.testing.assert_close(made(image)["c5"], theirs)
    assert "not leak-free" in str(leaks(made.weights, "refcoco_unc"))


def test_a_file_that_is_not_what_its_name_says_is_refused(strided: torch.nn.Module, tmp_path: Path):
    torch.save(strided.state_dict(), tmp_path / "resnet50-0676ba61.pth")
    with pytest.raises(UserError, match=r"not with 0676ba61 as its name says"):
        resnet.load_weights(50)(resnet.ResNetTrunk(50), str(tmp_path / "resnet50-0676ba61.pth"))


def test_without_a_cached_file_nothing_is_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"resnet101 in .*hub"):
        resnet.cached_file(101)
    assert not list(tmp_path.iterdir())


def test_resnet_50_weights_do_not_fit_resnet_101(strided: torch.nn.Module, tmp_path: Path):
    torch.save(strided.state_dict(), tmp_path / "r50.pth")
    with pytest.raises(UserError, match="another architecture"):
        resnet.load_weights(101)(resnet.ResNetTrunk(101), str(tmp_path / "r50.pth"))
