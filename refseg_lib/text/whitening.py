"""Whitened word vectors: what words have in common taken out, so that a few steps tell them apart.

In GloVe words of one kind lie close together ("red" and "blue": cosine 0.89 of 50 numbers), and it
is words of one kind that a referring expression chooses among. A table that is trained for
long moves them apart by itself; within a few hundred steps a network sees nouns and little else.
Whitening (as for instance Su et al. 2021 do with sentence vectors) shifts and turns the vectors of
a vocabulary until all directions have the same spread: neighbours stay nearer than strangers, but
no longer as near as twins.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from refseg_lib.text.keyed_vectors import keyed_vectors, origin
from refseg_lib.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

# Directions with less than this share of the largest spread are noise of fp32.
_NOTHING = 1e-5


def whitened(
    vectors: "KeyedVectors", vocabulary: Vocabulary, least: float = 0.0, *, pieces: bool = False
) -> "KeyedVectors":
    """Whiten the vectors that a vocabulary uses.

    Args:
        vectors: Of width C.
        vocabulary: Only its words are kept, and only they count.
        least: Standard deviation of the result's numbers, where the given ones have a smaller one.
        pieces: Keep the single characters of its words too.

    Returns:
        fp32 vectors of the same width, of the words that are in both; with a mean of zero, and
        uncorrelated directions of one spread (where there are more words than directions), their
        numbers with the standard deviation that they had. Where fewer than two words are in both,
        the vectors as they were given.
    """
    wanted = dict.fromkeys(vocabulary.to_list())
    if pieces:
        wanted |= dict.fromkeys(character for word in list(wanted) for character in word)
    row_of: Mapping[str, int] = vectors.key_to_index  # type: ignore[assignment]
    words = [word for word in wanted if word in row_of]
    if len(words) < 2:
        return vectors
    found = vectors.vectors[[row_of[word] for word in words]].astype(np.float64)
    left, spread, right = np.linalg.svd(found - found.mean(0), full_matrices=False)
    kept = spread > _NOTHING * spread[0]
    white = left[:, kept] @ right[kept]
    white *= max(found.std(), least) / max(white.std(), np.finfo(np.float64).tiny)
    source, repeated = origin(vectors)
    return keyed_vectors(words, white, repeated, source=source)
