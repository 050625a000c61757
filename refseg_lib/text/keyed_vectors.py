"""Words and rows as gensim's ``KeyedVectors``, which remember where they come from."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refseg_lib.errors import UserError
from refseg_lib.text.gensim_import import import_gensim_models

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

_EVENT = "read by refseg"


def keyed_vectors(
    words: list[str], matrix: NDArray[Any], repeated: int = 0, *, source: str
) -> "KeyedVectors":
    """Make ``KeyedVectors`` of words and rows, without a copy where they are fp32.

    Args:
        words: N words, each once.
        matrix: (N, C).
        repeated: How many more there were that repeated one.
        source: Where they come from, for reports.

    Raises:
        UserError: No word at all, or a number that is not finite.
    """
    matrix = matrix.astype(np.float32, copy=False)
    if matrix.size == 0:
        raise UserError(f"the word vectors {source} are empty: expected words with numbers")
    finite = np.isfinite(matrix).all(1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise UserError(
            f"{source}: the vector of word {row + 1}, {words[row]!r}, holds a number that is not"
            f" finite ({int((~finite).sum())} such words in all): get the file again"
        )
    vectors = import_gensim_models().KeyedVectors(matrix.shape[1])
    # What add_vectors does, but that copies a matrix of gigabytes twice.
    vectors.index_to_key = words
    vectors.key_to_index = {word: row for row, word in enumerate(words)}
    vectors.vectors = matrix
    vectors.add_lifecycle_event(_EVENT, source=source, repeated=repeated)
    return vectors


def origin(vectors: "KeyedVectors") -> tuple[str, int]:
    """Say where vectors come from, and how many words were repeated and dropped.

    Vectors that gensim loaded itself come from ``"gensim"``, with nothing dropped.
    """
    for event in reversed(getattr(vectors, "lifecycle_events", None) or []):
        if event["event"] == _EVENT:
            return event["source"], event["repeated"]
    return "gensim", 0
