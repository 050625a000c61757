"""Text-guided feature exchange, held against Eq. 12-14 of paper 001 written out."""

import math

import pytest
import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.context import Context
from refseg_lib.fusion.levels import SumOfLevels
from refseg_lib.fusion.tgfe import TGFE, ExchangeThenMerge
from refseg_lib.trace import trace

LEVELS = ("c3", "c4", "c5")
SETTINGS = [
    {"norm": "none", "rounds": 2},
    {"norm": "none", "rounds": 1, "source_transform": True},
    {"norm": "softmax_l2", "rounds": 3},
    {"norm": "softmax_l2", "rounds": 2, "source_transform": True},
    {"norm": "softmax_l2", "rounds": 3, "share_rounds": True},
]


def make(**options):
    torch.manual_seed(1)
    module = TGFE(LEVELS, 3, 4, **options).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return module


@pytest.fixture
def levels():
    torch.manual_seed(0)
    return {name: torch.randn(2, 3, 4, 5, dtype=torch.float64) for name in LEVELS}


@pytest.fixture
def sentences():
    torch.manual_seed(5)
    return {name: torch.randn(2, 4, dtype=torch.float64) for name in LEVELS}


def literal(module, levels, sentences, norm, source_transform=False, share_rounds=False, **_):
    """Eq. 12-14 for one sentence: (C, h, w) per level, every pixel keyed."""
    gates = {}
    for k in range(module.rounds):
        questions = module.questions[0 if share_rounds else k]
        after = {}
        for i in LEVELS:
            question, s, y = questions[i], sentences[i], levels[i]
            query = question.query.weight @ s
            if norm != "none":
                query = query + question.query.bias
            weights = [
                (query @ (question.key.weight @ y[:, r, c])).item()
                for r in range(4)
                for c in range(5)
            ]
            if norm != "none":
                weights = [math.exp(w / math.sqrt(3)) for w in weights]
                weights = [w / sum(weights) for w in weights]
            g = sum(w * y[:, n // 5, n % 5] for n, w in enumerate(weights))
            c = question.context.weight @ torch.cat([s, g]) + question.context.bias
            if norm != "none" and source_transform:
                c = c / c.norm()
            new = y.clone()
            for j in LEVELS:
                if j == i:
                    continue
                gate, offered = c.sigmoid(), levels[j]
                if source_transform:
                    gate = (question.gates[j].weight @ c + question.gates[j].bias).sigmoid()
                    change = question.transforms[j]
                    offered = torch.einsum("oc,chw->ohw", change.weight, levels[j])
                    offered = (offered + change.bias[:, None, None]).relu()
                gates[f"tgfe.{k + 1}.{i}.gate.{j}"] = gate
                new = new + gate[:, None, None] * offered
            after[i] = new / new.norm(dim=0) if norm != "none" else new
        levels = after
    return levels, gates


@pytest.mark.parametrize("options", SETTINGS)
def test_equals_the_literal_equations(options, levels, sentences):
    module = make(**options)
    with torch.no_grad():
        with trace(module) as seen:
            got = module(levels, sentences)
        for b in range(2):
            of_b = {name: x[b] for name, x in levels.items()}
            want, gates = literal(
                module, of_b, {name: s[b] for name, s in sentences.items()}, **options
            )
            for name in LEVELS:
                torch.testing.assert_close(got[name][b], want[name], rtol=0, atol=1e-8)
            for name, gate in gates.items():
                torch.testing.assert_close(seen[name][b], gate, rtol=0, atol=1e-8)


@pytest.mark.parametrize("options", SETTINGS)
def test_sentences_of_a_batch_never_meet(options, levels, sentences):
    """The released code divides c by its length over the whole batch: there they do."""
    module = make(**options)
    together = module(levels, sentences)
    far = {name: torch.cat([x[:1], 100 * x[1:]]) for name, x in levels.items()}
    others = {name: torch.cat([s[:1], -50 * s[1:]]) for name, s in sentences.items()}
    beside = module(far, others)
    alone = module(
        {name: x[:1] for name, x in levels.items()}, {name: s[:1] for name, s in sentences.items()}
    )
    for name in LEVELS:
        torch.testing.assert_close(beside[name][:1], together[name][:1], rtol=0, atol=1e-12)
        torch.testing.assert_close(alone[name], together[name][:1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("norm", ["none", "softmax_l2"])
def test_gradients_equal_numeric_ones(norm, levels, sentences):
    module = make(norm=norm, rounds=2)
    maps = [x[:1, :, :2, :2].clone().requires_grad_() for x in levels.values()]
    spoken = sentences["c3"][:1].clone().requires_grad_()

    def run(spoken, *maps):
        out = module(dict(zip(LEVELS, maps, strict=True)), dict.fromkeys(LEVELS, spoken))
        return tuple(out.values())

    assert torch.autograd.gradcheck(run, (spoken, *maps))


def test_closed_gates_leave_every_level_as_it_was_and_open_ones_add_the_others(levels, sentences):
    module = make(norm="none", rounds=1)
    for offset, factor in ((-1e6, 0), (1e6, 1)):
        with torch.no_grad():
            for question in module.questions[0].values():
                question.context.weight.zero_()
                question.context.bias.fill_(offset)
        got = module(levels, sentences)
        total = sum(levels.values())
        for name, x in levels.items():
            torch.testing.assert_close(got[name], x + factor * (total - x), rtol=0, atol=1e-12)


def test_shared_rounds_have_the_weights_of_one():
    count = [sum(p.numel() for p in make(rounds=n).parameters()) for n in (1, 3)]
    assert count[1] == 3 * count[0]
    assert sum(p.numel() for p in make(rounds=3, share_rounds=True).parameters()) == count[0]


def test_pooling_looks_at_cells_and_sums_to_one(levels, sentences):
    module = make(rounds=2)
    with trace(module) as seen:
        module(levels, sentences)
    for k in (1, 2):
        for name in LEVELS:
            pooling = seen[f"tgfe.{k}.{name}.pooling"]
            assert pooling.shape == (2, 4, 5)
            torch.testing.assert_close(pooling.sum((1, 2)), torch.ones(2).double())
            assert pooling.std() > 1e-4


@pytest.mark.parametrize("unit_sentence", [True, False])
def test_the_sentence_is_the_sum_of_the_words_left_per_level_or_of_all(levels, unit_sentence):
    given = {}

    class Listening(nn.Module):
        def forward(self, levels, sentences):
            given.update(sentences)
            return levels

    words = torch.tensor([[[3.0, 4.0], [0.0, 2.0], [9.0, 9.0]]]).double()
    mask = torch.tensor([[True, True, False]])
    left = torch.tensor([[[6.0, 8.0], [0.0, 0.0], [0.0, 0.0]]]).double()
    context = Context({}, words, mask, level_words={"c3": left})
    module = ExchangeThenMerge(Listening(), SumOfLevels(), unit_sentence=unit_sentence)
    module({name: x[:1] for name, x in levels.items()}, context)
    want = {"c3": [6.0, 8.0], "c4": [0.6, 1.8]}
    for name, vector in want.items():
        length = math.hypot(*vector) if unit_sentence else 1
        assert given[name][0].tolist() == pytest.approx([v / length for v in vector])


@pytest.mark.parametrize(
    ("options", "message"),
    [({"norm": "l2"}, r"unknown norm 'l2'.*softmax_l2, none"), ({"rounds": 0}, "0 rounds")],
)
def test_what_cannot_be_built_is_one_clear_error(options, message):
    with pytest.raises(UserError, match=message):
        make(**options)
