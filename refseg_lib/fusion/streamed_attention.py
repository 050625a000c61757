"""Pixels attending to pixels on behalf of every word, a few sentences at a time.

:func:`refseg_lib.fusion.pair_attention.mean_softmax` writes the mean attention of a sentence as
W = E * ((share / Z) F) with Z = E F^T, where E (pixels x pixels) belongs to the image and F (words
x pixels) to the sentence. Here W V is computed without keeping any W: each is made, used and
dropped while it still sits in the processor's cache, in the backward pass too. Besides V, only E,
F and Z are remembered, and E is shared by all sentences about one image.

The backward pass, with A_n = E F_n / Z_n the attention of word n, dW the gradient of W and
delta_n = sum_k A_n dW the part of it that normalisation cancels:

    d log E[p, k] = sum_n share_n A_n[p, k] (dW[p, k] - delta_n[p])
    d log F[n, k] = share_n sum_p A_n[p, k] (dW[p, k] - delta_n[p])

Legend: I images, B sentences, P pixels (queries), K pixels (keys), T words, d channels.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# Bytes of W that may exist at once. A processor's cache holds less than one sentence's W, a GPU
# wants to be kept busy.
_CHUNK_BYTES = {"cpu": 0, "cuda": 2**28}


def attend(
    pixel_scores: Tensor, word_scores: Tensor, values: Tensor, share: Tensor, image_of: Tensor
) -> Tensor:
    """Gather values with the mean over words of softmax_k(pixel_scores[p, k] + word_scores[n, k]).

    Args:
        pixel_scores: (I, P, K).
        word_scores: (B, T, K), whose range over k must stay below about 60 for exp not to
            underflow.
        values: (I, K, d).
        share: (B, T) weight of each word in the mean: 1 / count, 0 at padding.
        image_of: (B,) the image of each sentence.

    Returns:
        (B, P, d), of the type of ``pixel_scores``.
    """
    # Any constant per row leaves a softmax as it is; subtracting the maximum avoids overflow.
    pixel_scores = pixel_scores - pixel_scores.detach().amax(-1, keepdim=True)
    word_scores = word_scores - word_scores.detach().amax(-1, keepdim=True)
    return _Attend.apply(pixel_scores, word_scores, values, share, image_of)


def _chunks(pixel_scores: Tensor, image_of: Tensor) -> list[tuple[slice, Tensor | slice]]:
    """Pair each slice of sentences with the rows of their images."""
    one = pixel_scores[0].numel() * pixel_scores.element_size()
    size = max(1, _CHUNK_BYTES.get(pixel_scores.device.type, 2**28) // one)
    if size == 1:
        # A slice of one image is a view; an index would copy it.
        return [(slice(b, b + 1), slice(i, i + 1)) for b, i in enumerate(image_of.tolist())]
    starts = range(0, len(image_of), size)
    return [(slice(b, b + size), image_of[b : b + size]) for b in starts]


class _Attend(torch.autograd.Function):
    """See the module's docstring for the formulas."""

    @staticmethod
    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any,
        pixel_scores: Tensor,
        word_scores: Tensor,
        values: Tensor,
        share: Tensor,
        image_of: Tensor,
    ) -> Tensor:
        by_pixel, by_word = pixel_scores.exp(), word_scores.exp()
        inverse = by_pixel.new_empty(len(by_word), by_pixel.shape[1], by_word.shape[1])
        out = values.new_empty(len(by_word), by_pixel.shape[1], values.shape[-1])
        for sentence, image in _chunks(pixel_scores, image_of):
            e, f = by_pixel[image], by_word[sentence]
            inverse[sentence] = torch.bmm(e, f.mT).reciprocal_()
            weights = torch.bmm(inverse[sentence] * share[sentence, None], f).mul_(e)
            out[sentence] = torch.bmm(weights, values[image])
        ctx.save_for_backward(by_pixel, by_word, inverse, values, share, image_of)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, out_grad: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        by_pixel, by_word, inverse, values, share, image_of = ctx.saved_tensors
        pixel_grad, value_grad = torch.zeros_like(by_pixel), torch.zeros_like(values)
        word_grad = torch.empty_like(by_word)
        for sentence, image in _chunks(by_pixel, image_of):
            e, f, z = by_pixel[image], by_word[sentence], inverse[sentence]
            coefficient = z * share[sentence, None]
            mixed = torch.bmm(coefficient, f)
            of_weights = torch.bmm(out_grad[sentence], values[image].mT)
            _add(value_grad, image, torch.bmm((mixed * e).mT, out_grad[sentence]))
            # d log E, up to its factor E
            mixed.mul_(of_weights)
            flow = of_weights.mul_(e)
            cancelled = coefficient * (z * torch.bmm(flow, f.mT))
            mixed.baddbmm_(cancelled, f, alpha=-1)
            _add(pixel_grad, image, mixed.mul_(e))
            # d log F
            of_words = torch.bmm(coefficient.mT, flow).baddbmm_(cancelled.mT, e, alpha=-1)
            word_grad[sentence] = of_words.mul_(f)
        return pixel_grad, word_grad, value_grad, None, None


def _add(total: Tensor, rows: Tensor | slice, part: Tensor) -> None:
    """Add ``part`` to the rows of ``total``; a row may be named more than once."""
    if isinstance(rows, slice):
        total[rows] += part
    else:
        total.index_add_(0, rows, part)
