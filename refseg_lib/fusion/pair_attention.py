"""Attention over word-pixel pairs at the price of attention over pixels (paper 004, Eq. 2-4).

Every query belongs to a pair (pixel p, word n) and is a sum of a pixel part and a word part,
because f is a concatenation and W_q is linear; so are the keys and the values. Three identities
follow, all exact, and together they replace the (T.HW) x (T.HW) score matrix by one HW x HW matrix:

1. q.k = q.(c_p' + d_n'): the softmax over pairs (p', n') is a softmax over pixels times a softmax
   over words, so that v_hat = softmax_p'(q.c) e + softmax_n'(q.d) g.
2. exp(q_pn.c_p') = exp(q_p.c_p') exp(q_n.c_p') = E[p, p'] F[n, p']: the scores of all T words come
   from one HW x HW and one T x HW matrix.
3. The mean over words n (Eq. 4) moves inside: mean_n softmax = E * ((1 / (T Z)) F) with Z = E F^T,
   so that the values are gathered once, not once per word.

Legend: I images, B sentences, P pixels, T words, K keys, d channels.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from refseg_lib.fusion.streamed_attention import attend

# Range of word scores up to which E and F do not underflow: exp(-60) leaves room for its square in
# fp32, which the backward pass of 1 / Z needs, and exp(-300) in fp64. Trained CMSA gets to 285.
_SAFE_RANGE = {torch.float32: 60.0, torch.float64: 300.0}
_TERMS = {
    # which of q_p.c_p', q_n.c_p', q_p.d_n', q_n.d_n' are kept
    "full": (1.0, 1.0, 1.0, 1.0),
    "pair": (0.0, 1.0, 1.0, 0.0),
    "pixel": (1.0, 0.0, 0.0, 0.0),
    "word": (0.0, 0.0, 0.0, 1.0),
}


class Parts(NamedTuple):
    """A quantity of every (pixel, word) pair that is the sum of a pixel and a word part.

    Attributes:
        pixels: (I, P, d), one per image.
        words: (B, T, d), one per sentence.
    """

    pixels: Tensor
    words: Tensor


def per_sentence(per_image: Tensor, image_of: Tensor | None) -> Tensor:
    """Repeat an (I, ...) tensor into (B, ...); no copy when every image has one sentence."""
    return per_image if image_of is None else _Repeat.apply(per_image, image_of)


class _Repeat(torch.autograd.Function):
    """``per_image[image_of]``, with a backward pass that is one matrix product.

    PyTorch scatters the gradients row by row: ten times slower, and a tenth of a training step.
    """

    @staticmethod
    def forward(ctx: Any, per_image: Tensor, image_of: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.image_of, ctx.images = image_of, len(per_image)
        return per_image.index_select(0, image_of)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        belongs = torch.nn.functional.one_hot(ctx.image_of, ctx.images).to(grad)
        return (belongs.mT @ grad.flatten(1)).view(ctx.images, *grad.shape[1:]), None


def mean_softmax(
    pixel_scores: Tensor,
    word_scores: Tensor,
    word_mask: Tensor,
    key_mask: Tensor | None = None,
    image_of: Tensor | None = None,
) -> Tensor:
    """Average over words n the softmax over keys k of ``pixel_scores[p, k] + word_scores[n, k]``.

    Args:
        pixel_scores: (I, P, K).
        word_scores: (B, T, K).
        word_mask: (B, T), True at the words to average over.
        key_mask: (B, K), True at the keys that exist; None when all do.
        image_of: (B,) the image of each sentence; None when sentence b looks at image b.

    Returns:
        (B, P, K) weights whose rows sum to one.
    """
    with torch.autocast(pixel_scores.device.type, enabled=False):
        pixel_scores, word_scores = _full_precision(pixel_scores, word_scores)
        share = _share(word_mask, pixel_scores.dtype)
        lowest = word_scores.detach()
        if key_mask is not None:
            lowest = lowest.masked_fill(~key_mask[:, None], torch.inf)
            word_scores = word_scores.masked_fill(~key_mask[:, None], -torch.inf)
        highest = word_scores.detach().amax(-1, keepdim=True)
        wide = _wide_enough((highest.squeeze(-1) - lowest.amin(-1)).max(), pixel_scores.dtype)
        if wide is None:
            return _mean_softmax_direct(pixel_scores, word_scores, share, image_of)
        if wide != pixel_scores.dtype:
            weights = mean_softmax(
                pixel_scores.to(wide), word_scores.to(wide), word_mask, image_of=image_of
            )
            return weights.to(pixel_scores.dtype)
        by_pixel = (pixel_scores - pixel_scores.detach().amax(-1, keepdim=True)).exp()
        by_pixel = per_sentence(by_pixel, image_of)
        by_word = (word_scores - highest).exp()
        total = by_pixel @ by_word.mT
        return by_pixel * ((share[:, None] * total.log().neg().exp()) @ by_word)


def _mean_softmax_direct(
    pixel_scores: Tensor, word_scores: Tensor, share: Tensor, image_of: Tensor | None
) -> Tensor:
    """One softmax per word, for scores so far apart that E and F alone would underflow."""
    pixel_scores = per_sentence(pixel_scores, image_of)
    weights = torch.zeros_like(pixel_scores)
    for word in range(word_scores.shape[1]):
        scores = pixel_scores + word_scores[:, word, None]
        weights = weights + share[:, word, None, None] * scores.softmax(-1)
    return weights


def _wide_enough(reach: Tensor, dtype: torch.dtype) -> torch.dtype | None:
    """Choose the narrowest type whose exponentials survive such a range; None if there is none."""
    for wide in (dtype, torch.float64):
        if reach <= _SAFE_RANGE[wide]:
            return wide
    return None


def _full_precision(*tensors: Tensor) -> list[Tensor]:
    """Widen half precision: exponentials and their sums are the cheap part and stay exact."""
    return [x.to(torch.promote_types(x.dtype, torch.float32)) for x in tensors]


def _share(word_mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Weight of each word in the mean over words: (B, T), rows sum to one."""
    # The type first: bool / int is fp32, and a third of that is off by 3e-8 in fp64.
    return word_mask.to(dtype) / word_mask.sum(-1, keepdim=True)


def attend_pixels(
    pixel_scores: Tensor,
    word_scores: Tensor,
    values: Tensor,
    word_mask: Tensor,
    image_of: Tensor | None = None,
) -> Tensor:
    """Compute ``mean_softmax(...) @ values`` without keeping the weights.

    Args:
        pixel_scores: (I, P, P).
        word_scores: (B, T, P).
        values: (I, P, d).
        word_mask: (B, T), True at the words to average over.
        image_of: (B,) the image of each sentence; None when sentence b looks at image b.

    Returns:
        (B, P, d), of the type of ``values``.
    """
    with torch.autocast(pixel_scores.device.type, enabled=False):
        full = _full_precision(pixel_scores, word_scores, values)
        low, high = torch.aminmax(word_scores.detach(), dim=-1)
        wide = _wide_enough((high - low).max(), full[0].dtype)
        if wide is None:
            weights = mean_softmax(full[0], full[1], word_mask, image_of=image_of)
            return (weights @ per_sentence(full[2], image_of)).to(values.dtype)
        full = [x.to(wide) for x in full]
        if image_of is None:
            image_of = torch.arange(len(word_mask), device=word_mask.device)
        return attend(full[0], full[1], full[2], _share(word_mask, full[0].dtype), image_of).to(
            values.dtype
        )


def attention_weights(
    query: Parts,
    key: Parts,
    word_mask: Tensor,
    image_of: Tensor | None = None,
    terms: str = "full",
) -> tuple[Tensor, Tensor]:
    """Compute how much each pixel, averaged over words, attends to every pixel and every word.

    Args:
        query: Queries of the pairs.
        key: Keys of the pairs.
        word_mask: (B, T), True at real words.
        image_of: (B,) the image of each sentence; None when sentence b looks at image b.
        terms: Which parts of q.k count (paper 004, Table 2): ``"full"`` all four, ``"pair"`` only
            pixel-word and word-pixel, ``"pixel"`` only pixel-pixel, ``"word"`` only word-word.

    Returns:
        (B, P, P) over pixels and (B, P, T) over words; rows sum to one.
    """
    pixel_pixel, word_pixel, pixel_word, word_word = _TERMS[terms]
    words = key.words.mT
    over_pixels = mean_softmax(
        pixel_pixel * (query.pixels @ key.pixels.mT),
        word_pixel * (query.words @ per_sentence(key.pixels, image_of).mT),
        word_mask,
        image_of=image_of,
    )
    over_words = mean_softmax(
        pixel_word * (per_sentence(query.pixels, image_of) @ words),
        word_word * (query.words @ words),
        word_mask,
        key_mask=word_mask,
    )
    return over_pixels, over_words


def cross_attention(
    query: Parts,
    key: Parts,
    value: Parts,
    word_mask: Tensor,
    image_of: Tensor | None = None,
    terms: str = "full",
) -> Tensor:
    """Let every pair attend to every pair, and average over the words of the query.

    Args:
        query: Queries of the pairs.
        key: Keys of the pairs.
        value: Values of the pairs.
        word_mask: (B, T), True at real words.
        image_of: (B,) the image of each sentence; None when sentence b looks at image b.
        terms: See :func:`attention_weights`.

    Returns:
        (B, P, d): mean over n of v_hat[p, n] (Eq. 2-4 before the output projection).
    """
    pixel_pixel, word_pixel, pixel_word, word_word = _TERMS[terms]
    seen = attend_pixels(
        pixel_pixel * (query.pixels @ key.pixels.mT),
        word_pixel * (query.words @ per_sentence(key.pixels, image_of).mT),
        value.pixels,
        word_mask,
        image_of,
    )
    words = key.words.mT
    over_words = mean_softmax(
        pixel_word * (per_sentence(query.pixels, image_of) @ words),
        word_word * (query.words @ words),
        word_mask,
        key_mask=word_mask,
    )
    return seen + over_words.to(value.words.dtype) @ value.words
