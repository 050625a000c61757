"""ParkRef's own translator: an English sentence is understood, and its meaning said in Chinese.

No dictionary and no network: both languages are put from one meaning, so that a translation is
right by construction wherever the English is ParkRef's.
"""

import zlib

import numpy as np

from refseg_lib.parkref.chinese import in_chinese
from refseg_lib.parkref.understanding import ARTICLES, understand

PROVENANCE = "parkref-grammar"
"""What is written beside a sentence that this translator made."""


def translate_sentences(sentences: list[str]) -> list[str]:
    """Translate English ParkRef sentences into Chinese.

    Where Chinese has several ways to say the same, one is drawn by the sentence itself: a text is
    as varied as the original, and the same sentence always gets the same translation.

    Args:
        sentences: As ParkRef makes them.

    Returns:
        The Chinese sentences, in the same order.

    Raises:
        UserError: A sentence is outside ParkRef's grammar.
    """
    return [_translated(sentence) for sentence in sentences]


def _translated(sentence: str) -> str:
    phrase = understand(sentence)
    words = sentence.lower().split()
    rng = np.random.default_rng(zlib.crc32(" ".join(words).rstrip(" .").encode()))
    # Long style alone begins with an article.
    return in_chinese(phrase, rng, long=(words[0],) in ARTICLES).sentence
