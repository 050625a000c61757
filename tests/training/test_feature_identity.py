"""Whatever changes the maps changes the key; what does not leaves it."""

import os
import shutil
from pathlib import Path

import pytest
import torch

from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.training.feature_identity import Identity, identify
from refseg_lib.vision.backbone import Backbone, build_backbone


@pytest.fixture
def root(small_parkref: Path, tmp_path: Path) -> Path:
    """A copy that may be changed, with the pictures' times."""
    return Path(shutil.copytree(small_parkref, tmp_path / "data"))


@pytest.fixture
def backbone() -> Backbone:
    torch.manual_seed(0)
    return build_backbone("laptop", "none")


def of(
    root: Path,
    backbone: Backbone,
    *,
    size: int = 32,
    levels: tuple[str, ...] = ("c4", "c5"),
    dataset_id: str = "parkref_unc",
    language: str = "en",
    backwards: bool = False,
) -> Identity:
    dataset = open_dataset(dataset_id, root, "train", language)
    sentences = [indices[0] for _, indices in dataset.by_image()]
    return identify(dataset, sentences[::-1] if backwards else sentences, size, backbone, levels)


def a_picture(root: Path) -> Path:
    dataset: ReferringDataset = open_dataset("parkref_unc", root, "train")
    return dataset.image_path(len(dataset) - 1)


def test_the_same_pictures_and_weights_have_the_same_key(root: Path, backbone: Backbone) -> None:
    torch.manual_seed(0)
    assert of(root, backbone) == of(root, build_backbone("laptop", "none"))
    assert of(root, backbone, levels=("c5", "c4")).key == of(root, backbone).key


def test_languages_and_a_moved_folder_share_one_cache(
    root: Path, backbone: Backbone, tmp_path: Path
) -> None:
    key = of(root, backbone).key
    assert of(root, backbone, language="zh").key == key
    root.rename(tmp_path / "elsewhere")
    assert of(tmp_path / "elsewhere", backbone).key == key


def test_another_picture_under_the_same_name_has_another_key(
    root: Path, backbone: Backbone
) -> None:
    before = of(root, backbone)
    path = a_picture(root)
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)  # of the same size
    after = of(root, backbone)
    assert after.key != before.key
    assert after.digests["pictures"] != before.digests["pictures"]
    assert after.digests["weights"] == before.digests["weights"]


def test_another_size_of_a_picture_counts_even_with_the_old_time(
    root: Path, backbone: Backbone
) -> None:
    before = of(root, backbone)
    path = a_picture(root)
    then = path.stat().st_mtime_ns
    path.write_bytes(path.read_bytes() + b"\0")
    os.utime(path, ns=(then, then))
    assert of(root, backbone).key != before.key


def test_the_order_of_the_pictures_counts(root: Path, backbone: Backbone) -> None:
    assert of(root, backbone, backwards=True).key != of(root, backbone).key


@pytest.mark.parametrize("change", [{"size": 64}, {"levels": ("c4",)}])
def test_input_size_and_levels_count(root: Path, backbone: Backbone, change: dict) -> None:
    assert of(root, backbone, **change).key != of(root, backbone).key


@pytest.mark.parametrize(
    "name",
    ["trunk.stage3.0.0.weight", "trunk.stage3.0.1.running_var", "trunk.c5_mean", "preprocess.mean"],
)
def test_every_number_inside_the_backbone_counts(root: Path, backbone: Backbone, name: str) -> None:
    before = of(root, backbone).key
    tensors = {**dict(backbone.named_parameters()), **dict(backbone.named_buffers())}
    with torch.no_grad():
        tensors[name].view(-1)[-1] += 1e-3
    assert of(root, backbone).key != before


def test_the_order_of_the_colours_counts(root: Path, backbone: Backbone) -> None:
    before = of(root, backbone).key
    backbone.preprocess.bgr = True
    assert of(root, backbone).key != before
