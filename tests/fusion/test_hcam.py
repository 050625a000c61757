"""HCAM, held against paper 003 Eq. 2-3 written out."""

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.fusion.context import Context
from refseg_lib.fusion.hcam import HCAM, convolve_tiled
from refseg_lib.trace import trace

LEVELS, C = ("c3", "c4", "c5"), 4


@pytest.fixture
def given():
    torch.manual_seed(0)
    mask = torch.tensor([[1, 1, 1], [1, 0, 0]]).bool()
    maps = {level: torch.randn(2, C, 3, 4, dtype=torch.float64) for level in LEVELS}
    words = {level: torch.randn(2, 3, C, dtype=torch.float64) for level in LEVELS}
    plain = torch.randn(2, 3, C, dtype=torch.float64)
    return maps, Context({}, plain, mask, level_words=words)


def make(**options):
    torch.manual_seed(1)
    return HCAM(LEVELS, C, 5, **options).double()


def literal_affinity(module, maps, context, b, i, j):
    """Eq. 2 for one sentence: tile, concatenate, pad, and go over all cells."""
    count = int(context.word_mask[b].sum())
    average = context.level_words[j][b, :count].mean(0)
    height, width = maps[i].shape[-2:]
    both = torch.zeros(2 * C, height + 2, width + 2, dtype=torch.float64)
    for y in range(height):
        for x in range(width):
            both[:C, y + 1, x + 1] = maps[i][b, :, y, x]
            both[C:, y + 1, x + 1] = average
    weight, bias = module.affinity[i].weight, module.affinity[i].bias
    result = torch.empty(C, height, width, dtype=torch.float64)
    for y in range(height):
        for x in range(width):
            result[:, y, x] = (weight * both[:, y : y + 3, x : x + 3]).sum((1, 2, 3)) + bias
    return 1 / (1 + (-result).exp())


def literal(module, maps, context):
    sentences = []
    for b in range(2):
        g = []
        for i in LEVELS:
            total = maps[i][b]
            for j in LEVELS:
                if j != i:
                    total = total + literal_affinity(module, maps, context, b, i, j) * maps[j][b]
            g.append(total)
        sentences.append(
            F.conv3d(
                torch.stack(g, 1)[None],
                module.aggregate.convolution.weight,
                module.aggregate.convolution.bias,
                padding=(0, 1, 1),
            )[:, :, 0]
        )
    return torch.cat(sentences)


def test_equals_equations_2_and_3_cell_by_cell(given):
    module = make()
    torch.testing.assert_close(module(*given), literal(module, *given), rtol=0, atol=1e-8)


def test_gradients_equal_those_of_the_literal_equations(given):
    module = make()
    maps, context = given
    inputs = [
        *(x.requires_grad_() for x in maps.values()),
        *(x.requires_grad_() for x in context.level_words.values()),
        *module.parameters(),
    ]
    got, want = module(maps, context), literal(module, maps, context)
    upstream = torch.randn_like(got)
    for mine, theirs in zip(
        torch.autograd.grad(got, inputs, upstream),
        torch.autograd.grad(want, inputs, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-8)


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (2, 3), (5, 4)])
def test_convolving_a_tiled_vector_knows_the_borders_of_any_map(size):
    torch.manual_seed(0)
    vector = torch.randn(2, 3, dtype=torch.float64)
    weight = torch.randn(4, 3, 3, 3, dtype=torch.float64)
    tiled = vector[..., None, None].expand(-1, -1, *size)
    torch.testing.assert_close(
        convolve_tiled(vector, weight, size),
        F.conv2d(tiled, weight, padding=1),
        rtol=0,
        atol=1e-12,
    )


@pytest.mark.parametrize(("bias", "share"), [(-1e4, 0.0), (1e4, 1.0)])
def test_closed_affinities_leave_levels_alone_and_open_ones_add_them_all(given, bias, share):
    module = make()
    maps, context = given
    with torch.no_grad():
        for convolution in module.affinity.values():
            convolution.bias.fill_(bias)
    everything = sum(maps.values())
    expected = {i: x + share * (everything - x) for i, x in maps.items()}
    torch.testing.assert_close(
        module(maps, context), module.aggregate(expected), rtol=0, atol=1e-10
    )


def test_padding_words_and_other_sentences_do_not_leak(given):
    module = make()
    maps, context = given
    before = module(maps, context)
    for words in context.level_words.values():
        words[1, 1:] = 99.0
    torch.testing.assert_close(module(maps, context), before, rtol=0, atol=0)
    for words in context.level_words.values():
        words[1, 0] += 1.0
    after = module(maps, context)
    torch.testing.assert_close(after[0], before[0], rtol=0, atol=0)
    assert (after[1] - before[1]).abs().max() > 1e-3


def test_without_words_of_levels_the_encoders_words_are_used(given):
    module = make()
    maps, context = given
    context.level_words = dict.fromkeys(LEVELS, context.words)
    named = module(maps, context)
    context.level_words = {}
    torch.testing.assert_close(module(maps, context), named, rtol=0, atol=0)


def test_traces_are_the_affinities_averaged_over_channels(given):
    module = make()
    with trace(module) as seen:
        module(*given)
    assert len(seen) == 6
    for i in LEVELS:
        for j in LEVELS:
            if i != j:
                want = literal_affinity(module, *given, 1, i, j).mean(0)
                torch.testing.assert_close(seen[f"hcam.{i}.from_{j}"][1], want)


def test_released_form_normalises_before_the_sigmoid_and_drops_channels_in_training(given):
    plain, normed = make(), make(norm="group")
    assert not torch.allclose(plain(*given), normed(*given))
    with trace(normed) as seen:
        normed(*given)
    # A normalised map of fresh weights is centred: its affinities are too.
    centre = torch.stack([x.mean() for x in seen.values()]).mean()
    assert abs(centre - 0.5) < 0.01
    dropping = make(dropout=0.5)
    assert not torch.allclose(dropping(*given), dropping(*given))
    dropping.eval()
    torch.testing.assert_close(dropping(*given), plain(*given), rtol=0, atol=0)


def test_three_levels_of_512_channels_have_21_24_million_weights_as_released():
    module = HCAM(LEVELS, 512, 512, norm="batch")
    assert sum(p.numel() for p in module.parameters()) == 21_239_808
