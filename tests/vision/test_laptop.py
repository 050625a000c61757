"""The laptop trunk: where its cells look, how far they see, how small it is."""

from pathlib import Path

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.vision import laptop
from refseg_lib.vision.weight_files import save_trunk


@pytest.fixture(scope="module")
def trunk() -> laptop.LaptopTrunk:
    torch.manual_seed(0)
    return laptop.LaptopTrunk().eval()


def _reach(trunk: laptop.LaptopTrunk, level: str, size: int = 288) -> tuple[int, int]:
    """First and last image column that the centre cell of a level depends on."""
    image = torch.rand(1, 3, size, size, requires_grad=True)
    tap = trunk(image)[level]
    (gradient,) = torch.autograd.grad(tap[0, :, tap.shape[2] // 2, tap.shape[3] // 2].sum(), image)
    columns = gradient.abs().sum((0, 1, 2)).nonzero().flatten()
    return int(columns[0]), int(columns[-1])


def test_c4_and_c5_see_a_whole_128_pixel_scene(trunk: laptop.LaptopTrunk):
    spans = {}
    for level in laptop.CHANNELS:
        first, last = _reach(trunk, level)
        spans[level] = last - first + 1
    # By hand: every 3x3 convolution adds 2 * dilation * stride of its input.
    assert spans == {"c2": 23, "c3": 63, "c4": 127, "c5": 255}


def test_a_cell_looks_at_its_own_place(trunk: laptop.LaptopTrunk):
    """The receptive field of the centre cell lies around that cell's pixels, within a cell."""
    for level, stride in laptop.STRIDES.items():
        first, last = _reach(trunk, level)
        cell = 288 // stride // 2
        assert abs((first + last) / 2 - (cell + 0.5) * stride) <= stride


def test_taps_have_the_announced_channels_and_strides(trunk: laptop.LaptopTrunk):
    taps = trunk(torch.rand(1, 3, 96, 128))
    for level, tap in taps.items():
        stride = laptop.STRIDES[level]
        assert tap.shape == (1, laptop.CHANNELS[level], 96 // stride, 128 // stride)
    assert sum(p.numel() for p in trunk.parameters()) < 800_000


def test_weights_load_from_a_path_with_the_laptops_own_preprocessing(tmp_path: Path):
    torch.manual_seed(1)
    saved, fresh = laptop.LaptopTrunk().eval(), laptop.LaptopTrunk().eval()
    save_trunk(saved, tmp_path / "w.safetensors", half=False)
    rule = laptop.load_weights(fresh, str(tmp_path / "w.safetensors"))
    image = torch.rand(1, 3, 64, 64)
    assert torch.equal(fresh(image)["c5"], saved(image)["c5"])
    assert torch.equal(rule(torch.full((1, 3, 1, 1), 0.5)), torch.zeros(1, 3, 1, 1))


def test_a_missing_weight_file_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(laptop, "DEFAULT_WEIGHTS", tmp_path / "absent.safetensors")
    with pytest.raises(UserError, match=r"absent\.safetensors"):
        laptop.load_weights(laptop.LaptopTrunk(), "parkref-semantic")
