"""SFM, held against paper 003 Eq. 1 written out token by token."""

import math

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.fusion.grid_positions import grid_positions
from refseg_lib.fusion.sfm import SFM
from refseg_lib.text.attention_encoder import sine_positions
from refseg_lib.trace import trace

C, HEADS = 8, 2


def make(**options):
    torch.manual_seed(1)
    module = SFM(C, heads=HEADS, **options).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


def layer_norm(x, norm):
    mean = sum(x) / len(x)
    variance = sum((value - mean) ** 2 for value in x) / len(x)
    return (x - mean) / (variance + 1e-5) ** 0.5 * norm.weight + norm.bias


def literal(module, feature, words, positions=True, residual=False):
    """Eq. 1 for one sentence without padding: (P + T, C) and the attention."""
    height, width = feature.shape[-2:]
    tokens = [feature[:, y, x] for y in range(height) for x in range(width)] + list(words)
    places = [
        *grid_positions(height, width, C).flatten(1).T.double(),
        *sine_positions(len(words), C).double(),
    ]
    x = [layer_norm(token, module.norm) for token in tokens]
    if positions:
        x = [token + place for token, place in zip(x, places, strict=True)]
    q, k, v = (
        [layer.weight @ token + layer.bias for token in x]
        for layer in (module.query, module.key, module.value)
    )
    deep, rows, table = C // HEADS, [], torch.zeros(len(x), len(x)).double()
    for i in range(len(x)):
        seen = torch.zeros(C).double()
        for h in range(HEADS):
            own = slice(h * deep, (h + 1) * deep)
            scores = [math.exp(q[i][own] @ k[j][own] / deep**0.5) for j in range(len(x))]
            for j, score in enumerate(scores):
                seen[own] += score / sum(scores) * v[j][own]
                table[i, j] += score / sum(scores) / HEADS
        out = module.out.weight @ seen + module.out.bias
        rows.append(out + x[i] if residual else out)
    return torch.stack(rows), table


@pytest.mark.parametrize("options", [{}, {"residual": True}, {"positions": False}])
def test_equals_equation_1_for_every_sentence_of_a_padded_batch(given, options):
    module = make(**options)
    feature, words, mask, image_of = given
    got, said = module(*given)
    for b in range(3):
        count = int(mask[b].sum())
        with torch.no_grad():
            want, _ = literal(module, feature[image_of[b]], words[b, :count], **options)
        torch.testing.assert_close(got[b].flatten(1).T, want[:12], rtol=0, atol=1e-8)
        torch.testing.assert_close(said[b, :count], want[12:], rtol=0, atol=1e-8)
        assert said[b, count:].abs().sum() == 0


def test_padding_may_hold_anything_even_not_a_number(given):
    module = make()
    feature, words, mask, image_of = given
    dirty = words.masked_fill(~mask[..., None], float("nan"))
    for mine, theirs in zip(module(feature, dirty, mask, image_of), module(*given), strict=True):
        assert torch.equal(mine, theirs)


def test_padding_on_the_left_reads_like_padding_on_the_right(given):
    module = make()
    feature, words, mask, image_of = given
    got, said = module(feature, words.flip(1), mask.flip(1), image_of)
    # Only the sentence of one word reads the same in both directions.
    want, heard = module(*given)
    torch.testing.assert_close(got[2], want[2], rtol=0, atol=1e-12)
    torch.testing.assert_close(said[2, -1], heard[2, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("positions", [True, False])
def test_word_order_matters_only_through_positions(given, positions):
    module = make(positions=positions)
    feature, words, mask, image_of = given
    order = torch.tensor([2, 0, 3, 1])
    straight, said = module(feature, words, mask, image_of)
    shuffled, heard = module(feature, words[:, order], mask[:, order], image_of)
    same = torch.allclose(straight[0], shuffled[0], rtol=0, atol=1e-9)
    assert same == (not positions)
    assert torch.allclose(said[0, order], heard[0], rtol=0, atol=1e-9) == (not positions)


def test_traces_are_the_four_blocks_of_the_literal_attention(given):
    module = make()
    feature, words, mask, image_of = given
    with trace(module) as seen:
        module(*given, "c4")
    for b in range(3):
        count = int(mask[b].sum())
        with torch.no_grad():
            _, table = literal(module, feature[image_of[b]], words[b, :count])
        pixel_pixel = seen["sfm.c4.pixel_pixel"][b].flatten(1)
        pixel_word = seen["sfm.c4.pixel_word"][b].flatten(0, 1)
        word_pixel = seen["sfm.c4.word_pixel"][b].flatten(1)[:count]
        word_word = seen["sfm.c4.word_word"][b][:count]
        assert pixel_word[:, count:].abs().sum() + word_word[:, count:].abs().sum() == 0
        top = torch.cat([pixel_pixel, pixel_word[:, :count]], 1)
        bottom = torch.cat([word_pixel, word_word[:, :count]], 1)
        torch.testing.assert_close(torch.cat([top, bottom]).double(), table, rtol=0, atol=1e-6)


def test_heads_must_divide_the_channels():
    with pytest.raises(UserError, match="3 attention heads for 8 channels"):
        SFM(8, heads=3)
