"""SHNet as a whole: sizes of the paper, traces, ablations, batches and singles."""

import csv
from dataclasses import replace

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.fusion.hcam import HCAM
from refseg_lib.fusion.sfm import SFM
from refseg_lib.fusion.sfm_released import ReleasedSFM
from refseg_lib.models import shnet
from refseg_lib.models.build import COMPONENTS
from refseg_lib.models.initialise import initialise
from refseg_lib.models.presets import get_preset
from refseg_lib.models.shnet import ABLATIONS, build_shnet
from refseg_lib.trace import trace

SMALL = {"shared": 16, "vector": 8}


def build(backbone, variant="paper", preset="laptop", sizes=None, vocabulary_size=20, **options):
    torch.manual_seed(3)
    sizes = SMALL if sizes is None else sizes
    chosen = replace(get_preset(preset), **sizes)
    model = build_shnet(backbone, chosen, variant, vocabulary_size, **options)
    for part in COMPONENTS:
        initialise(getattr(model, part))
    return model


def trainable(module):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def test_released_net_has_59_24_million_weights(resnet_taps):
    with torch.device("meta"):
        model = build_shnet(
            resnet_taps, get_preset("paper"), "released", 12_112, feed=256, layers=2
        )
    parts = {name: trainable(getattr(model, name)) for name in COMPONENTS}
    grid = 9 * 512 * (512 + 1024 + 2048) + 3 * (512 + 2 * 512)
    # Torch's LSTM has two biases of 4 x 512; one of ours is constant (forget gate + 1).
    assert parts["text_encoder"] == 4 * 512 * (300 + 512) + 2048
    assert parts["level_fusion"] == grid + 2_632_192
    assert parts["across_fusion"] == 21_239_808
    assert parts["head"] == 8_919_040 + 8_263_425
    assert sum(parts.values()) + 2048 == 59_241_217


def test_printed_net_has_one_attention_instead_of_an_encoder_and_hcam_without_norms(resnet_taps):
    with torch.device("meta"):
        model = build_shnet(resnet_taps, get_preset("paper"), "paper", 12_112)
    assert trainable(model.level_fusion.sfm) == 4 * (512 * 512 + 512) + 2 * 512
    assert trainable(model.across_fusion) == 21_239_808 - 4 * 1024
    assert model.level_fusion.grid.grid == 18
    assert not model.level_fusion.sfm["c5"].residual


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("preset", ["laptop", "paper"])
@pytest.mark.parametrize("variant", ["paper", "released"])
def test_a_batch_of_unequal_sentences_equals_the_loop_of_singles(
    variant, preset, training, backbone, batch, alone
):
    # Batch norm in training looks at the whole batch, and dropout draws other numbers for it.
    options = {"norm": "group", "dropout": 0.0} if training else {}
    model = build(backbone, variant, preset, grid=3, **options).train(training)
    together = model(batch)
    for b in range(len(batch)):
        torch.testing.assert_close(
            together[b : b + 1], model(alone(batch, b)), rtol=1e-5, atol=1e-5
        )


@pytest.mark.parametrize(
    "ablation", [row for row in ABLATIONS if row.table == "T2" or "320" in row.name]
)
def test_every_row_answers_a_batch_as_it_answers_its_sentences(ablation, backbone, batch, alone):
    model = build(backbone, **ablation.options)
    together = model(batch)
    assert together.shape == (4, 1, 40, 48)
    assert together.std() > 1e-3
    torch.testing.assert_close(together[1:2], model(alone(batch, 1)), rtol=1e-5, atol=1e-5)
    together.square().sum().backward()
    silent = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
    ]
    assert silent == []


def test_rows_are_those_of_the_published_tables(repository):
    with (repository / "refseg_lib/reproduction/published.csv").open(encoding="utf-8") as file:
        rows = {
            (row["table"], row["method"])
            for row in csv.DictReader(file)
            if row["paper"] == shnet.PAPER and row["table"] in ("T2", "T3", "T4")
        }
    assert {(row.table, row.row) for row in ABLATIONS} == rows
    assert len({row.name for row in ABLATIONS}) == len(ABLATIONS)


def test_rows_differ_from_the_full_model_as_they_say(backbone):
    rows = {row.name: build(backbone, preset="paper", **row.options) for row in ABLATIONS}
    fusions = {name: type(model.across_fusion).__name__ for name, model in rows.items()}
    assert fusions["full"] == fusions["only-hcam"] == fusions["sfm-hcam-448"] == "HCAM"
    assert fusions["baseline"] == fusions["only-sfm"] == "ConcatOfLevels"
    assert fusions["sfm-convlstm"] == "ConvLSTM"
    assert fusions["sfm-conv3d"] == "Conv3DFusion"
    assert fusions["sfm-mgate-320"] == "ReleasedGatedFusion"
    assert fusions["sfm-tgfe-320"] == "ExchangeThenMerge"
    assert fusions["sfm-gbfm-448"] == "GatedBidirectionalFusion"
    fused = {name: type(model.level_fusion).__name__ for name, model in rows.items()}
    assert {name for name, kind in fused.items() if kind == "SeparateLevels"} == {
        "baseline",
        "only-hcam",
    }
    tables = {name: model.text_encoder.embedding.table for name, model in rows.items()}
    assert {name for name, table in tables.items() if table.requires_grad} == {"no-glove"}
    assert {
        name
        for name, model in rows.items()
        if fused[name] != "SeparateLevels" and not model.level_fusion.sfm["c5"].positions
    } == {"no-positions"}
    sides = {row.name: row.sizes.get("input_size") for row in ABLATIONS}
    assert all(side == int(name[-3:]) for name, side in sides.items() if name[-3:].isdigit())
    assert {row.sizes.get("backbone") for row in ABLATIONS if "resnet" in row.name} == {"resnet101"}


def test_word_order_matters_through_the_lstm_and_the_positions(backbone, batch):
    model = build(backbone)
    straight = model(batch)
    batch.words[0] = batch.words[0].flip(0)
    assert (model(batch)[0] - straight[0]).abs().max() > 1e-4


def test_traces_have_the_names_and_shapes_of_the_documentation(backbone, batch):
    model = build(backbone, grid=3)
    with trace(model) as seen:
        model(batch)
    for level in ("c3", "c4", "c5"):
        word_word = seen[f"sfm.{level}.word_word"]
        word_pixel = seen[f"sfm.{level}.word_pixel"]
        assert word_word.shape == (4, 5, 5)
        assert word_pixel.shape == (4, 5, 3, 3)
        assert seen[f"sfm.{level}.pixel_word"].shape == (4, 3, 3, 5)
        assert seen[f"sfm.{level}.pixel_pixel"].shape == (4, 9, 3, 3)
        torch.testing.assert_close(word_word.sum(2) + word_pixel.sum((2, 3)), torch.ones(4, 5))
    for i, j in (
        ("c3", "c4"),
        ("c3", "c5"),
        ("c4", "c3"),
        ("c4", "c5"),
        ("c5", "c3"),
        ("c5", "c4"),
    ):
        assert seen[f"hcam.{i}.from_{j}"].shape == (4, 3, 3)


def test_the_variants_have_the_parts_they_promise(backbone):
    printed = build(backbone, preset="paper")
    assert isinstance(printed.level_fusion.sfm["c3"], SFM)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in printed.modules())
    assert all(m.p == 0 for m in printed.modules() if isinstance(m, torch.nn.Dropout2d))
    released = build(backbone, "released", preset="paper")
    assert isinstance(released.level_fusion.sfm["c3"], ReleasedSFM)
    assert len(released.level_fusion.sfm["c3"].layers) == 2
    assert isinstance(released.across_fusion, HCAM)
    assert isinstance(released.across_fusion.norms["c3"], torch.nn.BatchNorm2d)
    assert released.across_fusion.drop.p == released.head.drop.p == 0.2
    assert released.head.aspp.drop.p == 0.25


def test_switches_reach_the_parts_they_name(backbone):
    model = build(
        backbone,
        "released",
        preset="paper",
        layers=1,
        feed=12,
        pos_to_value=True,
        share_levels=False,
        pool="interpolate",
        rates=(6, 12, 18),
        heads=4,
    )
    sfm = model.level_fusion.sfm
    assert sfm["c3"] is not sfm["c4"]
    assert len(sfm["c3"].layers) == 1
    layer = sfm["c3"].layers[0]
    assert (layer.feed[0].out_features, layer.pos_to_value, layer.heads) == (12, True, 4)
    assert model.level_fusion.grid.pool == "interpolate"
    assert [branch[0].dilation[0] for branch in model.head.aspp.dilated] == [6, 12, 18]
    assert build(backbone).level_fusion.sfm["c3"].residual
    assert not build(backbone, residual=False).level_fusion.sfm["c3"].residual


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"attention": "words"}, "sfm, none"),
        ({"fusion": "fpn"}, "hcam, conv3d, convlstm, mgate, tgfe, gbfm, concat"),
        ({"vectors": "glove"}, "frozen, learned"),
        ({"norm": "layer"}, "group, batch, none"),
        ({"layers": 1}, "variant='released'"),
        ({"variant": "released", "residual": True}, "variant='paper'"),
    ],
)
def test_what_cannot_be_built_is_one_clear_error(options, told, backbone):
    with pytest.raises(UserError, match=told):
        build(backbone, **options)
