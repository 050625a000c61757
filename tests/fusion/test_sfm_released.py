"""The released SFM, held against its layers written out for one sentence."""

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.fusion.grid_positions import grid_positions
from refseg_lib.fusion.sfm_released import ReleasedSFM
from refseg_lib.text.attention_encoder import sine_positions
from refseg_lib.trace import trace

C, HEADS = 8, 2


def make(**options):
    torch.manual_seed(1)
    module = ReleasedSFM(C, feed=12, heads=HEADS, dropout=0.0, **options).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return module


def literal(module, feature, words, pos_to_value, positions):
    places = torch.cat(
        [grid_positions(*feature.shape[-2:], C).flatten(1).T, sine_positions(len(words), C)]
    ).double()
    places = places * positions
    x = torch.cat([feature.flatten(1).T, words])
    for layer in module.layers:
        y = F.layer_norm(x, (C,), layer.attention_norm.weight, layer.attention_norm.bias)
        q, k = (F.linear(y + places, m.weight, m.bias) for m in (layer.query, layer.key))
        v = F.linear(y + places * pos_to_value, layer.value.weight, layer.value.bias)
        seen = []
        for own in (slice(0, 4), slice(4, 8)):
            attention = (q[:, own] @ k[:, own].T / 2).softmax(-1)
            seen.append(attention @ v[:, own])
        x = x + F.linear(torch.cat(seen, 1), layer.out.weight, layer.out.bias)
        y = F.layer_norm(x, (C,), layer.feed_norm.weight, layer.feed_norm.bias)
        up, down = layer.feed[0], layer.feed[3]
        x = x + F.linear(F.linear(y, up.weight, up.bias).clamp(min=0), down.weight, down.bias)
    return F.layer_norm(x, (C,), module.norm.weight, module.norm.bias)


@pytest.mark.parametrize(
    "options",
    [{}, {"layers": 1}, {"layers": 3}, {"pos_to_value": True}, {"positions": False}],
)
def test_equals_its_layers_written_out_for_every_sentence_of_a_padded_batch(given, options):
    module = make(**options)
    feature, words, mask, image_of = given
    got, said = module(*given)
    for b in range(3):
        count = int(mask[b].sum())
        want = literal(
            module,
            feature[image_of[b]],
            words[b, :count],
            options.get("pos_to_value", False),
            options.get("positions", True),
        )
        torch.testing.assert_close(got[b].flatten(1).T, want[:12], rtol=0, atol=1e-8)
        torch.testing.assert_close(said[b, :count], want[12:], rtol=0, atol=1e-8)
        assert said[b, count:].abs().sum() == 0


def test_dropout_works_in_training_only(given):
    torch.manual_seed(0)
    module = ReleasedSFM(C, feed=12, heads=HEADS, dropout=0.5).double()
    first, second = module(*given)[0], module(*given)[0]
    assert not torch.allclose(first, second)
    module.eval()
    assert torch.equal(module(*given)[0], module(*given)[0])


def test_attention_of_the_last_layer_is_traced_and_its_rows_sum_to_one(given):
    module = make()
    with trace(module) as seen:
        module(*given, "c3")
    pixels = seen["sfm.c3.pixel_pixel"].sum((2, 3)) + seen["sfm.c3.pixel_word"].flatten(1, 2).sum(2)
    torch.testing.assert_close(pixels, torch.ones(3, 12))
    # Take the last layer's keys away: uniform attention, which the first layer's is not.
    with torch.no_grad():
        for parameter in module.layers[-1].key.parameters():
            parameter.zero_()
    with trace(module) as seen:
        module(*given, "c3")
    torch.testing.assert_close(seen["sfm.c3.word_word"][0], torch.full((4, 4), 1 / 16))


def test_two_layers_with_256_hidden_channels_have_2_63_million_weights():
    module = ReleasedSFM(512, layers=2, feed=256)
    assert sum(p.numel() for p in module.parameters()) == 2_632_192
