"""Words and rows become gensim's vectors and remember their origin."""

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.text.keyed_vectors import keyed_vectors, origin


def test_words_find_their_rows_and_the_origin_is_remembered() -> None:
    rows = np.array([[1, 2], [3, 4]], np.float64)
    vectors = keyed_vectors(["a", "狗"], rows, 3, source="a file")
    assert vectors["狗"].tolist() == [3, 4]
    assert vectors.vectors.dtype == np.float32
    assert origin(vectors) == ("a file", 3)


def test_vectors_that_gensim_loaded_itself_are_welcome() -> None:
    from gensim.models import KeyedVectors

    assert origin(KeyedVectors(3)) == ("gensim", 0)


def test_a_number_that_is_not_finite_is_told_with_its_word() -> None:
    rows = np.array([[1, 2], [np.inf, 4], [np.nan, 0]], np.float32)
    with pytest.raises(UserError, match=r"here: the vector of word 2, 'b', .*2 such words"):
        keyed_vectors(["a", "b", "c"], rows, source="here")
