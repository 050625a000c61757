"""Whoever has seen the test pictures is told of, and nobody else."""

import gzip
import json
from pathlib import Path

import pytest

from refseg_lib.data.layouts import ALIASES, DATASETS
from refseg_lib.data.overlap import COCO_SETS, leaks, shared_pictures
from refseg_lib.vision.backbone import BACKBONES

CLEAN = [name for name in DATASETS if name not in COCO_SETS]


@pytest.mark.parametrize(
    "pretraining",
    [
        "coco_init",
        "weights/deeplabv3_resnet101_coco-586e9e4e.pth",
        "deeplab_resnet_init.pth",
        "MSCOCO.pt",
    ],
)
@pytest.mark.parametrize("name", COCO_SETS)
def test_coco_weights_leak_into_every_set_of_coco_pictures(pretraining: str, name: str) -> None:
    told = leaks(pretraining, name)
    assert told is not None
    assert "pretrained on COCO" in told
    assert name in told
    assert "\n" not in told


@pytest.mark.parametrize("name", CLEAN)
def test_sets_of_other_pictures_have_no_leak_whatever_the_weights(name: str) -> None:
    assert all(leaks(weights, name) is None for weights in ("coco_init", "voc", "imagenet"))


def test_imagenet_drawn_and_random_weights_are_clean_and_a_folders_name_does_not_count() -> None:
    for weights in ("imagenet", "parkref-semantic", "none", "/data/coco/imagenet.pth"):
        assert leaks(weights, "refcoco_unc") is None


def test_every_pretraining_that_the_backbones_have_by_default_is_judged() -> None:
    """A new default must be thought about: this list is by hand."""
    judged = {"imagenet": False, "parkref-semantic": False, "voc": True}
    for name, architecture in BACKBONES.items():
        told = leaks(architecture.default, "refcocog_umd")
        assert (told is not None) == judged[architecture.default], name


def test_the_google_split_leaks_whatever_the_weights_and_umd_does_not() -> None:
    told = leaks("imagenet", "refcocog_google")
    assert told is not None
    assert "val pictures are in train too" in told
    both = leaks("coco_init", "gref")
    assert both is not None
    assert "COCO" in both
    assert "in train too" in both


def test_aliases_and_folders_of_ones_own_are_recognised() -> None:
    for alias, known in ALIASES.items():
        assert leaks("coco_init", alias) == leaks("coco_init", known)
    own = leaks("coco_init", "folder:/x/refcoco+/refs(unc).p")
    assert own == leaks("coco_init", "unc+")
    assert leaks("coco_init", "folder:/x/zoo/refs(unc).p") is None


def test_refcocog_shares_pictures_with_all_and_refcoco_with_refcoco_plus_none() -> None:
    gref = {"refcocog_umd", "refcocog_google"}
    for train in COCO_SETS:
        for test in COCO_SETS:
            told = shared_pictures(train, test)
            assert (told is not None) == (train != test and bool({train, test} & gref))
    assert shared_pictures("unc", "gref") is not None


def test_refcoco_and_refcoco_plus_really_hold_out_the_same_pictures(real_data: Path) -> None:
    with gzip.open(real_data / "text" / "refcoco_family_eval_splits.json.gz") as stream:
        splits = json.load(stream)
    images = {name: {entry["image"] for entry in split} for name, split in splits.items()}
    held_out: dict[str, set[str]] = {
        name: set().union(*(images[f"{name}_{split}"] for split in ("val", "testA", "testB")))
        for name in ("unc", "unc+")
    }
    assert held_out["unc"] == held_out["unc+"]
    assert len(held_out["unc"]) == 3000
    assert not images["gref_umd_val"] <= held_out["unc"]


def test_parkref_and_referit_share_with_nobody() -> None:
    for other in CLEAN:
        for name in DATASETS:
            assert shared_pictures(other, name) is None
            assert shared_pictures(name, other) is None
