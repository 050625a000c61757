"""SqueezeNet 1.1 against torchvision's own, and its weight file."""

from pathlib import Path

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.vision import squeezenet
from refseg_lib.vision.torchvision_import import torchvision_models


def test_with_the_same_weights_c5_equals_torchvisions_features(tmp_path: Path):
    torch.manual_seed(0)
    reference = torchvision_models().squeezenet1_1(weights=None).eval()
    torch.save(reference.state_dict(), tmp_path / "s.pth")
    trunk = squeezenet.SqueezeNetTrunk().eval()
    squeezenet.load_weights(trunk, str(tmp_path / "s.pth"))
    image = torch.rand(1, 3, 96, 130)
    with torch.no_grad():
        taps = trunk(image)
        torch.testing.assert_close(taps["c5"], reference.features(image))
        torch.testing.assert_close(taps["c3"], reference.features[:5](image))


def test_the_published_features_load_with_bgr_means(real_data: Path):
    path = real_data / "weights" / "squeezenet1_1_features_torchvision_keys.pt"
    trunk = squeezenet.SqueezeNetTrunk()
    rule = squeezenet.load_weights(trunk, str(path))
    assert sum(p.numel() for p in trunk.parameters()) == 722_496
    published = torch.load(path, weights_only=True)
    assert torch.equal(trunk.features[0].weight, published["features.0.weight"])
    assert rule.bgr


def test_imagenet_by_name_asks_for_a_path():
    with pytest.raises(UserError, match="path"):
        squeezenet.load_weights(squeezenet.SqueezeNetTrunk(), "imagenet")
