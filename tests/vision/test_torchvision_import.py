"""torchvision's models import and compute beside whatever torch is installed."""

import subprocess
import sys

import torch

from refseg_lib.vision.torchvision_import import torchvision_models


def test_models_import_and_run():
    models = torchvision_models()
    net = models.squeezenet1_1(weights=None).eval()
    assert torch.isfinite(net(torch.rand(1, 3, 64, 64))).all()


def test_asking_twice_gives_the_same_module():
    assert torchvision_models() is torchvision_models()


def test_nothing_imports_torchvision_before_it_is_asked_for():
    """`refseg --help` must stay instant: torchvision costs two seconds."""
    code = (
        "import sys, refseg_lib.vision.backbone as b;"
        "assert 'torchvision' not in sys.modules;"
        "b.build_backbone('laptop', 'none');"
        "assert 'torchvision' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
