"""BUSNet as a whole: batches of mixed graphs, sizes of the paper, ablations."""

import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.bus import BottomUpShift
from refseg_lib.fusion.convlstm import ConvLSTM
from refseg_lib.fusion.feature_pyramid import FeaturePyramid
from refseg_lib.fusion.levels import SumOfLevels
from refseg_lib.fusion.pairwise_shift import ConcatMessage, PairwiseShift
from refseg_lib.fusion.relation_convolution import RelationConvolution, SharedRelationConvolution
from refseg_lib.models import build
from refseg_lib.models.busnet import ABLATIONS, RELATIONS
from refseg_lib.text.encoders import WordEmbedding
from refseg_lib.text.graph import Edge, LanguageGraph, Node
from refseg_lib.trace import trace

SMALL = {"shared": 24, "vector": 10}


def graph(spans, edges):
    nodes = tuple(Node(f"n{i}", f"n{i}", *span) for i, span in enumerate(spans))
    return LanguageGraph(nodes, tuple(Edge(*edge) for edge in edges), 0)


# the batch of the fixture has 5, 2, 1 and 3 words
GRAPHS = [
    graph([(0, 1), (2, 3), (4, 5)], [(0, "on", 1), (1, "with", 2), (0, "never heard", 2)]),
    graph([(0, 1), (1, 2)], [(0, "on", 1)]),
    graph([(0, 1)], []),
    graph([(0, 3)], []),
]


def make(backbone, **options):
    torch.manual_seed(3)
    sizes = {**SMALL, **options.pop("sizes", {})}
    return build.build_model(
        "busnet", vocabulary_size=20, backbone=backbone, sizes=sizes, **options
    )


@pytest.fixture
def asked(batch):
    return replace(batch, graphs=GRAPHS)


def one_of(alone, asked, b):
    return replace(alone(asked, b), graphs=[GRAPHS[b]])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("options", [{}, {"shift": "per_type", "update_object": True}])
def test_a_batch_of_mixed_graphs_equals_the_loop_of_singles(
    training, options, backbone, asked, alone
):
    model = make(backbone, **options).train(training)
    together = model(asked)
    assert together.shape == (4, 1, 40, 48)
    assert together.std() > 1e-2
    for b in range(4):
        got = model(one_of(alone, asked, b))
        torch.testing.assert_close(together[b : b + 1], got, rtol=1e-5, atol=1e-5)


def test_gradients_of_a_batch_are_those_of_its_singles_added(backbone, asked, alone):
    model = make(backbone).double()
    asked = replace(asked, image=asked.image.double())
    parameters = [p for p in model.parameters() if p.requires_grad]
    together = torch.autograd.grad(model(asked).square().sum(), parameters)
    losses = [model(one_of(alone, asked, b)).square().sum() for b in range(4)]
    apart = torch.autograd.grad(sum(losses), parameters)
    for mine, theirs in zip(together, apart, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)


def test_every_trained_weight_gets_a_gradient(backbone, asked):
    model = make(backbone)
    model(asked).square().sum().backward()
    silent = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
    ]
    assert silent == []


def test_another_relation_moves_the_answer_and_only_its_own(backbone, asked):
    model = make(backbone)
    before = model(asked)
    changed = replace(GRAPHS[1], edges=(Edge(0, "behind", 1),))
    after = model(replace(asked, graphs=[GRAPHS[0], changed, *GRAPHS[2:]]))
    assert (after[1] - before[1]).abs().max() > 1e-4
    torch.testing.assert_close(after[[0, 2, 3]], before[[0, 2, 3]], rtol=0, atol=1e-6)


def test_a_batch_without_graphs_is_told_where_to_get_them(backbone, batch):
    with pytest.raises(UserError, match=r"this model reasons along language graphs"):
        make(backbone)(replace(batch, graphs=None))


def test_the_relations_of_the_training_data_are_an_option_that_a_config_can_hold(backbone, asked):
    model = make(backbone, relations=["on", "under"])
    assert json.loads(json.dumps(model.config))["options"] == {"relations": ["on", "under"]}
    bus = model.level_fusion
    assert isinstance(bus, BottomUpShift)
    assert [bus.encode(name) for name in ("on", "under", "with")] == [1, 2, 0]
    assert model(asked).isfinite().all()
    assert make(backbone).level_fusion.encode("walked by") == len(RELATIONS) == 30


def test_the_levels_worth_caching_are_those_of_both_halves(backbone):
    assert make(backbone).used_levels() == ("c2", "c3", "c4", "c5")
    assert make(backbone, reasoned_levels=1).used_levels() == ("c2", "c3", "c4", "c5")


class Trunk(nn.Module):
    """What DeepLab's ResNet-101 offers, to be counted with and never run."""

    def __init__(self):
        super().__init__()
        self.channels = {"c2": 256, "c3": 512, "c4": 1024, "c5": 2048}
        self.strides = {"c2": 4, "c3": 8, "c4": 8, "c5": 8}


def test_the_printed_net_has_139_93_million_weights():
    with torch.device("meta"):
        model = build.build_model("busnet", "paper", vocabulary_size=12_112, backbone=Trunk())
    words = 12_112 * 300 + (300 + 1) * 512 + 3 * 512**2
    types = 62 * (9 * 512 * 128 + 128 + 9 * 128 + 1)  # 36.6 M a level, as the specification counts
    bus = sum((c + 8 + 1) * 512 + 512**2 + types for c in (1024, 2048))
    square = 9 * 512**2 + 512
    biar = sum((c + 1) * 512 for c in (256, 512, 1024))  # V2, V3, V4 to 512 channels
    biar += 10 * square + square  # Conv_i up and down, and one Down
    biar += (3 + 4) * (2 * square + 9 * 512 + 1)  # Conv_a, Conv_b, Conv_c of each gate
    head = 9 * 512 + 1
    parts = (model.text_encoder, model.level_fusion, model.across_fusion, model.head)
    counted = [sum(p.numel() for p in part.parameters()) for part in parts]
    assert counted == [words, bus, biar, head]
    assert round(sum(counted) / 1e6, 2) == 139.93


EXPECTED = {
    "baseline": ("row1: Baseline", WordEmbedding, None, SumOfLevels),
    "attention-words": (
        "row2: + Positional Encoding (with Self-attention)", None, None, SumOfLevels,
    ),
    "multi-level": (
        "row3: + Positional Encoding + GloVe = Multi-level", None, None, SumOfLevels,
    ),
    "fpn": ("row4: Multi-level + FPN", None, None, FeaturePyramid),
    "convlstm": ("row5: Multi-level + ConvLSTM", None, None, ConvLSTM),
    "refinement": ("row6: Multi-level + BIAR = Refinement", None, None, None),
    "bus-1": ("row7: Refinement + BUS-1", None, ("c5",), None),
    "concat-1": ("row8: Refinement + Concat-1", None, ("c5",), None),
    "bus-1-no-type": ("row9: Refinement + BUS-1 w/o Type", None, ("c5",), None),
    "bus-3": ("row10: Refinement + BUS-3", None, ("c3", "c4", "c5"), None),
    "bus-4": ("row11: Refinement + BUS-4", None, ("c2", "c3", "c4", "c5"), None),
    "bus-2": ("row12: Refinement + BUS-2", None, ("c4", "c5"), None),
}  # fmt: skip


@pytest.mark.parametrize("name", list(EXPECTED))
def test_each_row_of_table_2_is_built_and_answers(name, backbone, asked):
    whole = make(backbone)
    row, encoder, reasoned, across = EXPECTED[name]
    (ablation,) = [a for a in ABLATIONS if a.name == name]
    assert (ablation.row, ablation.table) == (row, "T2")
    model = make(backbone, ablation=name)
    logits = model(asked)
    assert logits.shape == (4, 1, 40, 48)
    assert logits.std() > 1e-3
    assert type(model.text_encoder) is (encoder or type(whole.text_encoder))
    assert type(model.across_fusion) is (across or type(whole.across_fusion))
    bus = model.level_fusion
    assert isinstance(bus, BottomUpShift) == (reasoned is not None)
    assert getattr(bus, "wants_graphs", False) == (reasoned is not None)
    if isinstance(bus, BottomUpShift):
        assert bus.levels == reasoned
        assert len(model.across_fusion.names) == 5
        kinds = {type(shift) for shift in bus.shifts.values()}
        assert kinds == {ConcatMessage if name == "concat-1" else PairwiseShift}
        assert (bus.encode("on") == bus.encode("with")) == (name == "bus-1-no-type")
    else:
        words = replace(asked, graphs=None)
        torch.testing.assert_close(model(words), logits, rtol=0, atol=0)


def test_no_row_is_missing():
    assert [a.name for a in ABLATIONS] == list(EXPECTED)


def test_switches_reach_their_parts(backbone):
    model = make(
        backbone, hidden=7, iterations=2, share_levels=True, order="reverse_bfs",
        update_object=True, gate="self", down="pool", activation=False, position="learned",
        scale=False, residual=False, shift="per_type",
    )  # fmt: skip
    bus, biar, words = model.level_fusion, model.across_fusion, model.text_encoder
    (shift,) = bus.shifts.values()
    assert (shift.iterations, shift.convolution.first[0].shape[0]) == (2, 7)
    assert isinstance(shift.convolution, RelationConvolution)
    assert (bus.order, bus.update_object) == ("reverse_bfs", True)
    assert (biar.gate, len(biar.down), biar.activation) == ("self", 0, False)
    assert (words.temperature, words.residual, words.position is None) == (1.0, False, False)
    usual = make(backbone)
    assert isinstance(usual.level_fusion.shifts["c4"].convolution, SharedRelationConvolution)
    assert usual.across_fusion.activation
    assert usual.text_encoder.residual
    assert usual.text_encoder.position is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"words": "lstm"}, "unknown words 'lstm'.*attention, embedding"),
        ({"reasoning": "tree"}, "unknown reasoning.*shift, concat, none"),
        ({"refinement": "unet", "reasoning": "none"}, "unknown refinement.*biar, fpn"),
        ({"refinement": "fpn"}, "add reasoning='none'"),
        ({"shift": "grouped"}, "unknown shift.*per_type, lowrank"),
        ({"reasoned_levels": 5}, "unknown reasoned_levels 5.*1, 2, 3, 4"),
        ({"gate": "upper"}, "unknown gate.*lower, self, none"),
        ({"ablation": "bus-5"}, "unknown ablation 'bus-5' of busnet.*bus-2"),
    ],
)
def test_what_cannot_be_built_is_one_clear_error(options, said, backbone):
    with pytest.raises(UserError, match=said):
        make(backbone, **options)


def test_it_starts_alive(backbone, asked):
    """Maps of order one at the start, from words as small as their table begins."""
    model = make(backbone, sizes={"shared": 96, "vector": 64})
    with trace(model) as seen:
        logits = model(asked)
    assert 0.1 < seen["fused"].std() < 10
    assert 0.05 < logits.std() < 10
    assert seen["bus.c5.attention"].abs().mean() > 0.05
