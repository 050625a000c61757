"""Multimodal features of all word-pixel pairs, paper 004 §3.1, Eq. 1.

The library never builds them (``refseg_lib.fusion.pair_attention`` says why), so the reference
stands here.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.course.draw import Draw, first_words
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import (
    as_the_first,
    holds,
    inputs_kept,
    right_gradients,
    right_kind,
    right_shape,
    right_values,
)
from refseg_lib.course.variants import additive_mask, mask_of_padding


def pair_features(picture: Tensor, place: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
    """Build f_pn = [l2(v_p); l2(e_n); s_p] of every pixel p and word n.

    Args:
        picture: (B, P, C_v), one vector per pixel.
        place: (B, P, 8) or (1, P, 8), the spatial coordinates.
        words: (B, T, C_l).
        word_mask: (B, T), True at real words.

    Returns:
        (B, P, T, C_v + C_l + 8); the word's part is zero at padding.
    """
    sizes = len(picture), picture.shape[1], words.shape[1], -1
    heard = F.normalize(words, dim=-1) * word_mask[..., None]
    parts = (F.normalize(picture, dim=-1)[:, :, None], heard[:, None], place[:, :, None])
    return torch.cat([part.expand(sizes) for part in parts], -1)


def by_loops(picture: Tensor, place: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
    """Eq. 1 pair by pair."""

    def unit(vector: Tensor) -> Tensor:
        return vector / vector.norm() if vector.any() else vector * 0

    rows = [
        torch.cat([unit(v), unit(exists * e), s])
        for seen, where, heard, mask in zip(
            picture, place.expand(len(picture), -1, -1), words, word_mask, strict=True
        )
        for v, s in zip(seen, where, strict=True)
        for e, exists in zip(heard, mask, strict=True)
    ]
    return torch.stack(rows).view(len(picture), picture.shape[1], words.shape[1], -1)


def by_repeating(picture: Tensor, place: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
    """The same with norms clamped from below, and rows repeated."""
    (batch, count), pixels = word_mask.shape, picture.shape[1]
    seen = picture / picture.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    heard = words / words.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    heard = torch.where(word_mask[..., None], heard, 0).repeat(1, pixels, 1)
    where = place.repeat(batch // len(place), 1, 1).repeat_interleave(count, 1)
    f = torch.cat([seen.repeat_interleave(count, 1), heard, where], -1)
    return f.view(batch, pixels, count, -1)


def _case(draw: Draw, name: str, pixels: int, *lengths: int, dtype: Any = torch.float64) -> Case:
    batch, mask = len(lengths), first_words(list(lengths))
    inputs = {
        "picture": draw.normal(batch, pixels, 3, dtype=dtype),
        "place": draw.uniform(1, pixels, 8, low=-1, dtype=dtype),
        "words": draw.normal(batch, mask.shape[1], 2, dtype=dtype),
        "word_mask": mask,
    }
    return Case(name, inputs, ("picture", "place", "words"))


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "1 word, 1 pixel", 1, 1),
        _case(draw, "2 words, 3 pixels", 3, 2),
        _case(draw, "2 sentences of 2 and 3 words, 4 pixels", 4, 2, 3),
    ]


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32, 2 words, 3 pixels", 3, 2, dtype=torch.float32)]


def _dark(draw: Draw) -> list[Case]:
    case = _case(draw, "a pixel whose channels are all 0", 2, 2)
    picture = case.inputs["picture"].clone()
    picture[0, 1] = 0
    return [Case(case.name, {**case.inputs, "picture": picture})]


def _dark_stays(_cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    if bool((values[0][0, 1, :, :3] == 0).all()):
        return None
    return 0, "v_p = 0 has no direction: its part must stay 0 (after a ReLU such pixels exist)"


def _louder(draw: Draw) -> list[Case]:
    case = _case(draw, "2 sentences of 2 and 3 words", 2, 2, 3)
    changed = {
        **case.inputs,
        "picture": 5 * case.inputs["picture"],
        "words": torch.where(case.inputs["word_mask"][..., None], 3 * case.inputs["words"], 7.0),
    }
    return [case, Case("the same 5 and 3 times as long, other numbers at padding", changed)]


_same = as_the_first(
    "only the direction of v_p and e_n may count, and nothing that stands at padding"
)


def _mutant(
    seen: Callable[[Tensor], Tensor] = lambda v: F.normalize(v, dim=-1),
    heard: Callable[[Tensor], Tensor] = lambda e: F.normalize(e, dim=-1),
    order: tuple[int, int, int] = (0, 1, 2),
    mask: str = "words",
    whole: bool = False,
) -> Callable[..., Tensor]:
    def wrong(picture: Tensor, place: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
        batch, pixels, count = len(picture), picture.shape[1], words.shape[1]
        exists = word_mask[:, None, :, None]
        parts = [seen(picture)[:, :, None], heard(words)[:, None], place[:, :, None]]
        if mask == "words":
            parts[1] = parts[1] * exists
        parts = [part.expand(batch, pixels, count, -1) for part in parts]
        f = torch.cat([parts[i] for i in order], -1)
        f = F.normalize(f, dim=-1) if whole else f
        return f * exists if mask == "pairs" else f

    return wrong


def _in_place(picture: Tensor, place: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
    words[~word_mask] = 0
    return pair_features(picture, place, words, word_mask)


def _words_first(**inputs: Tensor) -> Tensor:
    return pair_features(**inputs).transpose(1, 2)


def _plain_division(vectors: Tensor) -> Tensor:
    return vectors / vectors.norm(dim=-1, keepdim=True)


EXERCISE = Exercise(
    name="pair-features",
    title="Features of word-pixel pairs",
    notebook="05",
    minutes=8,
    objective="You can build f of every word-pixel pair without a loop (Eq. 1).",
    reference=pair_features,
    alternatives=(by_loops, by_repeating),
    requirements=(
        right_kind(_types, "a tensor of the inputs' own precision"),
        right_shape(_sizes, "shape (B, P, T, C_v + C_l + 8)"),
        right_values(_sizes, "the numbers of Eq. 1, words at zero where there is padding"),
        holds("direction", "lengths of vectors and padding do not matter", _louder, _same),
        holds("dark", "a vector of zeros stays zero, without NaN", _dark, _dark_stays),
        inputs_kept(_sizes, "the inputs are not changed"),
        right_gradients(_sizes, "gradients reach pixels, places and words"),
    ),
    mutants=(
        Mutant("raw-words", "words that were not l2-normalised", _mutant(heard=torch.clone)),
        Mutant("raw-pixels", "pixels that were not l2-normalised", _mutant(seen=torch.clone)),
        Mutant("raw-both", "Eq. 1 without the norms", _mutant(torch.clone, torch.clone)),
        Mutant("whole", "one norm over all of f", _mutant(torch.clone, torch.clone, whole=True)),
        Mutant("over-pixels", "a norm over the pixels instead of a pixel's channels",
               _mutant(seen=lambda v: F.normalize(v, dim=1))),
        Mutant("over-batch", "one norm over the batch: a sentence would depend on its neighbours",
               _mutant(heard=lambda e: e / e.norm())),
        Mutant("words-first", "axes in the order words, pixels", _words_first),
        Mutant("no-mask", "padding words left in", _mutant(mask="")),
        Mutant("pair-mask", "all of f at zero where the word is padding", _mutant(mask="pairs")),
        Mutant("order", "the place before the word: [v; s; e]", _mutant(order=(0, 2, 1))),
        Mutant("nan", "0 / 0 at a vector of zeros", _mutant(_plain_division, _plain_division)),
        Mutant("detached", "norms cut off from the gradient",
               _mutant(seen=lambda v: v / v.norm(dim=-1, keepdim=True).clamp(1e-12).detach())),
        Mutant("in-place", "padding overwritten in the words that came in", _in_place),
    ),
    hints=(
        "Three parts of shapes (B, P, C_v), (B, T, C_l) and (1, P, 8) are to meet in (B, P, T, …):"
        " give each the axis that it lacks.",
        "An axis of size 1 costs nothing to expand; torch.cat wants equal sizes in all axes but the"
        " last, so expand before you concatenate.",
        "torch.nn.functional.normalize(x, dim=-1) divides by the norm and leaves a vector of zeros"
        " alone; multiply the words by the mask, as (B, T, 1), before they are expanded.",
    ),
    variants=(mask_of_padding("word_mask"), additive_mask("word_mask")),
)  # fmt: skip
