"""Cross-modal self-attention without its pairs: all three identities put together.

The reference is the library's own, ``refseg_lib.fusion.pair_attention``; it computes what Eq. 2-4
of paper 004 say, up to the output projection.
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
from refseg_lib.fusion.pair_attention import Parts, cross_attention

NAMES = ("query", "key", "value")
Pictures = Tensor | None


def pair_by_pair(
    query: Parts,
    key: Parts,
    value: Parts,
    word_mask: Tensor,
    image_of: Pictures = None,
    terms: str = "full",
) -> Tensor:
    """Eq. 2-4 literally, sentence by sentence, over real words only."""
    rows = []
    for b, exists in enumerate(word_mask):
        i = b if image_of is None else int(image_of[b])
        pairs = [part.pixels[i][:, None] + part.words[b][exists] for part in (query, key, value)]
        q, k, v = (x.flatten(0, 1) for x in pairs)
        rows.append(((q @ k.T).softmax(-1) @ v).view_as(pairs[0]).mean(1))
    return torch.stack(rows)


def by_two_attentions(
    query: Parts,
    key: Parts,
    value: Parts,
    word_mask: Tensor,
    image_of: Pictures = None,
    terms: str = "full",
) -> Tensor:
    """Identity 1 alone: each pair's query looks at pixels, then at words."""
    i = torch.arange(len(word_mask)) if image_of is None else image_of
    asking = query.pixels[i][:, :, None] + query.words[:, None]
    at_pixels = torch.einsum("bpnd,bqd->bpnq", asking, key.pixels[i]).softmax(-1)
    at_words = torch.einsum("bpnd,bmd->bpnm", asking, key.words)
    at_words = at_words.masked_fill(~word_mask[:, None, None], -torch.inf).softmax(-1)
    seen = torch.einsum("bpnq,bqd->bpnd", at_pixels, value.pixels[i])
    found = seen + torch.einsum("bpnm,bmd->bpnd", at_words, value.words)
    share = word_mask.to(found) / word_mask.sum(1, keepdim=True)
    return torch.einsum("bpnd,bn->bpd", found, share)


def _case(
    draw: Draw, name: str, pixels: int, *lengths: int, images: int = 0, dtype: Any = torch.float64
) -> Case:
    mask = first_words(list(lengths))
    inputs: dict[str, Any] = {
        part: Parts(
            draw.normal(images or len(lengths), pixels, 2, dtype=dtype),
            draw.normal(*mask.shape, 2, dtype=dtype),
        )
        for part in NAMES
    }
    image_of = torch.tensor([1, 0, 1]) if images else None
    return Case(name, {**inputs, "word_mask": mask, "image_of": image_of}, NAMES)


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "1 word, 1 pixel", 1, 1),
        _case(draw, "2 words, 3 pixels", 3, 2),
        _case(draw, "2 sentences of 2 and 4 words, 3 pixels", 3, 2, 4),
        _case(draw, "3 sentences about 2 pictures", 3, 2, 1, 4, images=2),
    ]


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32, 2 words, 3 pixels", 3, 2, dtype=torch.float32)]


def _reordered(draw: Draw) -> list[Case]:
    """The same words in another order, then the same with words of padding."""
    case = _case(draw, "4 words", 2, 4)
    order = draw.permutation(4)
    other = {n: Parts(case.inputs[n].pixels, case.inputs[n].words[:, order]) for n in NAMES}
    noise = draw.normal(1, 2, 2, scale=5.0)
    longer = {
        n: Parts(case.inputs[n].pixels, torch.cat([case.inputs[n].words, noise], 1)) for n in NAMES
    }
    return [
        case,
        Case("the same words in another order", {**case.inputs, **other}),
        Case("the same and 2 of padding", {**longer, "word_mask": first_words([4], 6),
                                           "image_of": None}),
    ]  # fmt: skip


def _words_are_a_set(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index in (1, 2):
        if not torch.allclose(values[0], values[index]):
            return index, f"{cases[index].name}: the result must not change"
    return None


def _mutant(
    answers: bool = True,
    asks: str = "masked",
    swap: bool = False,
    word_query: bool = True,
    first: bool = False,
    joint: bool = False,
    words_seen: float = 1.0,
    scale: bool = False,
    cut: bool = False,
) -> Callable[..., Tensor]:
    def wrong(
        query: Parts,
        key: Parts,
        value: Parts,
        word_mask: Tensor,
        image_of: Pictures = None,
        terms: str = "full",
    ) -> Tensor:
        i = torch.arange(len(word_mask)) if image_of is None else image_of
        query, key = (key, query) if swap else (query, key)
        share = word_mask.to(query.words) if asks == "masked" else torch.ones_like(word_mask) * 1.0
        share = share.to(query.words) / share.sum(1, keepdim=True)
        of_words = query.words if word_query else 0 * query.words
        of_words = (share[..., None] * of_words).sum(1)[:, None] if first else of_words
        asking = query.pixels[i][:, :, None] + of_words[:, None]
        asking = asking / asking.shape[-1] ** 0.5 if scale else asking
        at_pixels = torch.einsum("bpnd,bqd->bpnq", asking, key.pixels[i])
        at_words = torch.einsum("bpnd,bmd->bpnm", asking, key.words)
        if answers:
            at_words = at_words.masked_fill(~word_mask[:, None, None], -torch.inf)
        if joint:
            both = torch.cat([at_pixels, at_words], -1).softmax(-1)
            at_pixels, at_words = both.split([key.pixels.shape[1], key.words.shape[1]], -1)
        else:
            at_pixels, at_words = at_pixels.softmax(-1), at_words.softmax(-1)
        at_words = at_words.detach() if cut else at_words
        seen = torch.einsum("bpnq,bqd->bpnd", at_pixels, value.pixels[i])
        seen = seen + words_seen * torch.einsum("bpnm,bmd->bpnd", at_words, value.words)
        share = torch.ones_like(share[:, :1]) if first else share
        return torch.einsum("bpnd,bn->bpd", seen, share)

    return wrong


EXERCISE = Exercise(
    name="cross-attention",
    title="Cross-modal self-attention, factorised",
    notebook="05",
    minutes=8,
    objective="You can compute Eq. 2-4 over all pairs from pixels and words alone, exactly.",
    reference=cross_attention,
    alternatives=(pair_by_pair, by_two_attentions),
    requirements=(
        right_kind(_types, "a tensor of the inputs' own precision"),
        right_shape(_sizes, "shape (B, P, d): one row per pixel and sentence"),
        right_values(_sizes, "the numbers of the literal attention, averaged over real words", 3),
        holds("set", "neither the order of words nor padding matters", _reordered,
              _words_are_a_set, points=2),
        inputs_kept(_sizes, "the inputs are not changed"),
        right_gradients(_sizes, "gradients reach all six parts", points=2),
    ),
    mutants=(
        Mutant("swapped", "queries and keys the wrong way round", _mutant(swap=True)),
        Mutant("pixels-ask-alone", "queries without their word part: every word asks the same",
               _mutant(word_query=False)),
        Mutant("words-first", "words averaged before they meet the pixels", _mutant(first=True)),
        Mutant("joint", "one softmax over pixels and words side by side", _mutant(joint=True)),
        Mutant("no-words", "the words' values left out of the sum", _mutant(words_seen=0.0)),
        Mutant("subtracted", "the words' values taken off instead of added",
               _mutant(words_seen=-1.0)),
        Mutant("no-key-mask", "padding words answer like real ones", _mutant(answers=False)),
        Mutant("no-mean-mask", "padding words averaged in", _mutant(asks="all")),
        Mutant("scaled", "queries divided by sqrt(d): the caller has scaled already, where wanted",
               _mutant(scale=True)),
        Mutant("detached", "attention to words cut off from the gradient", _mutant(cut=True)),
    ),
    hints=(
        "Identity 1: what a pair finds is what it finds among the pixels plus what it finds among"
        " the words. So there are two calls of mean_softmax.",
        "Both calls take a pixel part (the pixels' queries with some keys) and a word part (the"
        " words' queries with the same keys); only the keys differ.",
        "Keys are the pixels in one call and the words in the other; only words can be padding, so"
        " only that call has a key_mask. Each result times its own values, then the sum.",
    ),
    replaces=True,
    given=("refseg_lib.fusion.streamed_attention", "refseg_lib.fusion.pair_attention"),
)  # fmt: skip
