"""Attention over word-pixel pairs without the pairs."""

import pytest
import torch
from torch import Tensor

from refseg_lib.fusion.pair_attention import (
    Parts,
    attend_pixels,
    attention_weights,
    cross_attention,
    mean_softmax,
    per_sentence,
)

B, IMAGES, P, T, D = 3, 2, 6, 4, 5
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]]).bool()
IMAGE_OF = torch.tensor([0, 1, 0])
# paper 004 Table 2 "by zeroing out the respective components": which halves of q and of k meet
COMPONENTS = {
    "full": ("pixel-pixel", "word-pixel", "pixel-word", "word-word"),
    "pair": ("word-pixel", "pixel-word"),
    "pixel": ("pixel-pixel",),
    "word": ("word-word",),
}


def parts(seed: int, scale: float = 1.0) -> Parts:
    torch.manual_seed(seed)
    return Parts(
        scale * torch.randn(IMAGES, P, D, dtype=torch.float64),
        scale * torch.randn(B, T, D, dtype=torch.float64),
    )


def literal_weights(q: Parts, k: Parts, b: int, terms: str) -> Tensor:
    """(T, P, T, P): the softmax over all pairs, for every pair, of one sentence."""
    image, count = int(IMAGE_OF[b]), int(MASK[b].sum())
    weights = torch.zeros(count, P, count, P, dtype=torch.float64)
    for n in range(count):
        for p in range(P):
            query = {"pixel": q.pixels[image, p], "word": q.words[b, n]}
            scores = torch.zeros(count, P, dtype=torch.float64)
            for n2 in range(count):
                for p2 in range(P):
                    key = {"pixel": k.pixels[image, p2], "word": k.words[b, n2]}
                    scores[n2, p2] = sum(
                        query[left] @ key[right]
                        for left, right in (term.split("-") for term in COMPONENTS[terms])
                    )
            weights[n, p] = scores.flatten().softmax(0).unflatten(0, (count, P))
    return weights


@pytest.mark.parametrize("terms", list(COMPONENTS))
def test_equals_the_literal_softmax_over_all_pairs(terms):
    q, k, v = parts(1), parts(2), parts(3)
    got = cross_attention(q, k, v, MASK, IMAGE_OF, terms)
    over_pixels, over_words = attention_weights(q, k, MASK, IMAGE_OF, terms)
    for b in range(B):
        image, count = int(IMAGE_OF[b]), int(MASK[b].sum())
        weights = literal_weights(q, k, b, terms)
        pairs = v.words[b, :count, None] + v.pixels[image]
        attended = torch.einsum("npmk,mkd->npd", weights, pairs)
        torch.testing.assert_close(got[b], attended.mean(0), rtol=0, atol=1e-12)
        torch.testing.assert_close(over_pixels[b], weights.sum(2).mean(0), rtol=0, atol=1e-12)
        torch.testing.assert_close(
            over_words[b, :, :count], weights.sum(3).mean(0), rtol=0, atol=1e-12
        )
        assert over_words[b, :, count:].abs().sum() == 0


@pytest.mark.parametrize("gap", [95.0, 120.0, 280.0, 400.0])
def test_scores_too_far_apart_for_exp_still_give_the_softmax(gap):
    # The word's favourite pixel has e^-gap of the pixel's favourite: E and F alone underflow.
    pixel_scores = torch.tensor([[[0.0, -gap, 25 - gap]]])
    word_scores = torch.tensor([[[-gap, 0.0, -30.0]]])
    expected = (pixel_scores + word_scores).softmax(-1)
    mask = torch.ones(1, 1, dtype=torch.bool)
    torch.testing.assert_close(mean_softmax(pixel_scores, word_scores, mask), expected)
    values = torch.randn(1, 3, 2)
    torch.testing.assert_close(
        attend_pixels(pixel_scores, word_scores, values, mask), expected @ values
    )


@pytest.mark.parametrize("reach", [59, 61, 299, 301])
def test_gradients_stay_finite_and_right_at_the_edges_of_the_safe_ranges(reach):
    torch.manual_seed(0)
    pixel_scores = 200 * torch.rand(1, 4, 7)
    word_scores = reach * torch.rand(1, 3, 7)
    word_scores[..., 0], word_scores[..., 1] = 0, reach
    values = torch.randn(1, 7, 2)
    mask = torch.ones(1, 3, dtype=torch.bool)

    def gradients(function, dtype):
        inputs = [x.to(dtype).clone().requires_grad_() for x in (pixel_scores, word_scores, values)]
        out = function(*inputs)
        return torch.autograd.grad((out * out).sum(), inputs)

    def literal(s, r, v):
        return ((s[:, None] + r[:, :, None]).softmax(-1) @ v[:, None]).mean(1)

    expected = gradients(literal, torch.float64)
    for function in (
        lambda s, r, v: attend_pixels(s, r, v, mask),
        lambda s, r, v: mean_softmax(s, r, mask) @ v,
    ):
        for got, want in zip(gradients(function, torch.float32), expected, strict=True):
            torch.testing.assert_close(got.double(), want, rtol=1e-3, atol=1e-4)


def test_absent_keys_get_nothing_whatever_their_scores():
    torch.manual_seed(0)
    pixel_scores, word_scores = torch.randn(2, 3, 4), torch.randn(2, 2, 4)
    word_scores[0, :, 3] = 1e4
    key_mask = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]]).bool()
    mask = torch.ones(2, 2, dtype=torch.bool)
    got = mean_softmax(pixel_scores, word_scores, mask, key_mask)
    assert got[0, :, 3].abs().sum() == 0
    alone = mean_softmax(pixel_scores[:1, :, :3], word_scores[:1, :, :3], mask[:1])
    torch.testing.assert_close(got[:1, :, :3], alone)


def test_half_precision_scores_are_summed_in_full_precision():
    torch.manual_seed(0)
    s, r, v = (torch.randn(2, 64, 64).bfloat16() for _ in range(3))
    mask = torch.ones(2, 64, dtype=torch.bool)
    with torch.autocast("cpu", torch.bfloat16):
        got = attend_pixels(s, r, v, mask)
    assert got.dtype == torch.bfloat16
    exact = mean_softmax(s.double(), r.double(), mask) @ v.double()
    # half a unit in the last of bfloat16's 8 bits: only the result was rounded
    assert ((got.double() - exact).abs() <= exact.abs() * 2**-8 + 1e-6).all()


def test_repeating_images_adds_their_gradients():
    x = torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True)
    image_of = torch.tensor([1, 0, 1, 1])
    assert torch.equal(per_sentence(x, image_of), x[image_of])
    assert per_sentence(x, None) is x
    torch.autograd.gradcheck(lambda t: per_sentence(t, image_of), x)


def test_in_double_precision_the_mean_over_three_words_is_a_third_to_the_last_digit():
    weights = mean_softmax(
        torch.zeros(1, 1, 2, dtype=torch.float64),
        torch.zeros(1, 3, 2, dtype=torch.float64),
        torch.ones(1, 3, dtype=torch.bool),
    )
    assert (weights - 0.5).abs().max() < 1e-15
