"""Attention of every word-pixel pair to every pair, literally: paper 004 §3.2, Eq. 2-3.

Eq. 3 prints q_{p'n'} and k_{pn}; the weights must sum to one over the pairs (p', n') of Eq. 2's
sum, and here the asking pair (p, n) has the query. The library never builds the T·HW x T·HW
matrix (``refseg_lib.fusion.pair_attention``), so the reference stands here.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from refseg_lib.course.draw import Draw, first_words
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import (
    holds,
    inputs_kept,
    right_gradients,
    right_kind,
    right_shape,
    right_values,
)
from refseg_lib.course.variants import additive_mask, mask_of_padding


def literal_attention(query: Tensor, key: Tensor, value: Tensor, word_mask: Tensor) -> Tensor:
    """Let every pair ask every pair; pairs with a padding word are not answered.

    Args:
        query: (B, P, T, d), one per pixel and word.
        key: (B, P, T, d).
        value: (B, P, T, d).
        word_mask: (B, T), True at real words.

    Returns:
        v_hat (B, P, T, d), not scaled by sqrt(d), as printed.
    """
    q, k, v = (x.flatten(1, 2) for x in (query, key, value))
    exists = word_mask[:, None].expand(query.shape[:3]).flatten(1)
    scores = (q @ k.mT).masked_fill(~exists[:, None], -torch.inf)
    return (scores.softmax(-1) @ v).view_as(value)


def by_einsum(query: Tensor, key: Tensor, value: Tensor, word_mask: Tensor) -> Tensor:
    """The same with the five axes of the scores by name."""
    scores = torch.einsum("bpnd,bqmd->bpnqm", query, key)
    scores = scores.masked_fill(~word_mask[:, None, None, None], -1e9)
    scores = (scores - scores.amax((3, 4), keepdim=True)).exp()
    weights = scores / scores.sum((3, 4), keepdim=True)
    return torch.einsum("bpnqm,bqmd->bpnd", weights, value)


def sentence_by_sentence(query: Tensor, key: Tensor, value: Tensor, word_mask: Tensor) -> Tensor:
    """Padding cut off before anything is computed; PyTorch's own attention."""
    rows = []
    for q, k, v, exists in zip(query, key, value, word_mask, strict=True):
        k, v = k[:, exists].flatten(0, 1), v[:, exists].flatten(0, 1)
        out = torch.nn.functional.scaled_dot_product_attention(q.flatten(0, 1), k, v, scale=1.0)
        rows.append(out.view_as(q))
    return torch.stack(rows)


def _case(draw: Draw, name: str, pixels: int, *lengths: int, dtype: Any = torch.float64) -> Case:
    mask = first_words(list(lengths))
    size = len(lengths), pixels, mask.shape[1], 3
    inputs = {part: draw.normal(*size, dtype=dtype) for part in ("query", "key", "value")}
    return Case(name, {**inputs, "word_mask": mask}, ("query", "key", "value"))


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "1 word, 1 pixel", 1, 1),
        _case(draw, "2 words, 3 pixels", 3, 2),
        _case(draw, "2 sentences of 3 words, 2 pixels", 2, 3, 3),
    ]


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32, 2 words, 3 pixels", 3, 2, dtype=torch.float32)]


def _padded(draw: Draw) -> list[Case]:
    """A sentence alone, and the same beside a longer one, with loud padding."""
    longer = _case(draw, "2 words and 1 of padding, beside a sentence of 3 words", 2, 2, 3)
    longer.inputs["key"][0, :, 2] = 4 * longer.inputs["query"][0, :, 0]
    alone = {part: longer.inputs[part][:1, :, :2].clone() for part in ("query", "key", "value")}
    return [
        Case("a sentence of 2 words", {**alone, "word_mask": first_words([2])}),
        Case(longer.name, longer.inputs),
    ]


def _silent(_cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    if not bool(torch.isfinite(values[1]).all()):
        return 1, "there are NaN: padding words ask too, and must get an answer, if a useless one"
    if torch.allclose(values[1][:1, :, :2], values[0]):
        return None
    return 1, "with padding beside it the sentence of 2 words comes out otherwise than alone"


def _alike(draw: Draw) -> list[Case]:
    case = _case(draw, "every value the same vector", 2, 2)
    return [Case(case.name, {**case.inputs, "value": torch.full((1, 2, 2, 3), 1.5).double()})]


def _is_a_mean(_cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    said = "weights sum to one: the mean of equal vectors is that vector"
    return None if torch.allclose(values[0], torch.full_like(values[0], 1.5)) else (0, said)


def _large(draw: Draw) -> list[Case]:
    case = _case(draw, "scores in the thousands", 2, 2)
    loud = {part: 40 * case.inputs[part] for part in ("query", "key")}
    return [Case(case.name, {**case.inputs, **loud})]


def _finite(_cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    said = "exp of a large score overflows: subtract each row's maximum first"
    return None if bool(torch.isfinite(values[0]).all()) else (0, said)


def _mutant(
    fill: float = -torch.inf,
    axes: tuple[int, ...] = (3, 4),
    scale: bool = False,
    after: bool = False,
    stable: bool = True,
    swap: bool = False,
    both: bool = False,
    cut: bool = False,
    times: bool = False,
) -> Callable[..., Tensor]:
    def wrong(query: Tensor, key: Tensor, value: Tensor, word_mask: Tensor) -> Tensor:
        query, key = (key, query) if swap else (query, key)
        scores = torch.einsum("bpnd,bqmd->bpnqm", query, key)
        scores = scores / query.shape[-1] ** 0.5 if scale else scores
        exists = word_mask[:, None, None, None]
        kept = exists & word_mask[:, None, :, None, None] if both else exists
        if times:
            scores = scores * exists
        elif not after:
            scores = scores.masked_fill(~kept, fill)
        if stable:
            scores = scores - scores.detach().amax(axes, keepdim=True)
        weights = scores.exp() / scores.exp().sum(axes, keepdim=True)
        weights = weights * exists if after else weights
        return torch.einsum("bpnqm,bqmd->bpnd", weights.detach() if cut else weights, value)

    return wrong


def _no_mask(query: Tensor, key: Tensor, value: Tensor, word_mask: Tensor) -> Tensor:
    return literal_attention(query, key, value, torch.ones_like(word_mask))


def _interleaved(query: Tensor, key: Tensor, value: Tensor, word_mask: Tensor) -> Tensor:
    q, k, v = (x.flatten(1, 2) for x in (query, key, value))
    exists = word_mask.repeat_interleave(query.shape[1], 1)
    return ((q @ k.mT).masked_fill(~exists[:, None], -1e9).softmax(-1) @ v).view_as(value)


def _squeezed(**inputs: Tensor) -> Tensor:
    return literal_attention(**inputs).squeeze()


def _in_place(query: Tensor, key: Tensor, value: Tensor, word_mask: Tensor) -> Tensor:
    key.sub_(key.detach().mean())
    return literal_attention(query, key, value, word_mask)


EXERCISE = Exercise(
    name="literal-attention",
    title="Attention over all pairs, literally",
    notebook="05",
    minutes=12,
    objective="You can let every word-pixel pair attend to every other (Eq. 2-3) except padding.",
    reference=literal_attention,
    alternatives=(by_einsum, sentence_by_sentence),
    requirements=(
        right_kind(_types, "a tensor of the inputs' own precision"),
        right_shape(_sizes, "shape (B, P, T, d), also for one word or one sentence"),
        right_values(_sizes, "the numbers of Eq. 2-3", points=3),
        holds("mean", "weights over all pairs sum to one", _alike, _is_a_mean),
        holds("padding", "padding words never answer and make no NaN", _padded, _silent, points=2),
        holds("large", "large scores do not overflow", _large, _finite),
        inputs_kept(_sizes, "the inputs are not changed"),
        right_gradients(_sizes, "gradients reach queries, keys and values"),
    ),
    mutants=(
        Mutant("pixels-only", "a softmax over the pixels, for each word apart", _mutant(axes=(3,))),
        Mutant("words-only", "a softmax over the words, for each pixel apart", _mutant(axes=(4,))),
        Mutant("over-queries", "a softmax over the pairs that ask instead of those that answer",
               _mutant(axes=(1, 2))),
        Mutant("mask-after", "a mask after the softmax: sums below one", _mutant(after=True)),
        Mutant("times-mask", "scores times the mask, but exp(0) is 1, not 0", _mutant(times=True)),
        Mutant("small-fill", "padding at a score of -1: not low enough", _mutant(-1.0)),
        Mutant("no-mask", "padding words answered like real ones", _no_mask),
        Mutant("interleaved", "the mask repeated in another order than the pairs were flattened",
               _interleaved),
        Mutant("both-masked", "padding words forbidden to ask: 0 / 0, NaN", _mutant(both=True)),
        Mutant("scaled", "scores divided by sqrt(d), which Eq. 3 does not do", _mutant(scale=True)),
        Mutant("swapped", "queries and keys the wrong way round", _mutant(swap=True)),
        Mutant("overflow", "exp without subtracting the maximum", _mutant(stable=False)),
        Mutant("detached", "weights cut off from the gradient", _mutant(cut=True)),
        Mutant("squeezed", "axes of size 1 squeezed away", _squeezed),
        Mutant("in-place", "the inputs overwritten", _in_place),
    ),
    hints=(
        "A pair is one thing with one number: flatten (P, T) into P·T pairs, and it is ordinary"
        " attention.",
        "The mask is (B, T), the scores are (B, P·T, P·T): repeat the mask for every pixel in the"
        " same order as you flattened, and put it on the axis that the softmax runs over.",
        "masked_fill with -inf before the softmax; .softmax(-1) subtracts the maximum for you;"
        " then the product with the values, and back to four axes.",
    ),
    variants=(mask_of_padding("word_mask"), additive_mask("word_mask")),
)  # fmt: skip
