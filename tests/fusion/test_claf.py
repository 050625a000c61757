"""CLAF, held against paper 002 Eq. 16-17 written out pixel by pixel."""

import math

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.fusion.claf import CLAF, NORMS, SHARES
from refseg_lib.trace import trace

LEVELS = ("c3", "c4", "c5")
C, D = 4, 3


def make(norm="softmax", share="per_level", unit_length=False, balanced=False):
    torch.manual_seed(1)
    module = CLAF(
        LEVELS,
        channels=C,
        language=D,
        norm=norm,
        share=share,
        unit_length=unit_length,
        balanced=balanced,
    ).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


@pytest.fixture
def inputs():
    """Two sentences; c5 is coarser than the others."""
    torch.manual_seed(0)
    sizes = {"c3": (3, 4), "c4": (3, 4), "c5": (2, 3)}
    levels = {k: torch.randn(2, C, *size, dtype=torch.float64) for k, size in sizes.items()}
    return levels, torch.randn(2, D, dtype=torch.float64)


def convolution(layer, vector):
    bias = [0.0] * len(layer.weight) if layer.bias is None else layer.bias.tolist()
    return [
        sum(w * x for w, x in zip(row, vector, strict=True)) + b
        for row, b in zip(layer.weight.tolist(), bias, strict=True)
    ]


def pixels(level, b):
    return level[b].flatten(1).T.tolist()


def literal_pair(module, y_k, y_j, sentence, asking, answering):
    """Z_kj of one sentence, Eq. 16: every score of every pair of pixels."""
    z = []
    keys = [convolution(module.key[answering], y) for y in y_j]
    values = [convolution(module.value[answering], y) for y in y_j]
    for y in y_k:
        query = convolution(module.query[asking], y)
        scores = [
            sum(s * q * s * x for s, q, x in zip(sentence, query, key, strict=True)) for key in keys
        ]
        if module.norm == "softmax":
            powers = [math.exp(score / math.sqrt(D)) for score in scores]
            scores = [power / sum(powers) for power in powers]
        elif module.norm == "linear":
            scores = [score / len(y_j) for score in scores]
        z.append([sum(s * v[c] for s, v in zip(scores, values, strict=True)) for c in range(C)])
    return z


NAMES = {
    "per_level": lambda k, j: (k, j),
    "per_pair": lambda k, j: (f"{k}_{j}", f"{k}_{j}"),
    "all": lambda k, j: ("all", "all"),
}


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("share", SHARES)
def test_equals_equations_16_and_17_written_out(inputs, norm, share):
    levels, sentence = inputs
    module = make(norm, share)
    got = module(levels, sentence)
    for b in range(2):
        for k in LEVELS:
            y_k = pixels(levels[k], b)
            total = [list(y) for y in y_k]
            for j in LEVELS:
                names = NAMES[share](k, j)
                z = literal_pair(module, y_k, pixels(levels[j], b), sentence[b].tolist(), *names)
                for row, more in zip(total, z, strict=True):
                    row[:] = [x + y for x, y in zip(row, more, strict=True)]
            want = torch.tensor(total, dtype=torch.float64).T.unflatten(1, levels[k].shape[-2:])
            torch.testing.assert_close(got[k][b], want, rtol=0, atol=1e-9)


@pytest.mark.parametrize("norm", NORMS)
def test_gradients_equal_numeric_ones(inputs, norm):
    levels, sentence = inputs
    module = make(norm, unit_length=True)

    def run(sentence, *maps):
        return tuple(module(dict(zip(LEVELS, maps, strict=True)), sentence).values())

    small = [levels[k][:1, :, :2, :2].clone().requires_grad_() for k in LEVELS]
    assert torch.autograd.gradcheck(run, (sentence[:1].clone().requires_grad_(), *small))


@pytest.mark.parametrize("norm", ["linear", "none"])
def test_reordering_keeps_the_gradients_of_the_literal_order(inputs, norm):
    levels, sentence = inputs
    module = make(norm)
    got = module(levels, sentence)

    def literal():
        """Pixels by pixels first, as printed."""
        y = {k: x.flatten(2).mT for k, x in levels.items()}
        gate = sentence[:, None]
        z = {}
        for k in LEVELS:
            z[k] = y[k]
            for j in LEVELS:
                scores = (gate * module.query[k](y[k])) @ (gate * module.key[j](y[j])).mT
                share = scores.shape[-1] if norm == "linear" else 1
                z[k] = z[k] + scores @ module.value[j](y[j]) / share
        return z

    want = literal()
    upstream = {k: torch.randn_like(x) for k, x in want.items()}
    mine = sum((got[k].flatten(2).mT * upstream[k]).sum() for k in LEVELS)
    theirs = sum((want[k] * upstream[k]).sum() for k in LEVELS)
    parameters = list(module.parameters())
    for x, y in zip(
        torch.autograd.grad(mine, parameters), torch.autograd.grad(theirs, parameters), strict=True
    ):
        torch.testing.assert_close(x, y, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("norm", ["linear", "none"])
def test_a_sentence_of_zeros_shuts_every_level_off(inputs, norm):
    levels, _ = inputs
    got = make(norm)(levels, torch.zeros(2, D, dtype=torch.float64))
    for k in LEVELS:
        assert torch.equal(got[k], levels[k])


def test_a_sentence_of_zeros_leaves_the_softmax_with_the_mean(inputs):
    levels, _ = inputs
    module = make()
    got = module(levels, torch.zeros(2, D, dtype=torch.float64))
    means = sum(module.value[j](levels[j].mean((2, 3))) for j in LEVELS)
    torch.testing.assert_close(got["c4"], levels["c4"] + means[..., None, None])


def test_every_pixel_of_a_level_is_brought_to_length_one_or_sqrt_c(inputs):
    levels, sentence = inputs
    longer = {k: 3 * x for k, x in levels.items()}
    for balanced, length in ((False, 1), (True, C**0.5)):
        module = make(unit_length=True, balanced=balanced)
        got = module(levels, sentence)
        torch.testing.assert_close(module(longer, sentence), got)
        for value in module.value.values():
            torch.nn.init.zeros_(value.weight)
            torch.nn.init.zeros_(value.bias)
        lengths = module(levels, sentence)["c5"].norm(dim=1)
        torch.testing.assert_close(lengths, torch.full_like(lengths, length))


def test_permuting_pixels_of_one_level_permutes_only_that_level(inputs):
    levels, sentence = inputs
    module = make()
    turned = {**levels, "c4": levels["c4"].flip(2, 3)}
    before, after = module(levels, sentence), module(turned, sentence)
    torch.testing.assert_close(after["c4"], before["c4"].flip(2, 3))
    torch.testing.assert_close(after["c3"], before["c3"])


def test_no_sentence_changes_another(inputs):
    levels, sentence = inputs
    other = sentence.clone()
    other[1] = 5
    for norm in NORMS:
        before, after = make(norm)(levels, sentence), make(norm)(levels, other)
        for k in LEVELS:
            assert torch.equal(before[k][0], after[k][0])
            assert not torch.allclose(before[k][1], after[k][1])


@pytest.mark.parametrize("norm", NORMS)
def test_traces_are_attention_received_and_length_of_what_is_taken(inputs, norm):
    levels, sentence = inputs
    module = make(norm)
    with trace(module) as seen:
        module(levels, sentence)
    y_k, y_j = pixels(levels["c3"], 1), pixels(levels["c5"], 1)
    z = literal_pair(module, y_k, y_j, sentence[1].tolist(), "c3", "c5")
    strength = seen["claf.c3.from_c5.strength"]
    assert strength.shape == (2, 3, 4)
    lengths = [math.hypot(*row) for row in z]
    assert strength[1].flatten().tolist() == pytest.approx(lengths, abs=1e-9)
    if norm == "softmax":
        received = seen["claf.c3.from_c5.received"]
        assert received.shape == (2, 2, 3)
        assert received.sum((1, 2)).tolist() == pytest.approx([1, 1])
        # What c3 takes on average is what is received of every value.
        taken = (received.flatten(1)[1][:, None] * torch.tensor(
            [convolution(module.value["c5"], y) for y in y_j], dtype=torch.float64
        )).sum(0)  # fmt: skip
        mean = [sum(row[c] for row in z) / len(z) for c in range(C)]
        assert taken.tolist() == pytest.approx(mean, abs=1e-9)
    else:
        assert "claf.c3.from_c5.received" not in seen


def test_weights_are_shared_as_asked():
    count = {s: sum(p.numel() for p in make("none", s).parameters()) for s in SHARES}
    one = 2 * (C * D + D) + C * C + C
    assert count == {"all": one, "per_level": 3 * one, "per_pair": 9 * one}


@pytest.mark.parametrize(("option", "value"), [("norm", "relu"), ("share", "none")])
def test_what_is_unknown_is_told_with_what_is_known(option, value):
    with pytest.raises(UserError, match=rf"unknown {option} '{value}'.*choose one of"):
        make(**{option: value})


@pytest.mark.parametrize("language", [2, 7])
def test_sentence_and_maps_may_have_different_widths(inputs, language):
    levels, _ = inputs
    torch.manual_seed(1)
    module = CLAF(LEVELS, channels=C, language=language, unit_length=False).double()
    sentence = torch.randn(2, language, dtype=torch.float64)
    y = {k: x.flatten(2).mT for k, x in levels.items()}
    want = y["c3"]
    for j in LEVELS:
        query = sentence[:, None] * module.query["c3"](y["c3"])
        key = sentence[:, None] * module.key[j](y[j])
        weights = (query @ key.mT / language**0.5).softmax(-1)
        want = want + weights @ module.value[j](y[j])
    got = module(levels, sentence)["c3"].flatten(2).mT
    torch.testing.assert_close(got, want, rtol=0, atol=1e-12)


def test_half_precision_takes_its_own_way_to_nearly_the_same(inputs):
    levels, sentence = inputs
    module = make(unit_length=True, balanced=True).float()
    levels, sentence = {k: x.float() for k, x in levels.items()}, sentence.float()
    want = module(levels, sentence)
    with torch.autocast("cpu", torch.bfloat16):
        got = module(levels, sentence)
    for k in LEVELS:
        assert (got[k] - want[k]).abs().max() < 0.03 * want[k].abs().max()
