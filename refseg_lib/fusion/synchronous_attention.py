"""Multi-head attention over [pixels; words] in which an image is looked at once (paper 003, Eq. 1).

Every pixel and every word attends to all pixels and all words of its sentence. While the pixels are
still the image's own (no sentence has changed them yet), their scores among themselves belong to
the image, not to the sentence. A softmax over [pixels; words] is a mixture of a softmax over
pixels and one over words,

    softmax([s; t]) [V; W] = m softmax(s) V + (1 - m) softmax(t) W,
    m = sigmoid(logsumexp(s) - logsumexp(t)),

so the P x P part is computed once per image, and a sentence pays for P x T scores only. Exact.

Legend: I images, B sentences, P pixels, T words, H heads, d channels per head, C = H d.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.fusion.pair_attention import Parts, per_sentence


def split_heads(x: Tensor, heads: int) -> Tensor:
    """Turn (B, N, C) into (B, H, N, d)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def join_heads(x: Tensor) -> Tensor:
    """Turn (B, H, N, d) back into (B, N, C)."""
    return x.transpose(1, 2).flatten(2)


def synchronous_attention(
    query: Parts,
    key: Parts,
    value: Parts,
    word_mask: Tensor,
    image_of: Tensor | None = None,
    heads: int = 1,
) -> Parts:
    """Let all pixels and words attend to all pixels and words.

    Args:
        query: Queries: pixels (I, P, C), words (B, T, C).
        key: Keys.
        value: Values; of padding words they must be finite.
        word_mask: (B, T), True at real words, at least one per sentence.
        image_of: (B,) the image of each sentence; None when sentence b looks at image b.
        heads: Divides C. Scores are divided by sqrt(d).

    Returns:
        Attended values: pixels (B, P, C), words (B, T, C).
    """
    scale = (query.words.shape[-1] // heads) ** -0.5
    q, k, v = (Parts(*(split_heads(x, heads) for x in part)) for part in (query, key, value))
    absent = ~word_mask[:, None, None]

    # Pixels look at pixels: once per image.
    seen, pixel_total = _attend(q.pixels, k.pixels, v.pixels, scale)
    if image_of is not None:
        seen, pixel_total = per_sentence(seen, image_of), per_sentence(pixel_total, image_of)
    # Pixels look at words, and share their attention between the two.
    heard, word_total = _attend(per_sentence(q.pixels, image_of), k.words, v.words, scale, absent)
    on_picture = (pixel_total - word_total).sigmoid().to(seen.dtype)
    pixels = torch.lerp(heard.to(seen.dtype), seen, on_picture)

    # Words look at both; they are few.
    everything = [
        torch.cat([per_sentence(part.pixels, image_of), part.words], 2) for part in (k, v)
    ]
    allowed = F.pad(word_mask, (k.pixels.shape[2], 0), value=True)[:, None, None]
    words = F.scaled_dot_product_attention(q.words, *everything, attn_mask=allowed, scale=scale)
    return Parts(join_heads(pixels), join_heads(words))


def _attend(
    query: Tensor, key: Tensor, value: Tensor, scale: float, absent: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Attend, and return beside the values the logarithm of the softmax's denominator."""
    scores = (query * scale) @ key.mT
    # Sums of exponentials stay in full precision, whatever the products are computed in.
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    if absent is not None:
        scores = scores.masked_fill(absent, -torch.inf)
    highest = scores.detach().amax(-1, keepdim=True)
    weights = (scores - highest).exp()
    total = weights.sum(-1, keepdim=True)
    return (weights @ value.to(weights.dtype)) / total, highest + total.log()


def synchronous_weights(
    query: Parts, key: Parts, word_mask: Tensor, image_of: Tensor | None = None, heads: int = 1
) -> Tensor:
    """Compute the attention of :func:`synchronous_attention` itself, to be looked at.

    Args:
        query: Queries: pixels (I, P, C), words (B, T, C).
        key: Keys.
        word_mask: (B, T), True at real words.
        image_of: (B,) the image of each sentence; None when sentence b looks at image b.
        heads: Divides C.

    Returns:
        (B, P + T, P + T), the mean over heads; row = who looks, column = what is looked at, pixels
        before words. Rows sum to one, columns of padding are zero.
    """
    q, k = (
        split_heads(torch.cat([per_sentence(x.pixels, image_of), x.words], 1), heads)
        for x in (query, key)
    )
    allowed = F.pad(word_mask, (query.pixels.shape[1], 0), value=True)[:, None, None]
    scores = (q @ k.mT).float() * q.shape[-1] ** -0.5
    return scores.masked_fill(~allowed, -torch.inf).softmax(-1).mean(1)
