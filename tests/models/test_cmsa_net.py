"""CMSA-Net as a whole: sizes of the paper, traces, ablations."""

import csv

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.fusion.convlstm import ConvLSTM
from refseg_lib.fusion.deconvolution import Deconvolution
from refseg_lib.fusion.gated import GatedFusion, SelfGatedFusion
from refseg_lib.fusion.levels import SumOfLevels
from refseg_lib.fusion.pyramid_pooling import PyramidPooling
from refseg_lib.models.build import build_model
from refseg_lib.models.cmsa_net import ABLATIONS
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
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone).double()
    batch.image = batch.image.double()
    straight = model(batch)
    batch.words[0] = batch.words[0].flip(0)
    torch.testing.assert_close(model(batch), straight, rtol=0, atol=1e-12)


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
    ("fusion", "kind"),
    [
        ("self_gated", SelfGatedFusion),
        ("sum", SumOfLevels),
        ("convlstm", ConvLSTM),
        ("deconv", Deconvolution),
        ("ppm", PyramidPooling),
    ],
)
def test_table_3_replaces_the_across_level_fusion(fusion, kind, backbone, batch):
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone, fusion=fusion)
    assert isinstance(model.across_fusion, kind)
    assert model(batch).isfinite().all()


@pytest.mark.parametrize(
    "options",
    [
        {"fusion": "concat"},
        {"attention": "both"},
        {"representation": "glove"},
        {"variant": "released", "scale": True},
        {"variant": "released", "representation": "rmi_lstm"},
    ],
)
def test_what_cannot_be_built_is_one_clear_error(options, backbone):
    with pytest.raises(UserError, match=r"unknown|ablations"):
        build_model("cmsa", vocabulary_size=20, backbone=backbone, **options)


def test_scale_divides_the_scores(backbone):
    scaled = build_model("cmsa", vocabulary_size=20, backbone=backbone, scale=True)
    assert scaled.level_fusion.modules_by_level["c5"].temperature == pytest.approx(48**0.5)


@pytest.fixture
def rows():
    """The ablations by name."""
    return {ablation.name: ablation for ablation in ABLATIONS}


def test_every_row_of_tables_2_and_3_is_there_under_its_published_name(rows, repository):
    with (repository / "refseg_lib/reproduction/published.csv").open(encoding="utf-8") as file:
        published = {
            (row["table"], row["method"])
            for row in csv.DictReader(file)
            if row["paper"] == "004_CMSA_CVPR19" and row["table"] in ("T2", "T3")
        }
    mine = {(row.table, row.row) for row in rows.values() if row.paper == "004_CMSA_CVPR19"}
    assert mine == published
    assert len(rows) == len(ABLATIONS)


@pytest.mark.parametrize("name", [ablation.name for ablation in ABLATIONS])
def test_every_row_answers_a_batch_as_the_loop_of_its_singles(name, rows, backbone, batch, alone):
    torch.manual_seed(3)
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone, ablation=name)
    single_level = rows[name].sizes == {"levels": ("c5",)}
    assert set(model.level_fusion.levels) == ({"c5"} if single_level else {"c3", "c4", "c5"})
    together = model(batch)
    assert together.shape == (4, 1, 40, 48)
    assert together.std() > 1e-3
    for b in range(len(batch)):
        torch.testing.assert_close(
            together[b : b + 1], model(alone(batch, b)), rtol=1e-5, atol=1e-5
        )


@pytest.mark.parametrize("name", [ablation.name for ablation in ABLATIONS])
def test_every_weight_of_every_row_is_trained(name, rows, backbone, batch):
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone, ablation=name)
    model(batch).square().sum().backward()
    silent = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
    ]
    assert silent == []


def test_table_2_keeps_only_the_named_terms_of_the_scores(rows, backbone):
    kept = {
        name: build_model("cmsa", vocabulary_size=20, backbone=backbone, ablation=name)
        .level_fusion.modules_by_level["c5"]
        .attention
        for name, row in rows.items()
        if row.table == "T2"
    }
    assert kept == {
        "no-attention": "none",
        "word-attention": "word",
        "pixel-attention": "pixel",
        "pair-attention": "pair",
        "cross-modal-attention": "full",
    }


def test_the_full_row_is_the_model_itself(rows, backbone):
    assert isinstance(
        build_model(
            "cmsa", vocabulary_size=20, backbone=backbone, ablation="cmsa-gf"
        ).across_fusion,
        GatedFusion,
    )
    assert rows["cmsa-gf"].options == rows["chinese"].options == {}


@pytest.mark.parametrize(
    ("name", "a_set"),
    [("cmsa-w", True), ("cmsa-s", False), ("rmi-lstm", False), ("rrn-cnn", False)],
)
def test_only_cmsa_w_sees_a_sentence_as_a_set(name, a_set, rows, backbone, batch):
    torch.manual_seed(0)
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone, ablation=name).double()
    batch.image = batch.image.double()
    straight = model(batch)
    batch.words[0] = batch.words[0].flip(0)
    assert bool((model(batch)[0] - straight[0]).abs().max() < 1e-9) == a_set
