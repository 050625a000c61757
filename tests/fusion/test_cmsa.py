"""CMSA, held against paper 004's equations written out pair by pair."""

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.cmsa import CMSA
from refseg_lib.trace import trace
from refseg_lib.vision.spatial import spatial_coordinates


def make(attention="full", scale=False):
    torch.manual_seed(1)
    module = CMSA(visual=5, language=6, width=3, out=2, attention=attention, scale=scale).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


def literal(module, feature, words, temperature=1.0):
    """Eq. 1-4 and X for one sentence without padding: every f, every score."""
    height, width = feature.shape[-2:]
    place = spatial_coordinates(height, width, dtype=feature.dtype)
    f = torch.stack(
        [
            torch.cat(
                [F.normalize(feature[0, :, y, x], dim=0), F.normalize(e, dim=0), place[:, y, x]]
            )
            for e in words[0]
            for y in range(height)
            for x in range(width)
        ]
    )
    q, k, v = (f @ getattr(module, name).weight.T for name in ("query", "key", "value"))
    attention = (q @ k.T / temperature).softmax(-1)
    f_hat = (attention @ v) @ module.output.weight.T + f
    f_hat = f_hat.unflatten(0, (words.shape[1], -1)).mean(0)
    x = f_hat @ module.out.weight.T + module.out.bias
    return x.T.unflatten(1, (height, width))[None], attention


@pytest.mark.parametrize("scale", [False, True])
def test_equals_the_literal_equations_for_every_sentence_of_a_padded_batch(case, scale):
    module = make(scale=scale)
    got = module(case.feature, case.words, case.word_mask, case.image_of)
    for b in range(3):
        feature, words, _ = case.single(b)
        want, _ = literal(module, feature, words, 3**0.5 if scale else 1.0)
        torch.testing.assert_close(got[b : b + 1], want, rtol=0, atol=1e-10)


def test_gradients_equal_those_of_the_literal_equations(case):
    module = make()
    inputs = [case.feature.requires_grad_(), case.words.requires_grad_(), *module.parameters()]
    got = module(case.feature, case.words, case.word_mask, case.image_of)
    want = torch.cat([literal(module, *case.single(b)[:2])[0] for b in range(3)])
    upstream = torch.randn_like(got)
    for mine, theirs in zip(
        torch.autograd.grad(got, inputs, upstream),
        torch.autograd.grad(want, inputs, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


def test_gradients_equal_numeric_ones(case):
    module = make()
    feature = case.feature[:1, :, :2, :2].clone().requires_grad_()
    words = case.words[1:2, :3].clone().requires_grad_()
    mask = case.word_mask[1:2, :3]

    def run(feature, words):
        # zero at padding, as every text encoder promises
        return module(feature, words * mask[..., None], mask)

    assert torch.autograd.gradcheck(run, (feature, words))


@pytest.mark.parametrize("attention", ["full", "pair", "pixel", "word", "none"])
def test_word_order_does_not_matter_and_word_attention_follows_the_words(case, attention):
    module = make(attention)
    order = torch.tensor([2, 0, 3, 1])
    feature, words, mask = case.single(0)
    with trace(module) as before:
        straight = module(feature, words, mask)
    with trace(module) as after:
        shuffled = module(feature, words[:, order], mask)
    torch.testing.assert_close(straight, shuffled, rtol=0, atol=1e-12)
    if attention != "none":
        torch.testing.assert_close(
            after["word_attention"], before["word_attention"][:, order], rtol=0, atol=1e-12
        )
        spread = before["word_attention"].amax() - before["word_attention"].amin()
        # "pixel" has no word in its scores; otherwise words differ, or this test is empty
        assert (spread > 1e-3) == (attention != "pixel")


def test_padding_may_hold_anything(case):
    module = make()
    dirty = torch.where(case.word_mask[..., None], case.words, torch.full_like(case.words, 9.0))
    torch.testing.assert_close(
        module(case.feature, dirty, case.word_mask, case.image_of),
        module(case.feature, case.words, case.word_mask, case.image_of),
        rtol=0,
        atol=0,
    )


def test_traces_are_the_literal_attention_averaged(case):
    module = make()
    with trace(module) as seen:
        module(case.feature, case.words, case.word_mask, case.image_of)
    for b in range(3):
        feature, words, _ = case.single(b)
        _, attention = literal(module, feature, words)
        received = attention.mean(0).unflatten(0, (words.shape[1], 3, 4))
        count = words.shape[1]
        torch.testing.assert_close(seen["word_attention"][b, :count], received.sum((1, 2)))
        assert seen["word_attention"][b, count:].abs().sum() == 0
        torch.testing.assert_close(seen["pixel_map"][b], received.sum(0))


def test_no_attention_leaves_the_mean_multimodal_feature(case):
    module = make("none")
    got = module(case.feature, case.words, case.word_mask, case.image_of)
    with_zero_values = make("full")
    with_zero_values.out.load_state_dict(module.out.state_dict())
    torch.nn.init.zeros_(with_zero_values.value.weight)
    torch.testing.assert_close(
        got, with_zero_values(case.feature, case.words, case.word_mask, case.image_of)
    )


def test_unknown_attention_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match=r"'both'.*full, pair, pixel, word, none"):
        make("both")


def test_balancing_only_moves_factors_between_inputs_and_weights():
    """The balanced network is the printed one with rescaled weights: nothing new can be learned."""
    torch.manual_seed(0)
    sizes = {"visual": 6, "language": 5, "width": 4, "out": 3}
    printed, balanced = CMSA(**sizes).double(), CMSA(**sizes, balanced=True).double()
    gain = torch.tensor([6.0] * 6 + [5.0] * 5 + [8.0] * 8, dtype=torch.float64).sqrt()
    with torch.no_grad():
        for name in ("query", "key", "value"):
            weight = getattr(printed, name).weight
            getattr(balanced, name).weight.copy_(weight / gain)
        balanced.out.weight.copy_(printed.out.weight / gain)
        balanced.out.bias.copy_(printed.out.bias)
        # v_hat comes back through W_o into the same pair space.
        balanced.output.weight.copy_(printed.output.weight * gain[:, None])
    feature = torch.randn(2, 6, 3, 4, dtype=torch.float64)
    words = torch.randn(2, 3, 5, dtype=torch.float64)
    mask = torch.tensor([[True, True, True], [True, False, False]])
    torch.testing.assert_close(
        printed(feature, words, mask), balanced(feature, words, mask), rtol=0, atol=1e-12
    )
