from pathlib import Path

import numpy as np
import pytest
import torch

from refseg_lib.data.letterbox import Letterbox
from refseg_lib.errors import UserError
from refseg_lib.parkref.drawing import STUFF_CODES, Rendering
from refseg_lib.parkref.scene import COLORS, Scene, Thing
from refseg_lib.training.semantics import (
    LABELS,
    UNKNOWN,
    ParkPixels,
    label_pixels,
    letterbox_labels,
    pretrain,
    semantic_loss,
    standardise,
)
from refseg_lib.vision.backbone import build_backbone

SCENE = Scene(
    things=(
        Thing("man", 0.3, 0.8, 0.5, "red", "striped", bottoms="blue", hat="white", hair="black"),
        Thing("ball", 0.8, 0.8, 0.2, "green", "dotted"),
    ),
    links=(),
    aspect=1.25,
    horizon=0.3,
    path=None,
    pond=None,
    mood=0,
)
# man: skin, shirt, trousers, hat; ball; sky; a cloud
THINGS = np.array([[1, 1, 1, 1, 2, STUFF_CODES["sky"], 0]], dtype=np.uint8)
PARTS = np.array([[0, 1, 2, 3, 0, 0, 0]], dtype=np.uint8)
DRAWN = Rendering(np.zeros((1, 7, 3), np.uint8), THINGS, PARTS)


def test_every_pixel_is_labelled_with_what_it_is_and_nothing_more() -> None:
    labels = label_pixels(SCENE, DRAWN)
    category = LABELS["category"].index
    man = category("man")
    assert labels.category.tolist() == [
        [man, man, man, man, category("ball"), category("sky"), UNKNOWN]
    ]
    # Only people have garments; the ball's own colour is its colour.
    assert labels.part.tolist() == [[0, 1, 2, 3, UNKNOWN, UNKNOWN, UNKNOWN]]
    red, blue, white, green = (COLORS.index(c) for c in ("red", "blue", "white", "green"))
    assert labels.color.tolist() == [[UNKNOWN, red, blue, white, green, UNKNOWN, UNKNOWN]]
    striped, dotted = 1, 2
    assert labels.pattern[0, 1] == striped
    assert labels.pattern[0, 4] == dotted
    assert labels.pattern[0, 0] == UNKNOWN


def test_labels_go_into_the_square_where_the_picture_goes() -> None:
    maps = torch.arange(4 * 10).reshape(1, 4, 10)
    square = letterbox_labels(maps, 20)
    box = Letterbox(4, 10, 20)
    assert (square[0, : box.top] == UNKNOWN).all()
    assert (square[0, box.top + box.new_height :] == UNKNOWN).all()
    # Twice as large: each label fills a block of two by two.
    inside = square[0, box.rows, box.columns]
    assert torch.equal(inside[::2, ::2], maps[0])
    assert torch.equal(inside[1::2, 1::2], maps[0])


def test_unknown_pixels_teach_nothing() -> None:
    generator = torch.Generator().manual_seed(0)
    width = sum(len(names) for names in LABELS.values())
    scores = torch.randn(1, width, 2, 2, generator=generator, requires_grad=True)
    labels = torch.full((1, len(LABELS), 2, 2), UNKNOWN)
    labels[:, :, 0, 0] = 1
    semantic_loss(scores, labels).backward()
    assert scores.grad is not None
    assert (scores.grad[..., 0, 0] != 0).any()
    assert (scores.grad[..., 1, :] == 0).all()


def test_pictures_of_two_workers_differ_and_repeat_with_the_seed() -> None:
    first, second = (next(iter(ParkPixels(32, 64, seed=5))) for _ in range(2))
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    other = next(iter(ParkPixels(32, 64, seed=6)))
    assert not torch.equal(first[0], other[0])


def test_pretraining_moves_the_backbone_and_writes_weights_that_load_again(tmp_path: Path) -> None:
    backbone = build_backbone("laptop", "none", frozen=False)
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    out = tmp_path / "weights.safetensors"
    pretrain(backbone, out, steps=2, size=32, height=64, batch=2, workers=0, report=lambda _: None)
    again = build_backbone("laptop", out)
    stored = again.trunk.state_dict()
    for name, value in backbone.trunk.state_dict().items():
        kept = value.half().float() if value.is_floating_point() else value
        assert torch.equal(stored[name], kept), name
    moved = [n for n, v in backbone.state_dict().items() if not torch.equal(v, before[n])]
    assert any("stage2" in name for name in moved), "the lesson reaches the first layers"


def test_a_resnet_learns_the_lesson_too_and_its_weights_load_again(tmp_path: Path) -> None:
    backbone = build_backbone("resnet50", "none", frozen=False)
    before = {name: value.clone() for name, value in backbone.trunk.named_parameters()}
    out = tmp_path / "weights.safetensors"
    pretrain(backbone, out, steps=2, size=32, height=64, batch=2, workers=0, report=lambda _: None)
    still = [n for n, v in backbone.trunk.named_parameters() if torch.equal(v, before[n])]
    assert not still, "a lesson at every tap reaches every layer"
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    again = build_backbone("resnet50", out)
    backbone.eval()
    with torch.no_grad():
        for level, tap in backbone(image).items():
            # Stored in half precision.
            assert (again(image)[level] - tap).abs().max() <= 0.02 * tap.abs().max(), level


def test_an_input_that_the_taps_do_not_divide_is_refused(tmp_path: Path) -> None:
    backbone = build_backbone("resnet50", "none", frozen=False)
    with pytest.raises(UserError, match="--size 100: resnet50 takes a multiple of 8 pixels"):
        pretrain(backbone, tmp_path / "weights.safetensors", steps=1, size=100)


def test_standardised_taps_have_mean_zero_and_deviation_one() -> None:
    backbone = build_backbone("laptop", "none", frozen=False)
    generator = torch.Generator().manual_seed(0)
    batches = [torch.rand(2, 3, 32, 32, generator=generator) for _ in range(3)]
    standardise(backbone, batches)
    with torch.no_grad():
        taps = [backbone(images) for images in batches]
    for level in backbone.channels:
        deviation, mean = torch.std_mean(torch.cat([tap[level] for tap in taps]), (0, 2, 3))
        assert mean.abs().max() < 1e-4, level
        alive = deviation > 0.5
        # A channel behind a ReLU may be silent; those that speak are brought to one.
        assert alive.any()
        assert (deviation[alive] <= 1.001).all()
