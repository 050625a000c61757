"""The bilingual network as a whole: sizes of the paper, rows of Table 4, batches and singles."""

import csv
from dataclasses import replace

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.fusion.early_fusion import EarlyConcat, EarlyMutan
from refseg_lib.fusion.levels import SumOfLevels
from refseg_lib.models.bilingual_net import ABLATIONS
from refseg_lib.models.build import build_model
from refseg_lib.trace import trace

SMALL = {"embedding": 12, "multimodal": 8, "width": 10, "vector": 6}


def make(backbone, sizes=SMALL, **options):
    torch.manual_seed(3)
    return build_model("bilingual", vocabulary_size=20, backbone=backbone, sizes=sizes, **options)


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def test_the_printed_net_has_86_9_million_weights(resnet_taps):
    with torch.device("meta"):
        model = build_model(
            "bilingual", "paper", vocabulary_size=12_112, backbone=resnet_taps, peephole="spatial"
        )
    text = 12_112 * 300 + 4 * 1000 * (300 + 1000) + 2 * 4000
    assert parameters(model.text_encoder) == text
    by_part = dict.fromkeys(("lateral", "mutan", "le", "la", "join"), 0)
    for level in model.level_fusion.modules_by_level.values():
        by_part["lateral"] += parameters(level.early.lateral)
        by_part["mutan"] += parameters(level.early.mutan)
        for name in ("le", "la", "join"):
            by_part[name] += parameters(getattr(level, name))
    assert by_part == {
        "lateral": (512 + 1024 + 2048 + 3 * 8) * 1000 + 3 * 1000,
        "mutan": 3 * 5 * 2 * (1000 * 1000 + 1000),
        "le": 3 * 4 * (1000 * 1000 + 1000),
        # the bias under the softmax is left out
        "la": 3 * (2 * 1000 * 1000 + 1000),
        "join": 3 * (4008 * 1000 + 1000),
    }
    across = model.across_fusion
    # the bias of K under the softmax is left out
    assert parameters(across.claf) == 3 * (3 * 1000 * 1000 + 2 * 1000)
    cell = 1500 * 2000 + 3 * 40 * 40 * 500 + 2 * 5 * 500
    assert parameters(across.convlstm) == cell
    # 86.91 million in the arithmetic of the systems' specification, without most of the biases
    assert parameters(model) / 1e6 == pytest.approx(86.91, abs=0.1)


def test_a_hidden_size_of_300_needs_22_million_fewer_off_the_gated_widths(resnet_taps):
    with torch.device("meta"):
        model = build_model(
            "bilingual",
            "paper",
            vocabulary_size=12_112,
            backbone=resnet_taps,
            peephole="spatial",
            sizes={"embedding": 300},
        )
    # Q and K have the sentence's 300 channels, which gates them: 4.2 million less than with 1000
    # channels there, which l_s could not multiply.
    assert parameters(model) / 1e6 == pytest.approx(65.63 - 4.2, abs=0.1)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("norm", ["softmax", "linear"])
def test_a_batch_of_unequal_sentences_equals_the_loop_of_singles(
    training, norm, backbone, batch, alone
):
    model = make(backbone, None, claf_norm=norm).train(training)
    together = model(batch)
    assert together.std() > 1e-2
    for b in range(len(batch)):
        torch.testing.assert_close(
            together[b : b + 1], model(alone(batch, b)), rtol=1e-5, atol=1e-5
        )


def test_every_trained_weight_gets_a_gradient(backbone, batch):
    model = make(backbone, learned_sigma=True)
    model(batch).square().sum().backward()
    silent = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
    ]
    # Peepholes start at zero but are moved.
    assert silent == []


def test_words_matter_in_their_order_and_padding_does_not(backbone, batch):
    model = make(backbone)
    before = model(batch)
    padded = torch.where(batch.word_mask, batch.words, torch.full_like(batch.words, 9))
    torch.testing.assert_close(model(replace(batch, words=padded)), before, rtol=0, atol=0)
    turned = batch.words.clone()
    turned[0] = turned[0].flip(0)
    after = model(replace(batch, words=turned))
    assert (after[0] - before[0]).abs().max() > 1e-4
    torch.testing.assert_close(after[1:], before[1:], rtol=0, atol=1e-6)


def test_bf16_autocast_moves_logits_by_little(backbone, batch):
    model = make(backbone, None)
    want = model(batch)
    with torch.autocast("cpu", torch.bfloat16):
        got = model(batch)
    got.square().sum().backward()
    assert (got - want).abs().max() < 0.05 * want.abs().max()


def test_traces_have_the_names_and_shapes_of_the_documentation(backbone, batch):
    model = make(backbone)
    with trace(model) as seen:
        model(batch)
    for level in ("c3", "c4", "c5"):
        assert seen[f"bilingual.{level}.le_weights"].shape == (4, 8)
        for name in ("la_projection", "la_reprojection"):
            assert seen[f"bilingual.{level}.{name}"].shape == (4, 5, 6)
        for other in ("c3", "c4", "c5"):
            for name in ("strength", "received"):
                assert seen[f"claf.{level}.from_{other}.{name}"].shape == (4, 5, 6)


def test_every_row_of_the_papers_tables_is_there_under_its_published_name(repository):
    with (repository / "refseg_lib/reproduction/published.csv").open(encoding="utf-8") as file:
        published = {
            row["method"]
            for row in csv.DictReader(file)
            if row["paper"] == "002_Bilingual_TIST21" and row["table"] == "T4"
        }
    assert {row.row for row in ABLATIONS if row.table == "T4"} == published
    assert len({row.name for row in ABLATIONS}) == len(ABLATIONS)


@pytest.mark.parametrize("row", ABLATIONS, ids=lambda row: row.name)
def test_every_row_has_the_parts_its_name_says_and_answers(row, backbone, batch):
    model = make(backbone, ablation=row.name)
    parts = row.row if row.table == "T4" else "row10: LE+LA+MUTAN+CLAF"
    number = int(parts.partition(":")[0].removeprefix("row"))
    named = parts.partition(": ")[2].split("+")
    assert model.level_fusion.levels == (("c5",) if number <= 5 else ("c3", "c4", "c5"))
    for level in model.level_fusion.modules_by_level.values():
        assert (level.le is not None) == ("LE" in named)
        assert (level.la is not None) == ("LA" in named)
        assert type(level.early) is (EarlyMutan if "MUTAN" in named else EarlyConcat)
    assert hasattr(model.across_fusion, "claf") == ("CLAF" in named)
    assert isinstance(model.across_fusion, SumOfLevels) == (number <= 5)
    logits = model(batch)
    assert logits.shape == (4, 1, 40, 48)
    assert logits.std() > 1e-3


@pytest.mark.parametrize(
    "options",
    [
        {"early": "mutan_literal"},
        {"le_reduction": 4},
        {"la_scale": False},
        {"learned_sigma": True},
        {"claf_norm": "none"},
        {"claf_share": "per_pair"},
        {"claf_unit_length": False},
        {"claf": False},
        {"peephole": "none"},
    ],
    ids=str,
)
def test_every_option_changes_the_network(options, backbone, batch):
    plain, changed = make(backbone), make(backbone, **options)
    # With the weights that both have, what is left is the option.
    mine, theirs = plain.state_dict(), changed.state_dict()
    same = mine.keys() == theirs.keys() and all(mine[k].shape == theirs[k].shape for k in mine)
    if same:
        changed.load_state_dict(mine)
        assert (changed(batch) - plain(batch)).abs().max() > 1e-6
    else:
        assert changed(batch).isfinite().all()


def test_several_levels_without_claf_go_through_the_convlstm_alone(backbone):
    model = make(backbone, claf=False)
    assert model.across_fusion.order == ("c3", "c4", "c5")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"early": "sum"}, r"unknown early 'sum'.*mutan, mutan_literal, concat"),
        ({"claf_norm": "relu"}, r"unknown norm 'relu'.*softmax, linear, none"),
        ({"claf_share": "some"}, r"unknown share 'some'.*per_level, per_pair, all"),
        ({"ablation": "row1"}, r"unknown ablation 'row1'.*single-baseline"),
    ],
)
def test_what_cannot_be_built_is_one_clear_error(options, message, backbone):
    with pytest.raises(UserError, match=message):
        make(backbone, **options)
