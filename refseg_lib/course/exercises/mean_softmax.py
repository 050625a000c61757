"""The mean of many softmaxes from one matrix: identities 2 and 3 of the exact factorisation.

The reference is the library's own, ``refseg_lib.fusion.pair_attention``.
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
from refseg_lib.fusion.pair_attention import mean_softmax

Mask = Tensor | None


def word_by_word(
    pixel_scores: Tensor,
    word_scores: Tensor,
    word_mask: Tensor,
    key_mask: Mask = None,
    image_of: Mask = None,
) -> Tensor:
    """One softmax per word, added up: slow, never wrong."""
    by_sentence = pixel_scores if image_of is None else pixel_scores[image_of]
    total = torch.zeros_like(by_sentence)
    for n in range(word_mask.shape[1]):
        scores = by_sentence + word_scores[:, n, None]
        if key_mask is not None:
            scores = scores.masked_fill(~key_mask[:, None], -torch.inf)
        total = total + word_mask[:, n, None, None] * scores.softmax(-1)
    return total / word_mask.sum(1)[:, None, None]


def by_logarithms(
    pixel_scores: Tensor,
    word_scores: Tensor,
    word_mask: Tensor,
    key_mask: Mask = None,
    image_of: Mask = None,
) -> Tensor:
    """All words at once, normalised with logsumexp."""
    by_sentence = pixel_scores if image_of is None else pixel_scores[image_of]
    scores = by_sentence[:, :, None] + word_scores[:, None]
    if key_mask is not None:
        scores = torch.where(key_mask[:, None, None], scores, -1e30)
    softmaxes = (scores - scores.logsumexp(-1, keepdim=True)).exp()
    share = word_mask.to(scores) / word_mask.sum(1, keepdim=True)
    return torch.einsum("bn,bpnk->bpk", share, softmaxes)


def _case(draw: Draw, name: str, keys: int, *lengths: int, dtype: Any = torch.float64) -> Case:
    mask = first_words(list(lengths))
    inputs = {
        "pixel_scores": draw.normal(len(lengths), 3, keys, dtype=dtype),
        "word_scores": draw.normal(*mask.shape, keys, dtype=dtype),
        "word_mask": mask,
        "key_mask": None,
        "image_of": None,
    }
    return Case(name, inputs, ("pixel_scores", "word_scores"))


def _with_keys(draw: Draw) -> list[Case]:
    """Words as keys: some of them padding."""
    case = _case(draw, "keys are words, some of them padding", 4, 2, 4)
    return [Case(case.name, {**case.inputs, "key_mask": first_words([2, 4])}, case.gradient_of)]


def _sizes(draw: Draw) -> list[Case]:
    shared = _case(draw, "3 sentences about 2 pictures", 3, 2, 1, 4)
    pictures = {"pixel_scores": shared.inputs["pixel_scores"][:2]}
    image_of = {"image_of": torch.tensor([1, 0, 1])}
    return [
        _case(draw, "1 word, 2 keys", 2, 1),
        _case(draw, "2 words, 4 keys", 4, 2),
        _case(draw, "2 sentences of 2 and 4 words", 4, 2, 4),
        *_with_keys(draw),
        Case(shared.name, {**shared.inputs, **pictures, **image_of}, shared.gradient_of),
    ]


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32, 2 words, 4 keys", 4, 2, dtype=torch.float32)]


def _to_one(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, (case, weights) in enumerate(zip(cases, values, strict=True)):
        if not torch.allclose(weights.sum(-1), torch.ones_like(weights[..., 0])):
            return index, f"the first row adds up to {weights[0, 0].sum().item():.4g}, not to 1"
        exists = case.inputs["key_mask"]
        if exists is not None and bool((weights.mT[~exists] != 0).any()):
            return index, "a key that does not exist has a weight"
    return None


def _far_apart(draw: Draw) -> list[Case]:
    """Every pixel likes one key, every word another: in float32 exp(-200) is 0, and so is Z."""
    case = _case(draw, "float32, scores 200 apart", 4, 2, dtype=torch.float32)
    far = {
        "pixel_scores": torch.tensor([200.0, 0, 0, 0]),
        "word_scores": torch.tensor([0, 0, 0, 200.0]),
    }
    return [Case(case.name, {**case.inputs, **{k: case.inputs[k] + v for k, v in far.items()}})]


def _high(draw: Draw) -> list[Case]:
    case = _case(draw, "all scores near 900", 4, 2)
    high = {k: case.inputs[k] + 900.0 for k in ("pixel_scores", "word_scores")}
    return [Case(case.name, {**case.inputs, **high})]


def _mutant(
    mean: str = "after",
    words: str = "masked",
    keys: str = "before",
    axis: int = -1,
    stable: bool = True,
    cut: bool = False,
    wide: bool = True,
) -> Callable[..., Tensor]:
    def wrong(
        pixel_scores: Tensor,
        word_scores: Tensor,
        word_mask: Tensor,
        key_mask: Mask = None,
        image_of: Mask = None,
    ) -> Tensor:
        kind = pixel_scores.dtype
        ours = torch.float64 if wide else kind
        x = (pixel_scores if image_of is None else pixel_scores[image_of]).to(ours)
        y = (word_scores.detach() if cut else word_scores).to(ours)
        exists = torch.ones_like(y[:, 0], dtype=torch.bool) if key_mask is None else key_mask
        if keys == "before":
            y = y.masked_fill(~exists[:, None], -torch.inf)
        share = word_mask if words != "all" else torch.ones_like(word_mask)
        share = share.to(ours) if words == "sum" else share.to(ours) / share.sum(1, keepdim=True)
        if mean == "before":
            y, share = torch.where(exists[:, None], y, -1e9), share[:, :, None]
            weights = (x + (share * y).sum(1, keepdim=True)).softmax(axis)
        else:
            e = (x - x.detach().amax(-1, keepdim=True) if stable else x).exp()
            f = (y - y.detach().amax(-1, keepdim=True) if stable else y).exp()
            if mean == "apart":
                e, f = e / e.sum(-1, keepdim=True), f / f.sum(-1, keepdim=True)
            if mean == "after":
                total = e @ f.mT if axis == -1 else (e.sum(1)[:, None] * f).mean(2)[:, None]
                weights = e * ((share[:, None] / total) @ f)
            else:
                weights = e * (share[:, None] @ f)
            weights = weights / weights.sum(-1, keepdim=True) if mean == "late" else weights
        return (weights * exists[:, None] if keys == "after" else weights).to(kind)

    return wrong


def _in_place(
    pixel_scores: Tensor,
    word_scores: Tensor,
    word_mask: Tensor,
    key_mask: Mask = None,
    image_of: Mask = None,
) -> Tensor:
    word_scores.sub_(word_scores.detach().amax(-1, keepdim=True))
    return mean_softmax(pixel_scores, word_scores, word_mask, key_mask, image_of)


EXERCISE = Exercise(
    name="mean-softmax",
    title="The mean of many softmaxes from one matrix",
    notebook="05",
    minutes=15,
    objective="You can average the softmaxes of all words without computing one per word.",
    reference=mean_softmax,
    alternatives=(word_by_word, by_logarithms),
    requirements=(
        right_kind(_types, "a tensor of the inputs' own precision"),
        right_shape(_sizes, "shape (B, P, K), one row of weights per pixel and sentence"),
        right_values(_sizes, "the mean over real words of one softmax per word", points=3),
        right_values(_high, "high scores do not overflow", 1, name="high"),
        right_values(_far_apart, "scores 200 apart in float32 do not end in 0 / 0", 1, name="far"),
        holds("sum", "rows sum to one, keys that do not exist have no weight", _sizes, _to_one),
        inputs_kept(_sizes, "the inputs are not changed"),
        right_gradients(_sizes, "gradients reach both kinds of scores"),
    ),
    mutants=(
        Mutant("mean-first", "one softmax of the mean score: words met nothing before they were"
               " averaged", _mutant("before")),
        Mutant("apart", "E and F each divided by its own sum: the product's rows do not sum to one",
               _mutant("apart")),
        Mutant("late", "Z divided out once at the end instead of once per word", _mutant("late")),
        Mutant("no-mask", "padding words averaged in", _mutant(words="all")),
        Mutant("sum", "a sum over the words instead of their mean", _mutant(words="sum")),
        Mutant("no-keys", "the mask of the keys forgotten", _mutant(keys="none")),
        Mutant("keys-after", "keys masked after the softmax: sums below 1", _mutant(keys="after")),
        Mutant("overflow", "exp without subtracting the maximum", _mutant(stable=False)),
        Mutant("underflow", "exponentials in float32, where exp(-200) is 0, and 0 / 0 is NaN",
               _mutant(wide=False)),
        Mutant("detached", "word scores cut off from the gradient", _mutant(cut=True)),
        Mutant("in-place", "the scores that came in overwritten", _in_place),
    ),
    hints=(
        "E = exp(pixel_scores), F = exp(word_scores). For one word n, the softmax is E times row n"
        " of F, divided by what this product adds up to in each row: Z.",
        "Z for all words is one product of matrices, (P, K) times (K, T). In the mean, only"
        " something of shape (P, T), the share of the word divided by Z, meets F again.",
        "Subtract each row's maximum from either kind of score before exp; missing keys are -inf in"
        " the word scores; compute in float64 and go back to the input's type at the end.",
    ),
    replaces=True,
)  # fmt: skip
