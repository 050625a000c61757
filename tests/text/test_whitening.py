"""Whitened vectors: one spread in all directions, twins apart, neighbours still nearest."""

import numpy as np
import pytest

from refseg_lib.text.keyed_vectors import keyed_vectors, origin
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.text.whitening import whitened

WORDS = [f"w{i}" for i in range(40)]
VOCABULARY = Vocabulary.build([WORDS])


def made(seed: int = 0, width: int = 6) -> np.ndarray:
    """Vectors with a common part and two directions that hold most of the spread, as GloVe's."""
    rng = np.random.default_rng(seed)
    spread = np.array([9.0, 4.0, *[0.3] * (width - 2)])
    return (rng.standard_normal((40, width)) * spread + 5.0).astype(np.float32)


def test_all_directions_have_one_spread_and_the_numbers_the_size_they_had() -> None:
    given = made()
    table = whitened(keyed_vectors(WORDS, given, source="x"), VOCABULARY).vectors
    np.testing.assert_allclose(table.mean(0), 0, atol=1e-5)
    want = float(given.astype(np.float64).var()) * np.eye(6)
    np.testing.assert_allclose(np.cov(table.T, bias=True), want, atol=1e-4)


def test_what_differs_in_small_directions_alone_is_told_apart() -> None:
    vectors = made()
    vectors[1] = vectors[0]
    vectors[1, 5] += 0.6

    def cosine(table: np.ndarray) -> float:
        return float(table[0] @ table[1] / np.linalg.norm(table[0]) / np.linalg.norm(table[1]))

    white = whitened(keyed_vectors(WORDS, vectors, source="x"), VOCABULARY)
    assert cosine(vectors) > 0.99
    assert cosine(white.vectors[[white.key_to_index["w0"], white.key_to_index["w1"]]]) < 0.7


def test_turning_and_shifting_the_vectors_changes_no_angle() -> None:
    """What is whitened knows nothing of the frame: distances stay, but for one factor."""
    vectors = made()
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))
    moved = (3.0 * vectors @ turn - 2.0).astype(np.float32)
    tables = [
        whitened(keyed_vectors(WORDS, one, source="x"), VOCABULARY).vectors
        for one in (vectors, moved)
    ]
    apart = [np.linalg.norm(table[:, None] - table, axis=-1) for table in tables]
    np.testing.assert_allclose(apart[0] / apart[0].max(), apart[1] / apart[1].max(), atol=1e-3)


def test_words_outside_the_vocabulary_have_no_say_and_are_left_out() -> None:
    vectors = made()
    more = np.concatenate([vectors, 100 * np.ones((3, 6), np.float32)])
    strange = keyed_vectors([*WORDS, "x", "y", "z"], more, repeated=2, source="file")
    white = whitened(strange, VOCABULARY)
    alone = whitened(keyed_vectors(WORDS, vectors, source="file"), VOCABULARY)
    np.testing.assert_array_equal(white.vectors, alone.vectors)
    assert "x" not in white.key_to_index
    assert origin(white) == ("file", 2)


def test_the_characters_of_its_words_come_along_when_asked_for() -> None:
    words = Vocabulary.build([["左边", "狗"]])
    vectors = keyed_vectors(["左", "边", "狗", "猫"], made()[:4], source="x")
    assert set(whitened(vectors, words, pieces=True).index_to_key) == {"左", "边", "狗"}


@pytest.mark.parametrize("words", [["w0", "w1", "w2"], ["w0"], []])
def test_few_words_give_finite_numbers(words: list[str]) -> None:
    vectors = keyed_vectors(WORDS, made(), source="x")
    assert np.isfinite(whitened(vectors, Vocabulary.build([words])).vectors).all()


def test_equal_vectors_stay_finite() -> None:
    same = keyed_vectors(WORDS, np.ones((40, 6), np.float32), source="x")
    assert np.isfinite(whitened(same, VOCABULARY).vectors).all()
