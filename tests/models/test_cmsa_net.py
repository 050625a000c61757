"""CMSA-Net as a whole: sizes of the paper, traces, ablations."""

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.fusion.gated import SelfGatedFusion
from refseg_lib.fusion.levels import SumOfLevels
from refseg_lib.models.build import build_model
from refseg_lib.trace import trace


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def test_printed_net_has_28_98_million_weights(resnet_taps):
    model = build_model("cmsa", "paper", "paper", vocabulary_size=12_112, backbone=resnet_taps)
    embedding = 12_112 * 1000
    # D = C_v + 1008; W_q, W_k, W_v and W_o are 512 x D without bias, as printed; X is 500 x D + 500
    levels = sum(4 * 512 * (c + 1008) + 500 * (c + 1008) + 500 for c in (512, 1024, 2048))
    gates = 3 * (9 * 500 * 2 + 2) + 3
    head = 9 * 500 + 1
    assert parameters(model) == embedding + levels + gates + head == 28_982_194
    assert parameters(model.level_fusion) == levels


def test_released_net_has_40_61_million_weights(resnet_taps):
    model = build_model("cmsa", "paper", "released", vocabulary_size=12_112, backbone=resnet_taps)
    assert parameters(model) == 40_613_368
    by_level = {k: parameters(m) for k, m in model.level_fusion.modules_by_level.items()}
    project = 2048 * 1000 + 1000
    assert by_level == {"c3": 292_276, "c4": 780_660, "c5": 5_120_428 + project}
    assert parameters(model.across_fusion) == 20_254_503


def test_the_printed_net_sees_a_sentence_as_a_set_of_words(backbone, batch):
    torch.manual_seed(0)
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone)
    straight = model(batch)
    batch.words[0] = batch.words[0].flip(0)
    torch.testing.assert_close(model(batch), straight, rtol=0, atol=1e-6)


@pytest.mark.parametrize("variant", ["paper", "released"])
def test_traces_have_the_names_and_shapes_of_the_documentation(variant, backbone, batch):
    model = build_model("cmsa", "laptop", variant, vocabulary_size=20, backbone=backbone)
    with trace(model) as seen:
        model(batch)
    for level in ("c3", "c4", "c5"):
        attention = seen[f"cmsa.{level}.word_attention"]
        assert attention.shape == (4, 5)
        assert attention[~batch.word_mask].abs().max() == 0
        assert attention.sum(1).tolist() == pytest.approx([1] * 4, abs=1e-5)
        pixels = seen[f"cmsa.{level}.pixel_map"]
        assert pixels.shape == (4, 5, 6)
        assert pixels.sum((1, 2)).tolist() == pytest.approx([1] * 4, abs=1e-5)
        for gate in ("memory", "reset"):
            assert seen[f"gated.{level}.{gate}"].shape == (4, 5, 6)
            assert 0 < seen[f"gated.{level}.{gate}"].min() < seen[f"gated.{level}.{gate}"].max() < 1


@pytest.mark.parametrize(
    ("fusion", "kind"), [("self_gated", SelfGatedFusion), ("sum", SumOfLevels)]
)
def test_table_3_replaces_the_across_level_fusion(fusion, kind, backbone, batch):
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone, fusion=fusion)
    assert isinstance(model.across_fusion, kind)
    assert model(batch).isfinite().all()


@pytest.mark.parametrize(
    "options", [{"fusion": "concat"}, {"attention": "both"}, {"variant": "released", "scale": True}]
)
def test_what_cannot_be_built_is_one_clear_error(options, backbone):
    with pytest.raises(UserError, match=r"unknown|ablations"):
        build_model("cmsa", vocabulary_size=20, backbone=backbone, **options)


def test_scale_divides_the_scores(backbone):
    scaled = build_model("cmsa", vocabulary_size=20, backbone=backbone, scale=True)
    assert scaled.level_fusion.modules_by_level["c5"].temperature == pytest.approx(48**0.5)
