"""A sentence with each word shaded by its weight (as paper 004, Fig. 4b)."""

from collections.abc import Sequence
from html import escape

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from refseg_lib.errors import UserError
from refseg_lib.explain.fragment import Fragment
from refseg_lib.explain.ink import ink_on

LIGHT, DARK = (241, 245, 249), (8, 64, 129)
"""Ground behind a weight of 0, and behind the largest."""


def word_row(words: Sequence[str], weights: ArrayLike | torch.Tensor) -> Fragment:
    """Shade every word by its weight, which is printed below it.

    The darkest ground belongs to the largest weight, no shade to 0; so rows of few and of many
    words can be read alike, and the numbers tell how they compare.

    Args:
        words: T words.
        weights: (T,) numbers, 0 or more, e.g. attention that sums to one.

    Returns:
        One line of words, or several where the page is narrow.

    Raises:
        UserError: There is no word, not one weight per word, or one that is negative or no number.
    """
    numbers = _numbers(words, weights)
    shares = numbers / max(numbers.max(), 1e-300)
    shown = "".join(
        _word(word, number, share)
        for word, number, share in zip(words, numbers, shares, strict=True)
    )
    language = ' lang="zh"' if any(mark > "\u2e7f" for word in words for mark in word) else ""
    text = " ".join(f"{word} {number:.2f}" for word, number in zip(words, numbers, strict=True))
    return Fragment(f'<div{language} style="margin:6px 0;line-height:1.3">{shown}</div>', text)


def shade(share: float) -> tuple[str, str]:
    """Choose ground and ink, ``#rrggbb``, for a share in [0, 1] of the largest weight."""
    ground = np.round((1 - share) * np.array(LIGHT) + share * np.array(DARK))
    return "#" + bytes(ground.astype(np.uint8)).hex(), ink_on(ground)


def _word(word: str, number: float, share: float) -> str:
    ground, ink = shade(share)
    # The blank at the end parts the words for a screen reader, and where styles are stripped.
    return (
        f'<span style="display:inline-block;margin:2px 3px 2px 0;padding:4px 9px;'
        f"border-radius:6px;text-align:center;background-color:{ground};color:{ink}"
        f'">{escape(word)} <small style="display:block;font-size:12px">{number:.2f}</small>'
        "</span> "
    )


def _numbers(words: Sequence[str], weights: ArrayLike | torch.Tensor) -> NDArray[np.float64]:
    given = weights.detach().cpu() if isinstance(weights, torch.Tensor) else weights
    numbers = np.asarray(given, np.float64)
    if len(words) == 0 or numbers.shape != (len(words),):
        raise UserError(
            f"word_row was given {len(words)} words and weights of shape {numbers.shape}: it needs"
            " one weight per word, and at least one word"
        )
    if not (np.isfinite(numbers) & (numbers >= 0)).all():
        raise UserError(
            f"word_row shades by weights of 0 or more, got {numbers.tolist()}: give attention"
            " after its softmax"
        )
    return numbers
