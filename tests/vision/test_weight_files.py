"""Weight files: what was saved comes back, and whatever else is refused in one line."""

import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.vision.weight_files import load_trunk, read_state, save_trunk


def _trunk(width: int = 3) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, width, 1), nn.BatchNorm2d(width))


@pytest.mark.parametrize("half", [True, False])
def test_saved_weights_and_statistics_come_back(tmp_path: Path, half: bool):
    torch.manual_seed(0)
    trunk = _trunk()
    trunk(torch.randn(4, 3, 5, 5))  # moves the running mean
    save_trunk(trunk, tmp_path / "t.safetensors", half=half)
    other = _trunk()
    load_trunk(other, tmp_path / "t.safetensors")
    for name, tensor in trunk.state_dict().items():
        # fp16 keeps eleven bits.
        tolerance = 2**-11 if half else 0.0
        torch.testing.assert_close(other.state_dict()[name], tensor, rtol=tolerance, atol=1e-6)


def test_half_really_halves_the_file(tmp_path: Path):
    trunk = nn.Conv2d(64, 64, 3)
    for half in (True, False):
        save_trunk(trunk, tmp_path / f"{half}.safetensors", half=half)
    sizes = [(tmp_path / f"{half}.safetensors").stat().st_size for half in (True, False)]
    assert sizes[0] < 0.55 * sizes[1]


def test_wrapped_torch_files_are_unwrapped(tmp_path: Path):
    trunk = _trunk()
    torch.save({"state_dict": trunk.state_dict()}, tmp_path / "t.pth")
    assert read_state(tmp_path / "t.pth").keys() == trunk.state_dict().keys()


def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "boom",))

    (tmp_path / "bomb.pth").write_bytes(pickle.dumps({"weight": Bomb()}))
    with pytest.raises(UserError, match=r"bomb\.pth"):
        read_state(tmp_path / "bomb.pth")
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("name", ["cut.safetensors", "cut.pth"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str):
    save_trunk(_trunk(), tmp_path / "whole.safetensors")
    (tmp_path / name).write_bytes((tmp_path / "whole.safetensors").read_bytes()[:40])
    with pytest.raises(UserError, match="cut"):
        read_state(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(UserError, match=r"gone\.pth"):
        read_state(tmp_path / "gone.pth")


def test_a_file_without_tensors_is_refused(tmp_path: Path):
    torch.save({"weights": [1, 2, 3]}, tmp_path / "list.pth")
    with pytest.raises(UserError, match="table of tensors"):
        read_state(tmp_path / "list.pth")


@pytest.mark.parametrize(
    "other", [_trunk(4), nn.Sequential(nn.Conv2d(3, 3, 1)), _trunk().append(nn.Linear(2, 2))]
)
def test_another_architectures_weights_change_nothing(tmp_path: Path, other: nn.Module):
    save_trunk(other, tmp_path / "other.safetensors")
    trunk = _trunk()
    before = {name: tensor.clone() for name, tensor in trunk.state_dict().items()}
    with pytest.raises(UserError, match="another architecture"):
        load_trunk(trunk, tmp_path / "other.safetensors")
    assert all(torch.equal(before[name], tensor) for name, tensor in trunk.state_dict().items())


def test_renaming_reaches_the_right_layer_and_none_leaves_out(tmp_path: Path):
    trunk = _trunk()
    state = {f"net.{name}": tensor + 1 for name, tensor in trunk.state_dict().items()}
    torch.save({**state, "classifier": torch.ones(2)}, tmp_path / "t.pth")
    fresh = _trunk()
    load_trunk(
        fresh,
        tmp_path / "t.pth",
        rename=lambda key: None if key == "classifier" else key.removeprefix("net."),
    )
    weight, bias = (trunk.state_dict()[f"0.{name}"] + 1 for name in ("weight", "bias"))
    assert torch.equal(fresh.state_dict()["0.weight"], weight)
    assert torch.equal(fresh.state_dict()["0.bias"], bias)


def test_old_files_without_batch_counters_still_load(tmp_path: Path):
    state = {k: v for k, v in _trunk().state_dict().items() if "num_batches" not in k}
    torch.save(state, tmp_path / "old.pth")
    load_trunk(_trunk(), tmp_path / "old.pth")
