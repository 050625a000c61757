"""Word vectors as numpy arrays: words and rows belong together, damage is told."""

import json
from pathlib import Path

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.text.installed_data import DataNotFoundError
from refseg_lib.text.vector_arrays import read_array_vectors, read_packaged_vectors

ROWS = np.array([[1, 2], [3, 4], [5, 6]], np.float16)


def test_words_and_rows_of_an_archive_come_back_the_first_of_each(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", words=np.array(["dog", "狗", "dog"]), vecs=ROWS)
    words, vectors, repeated = read_array_vectors(tmp_path / "v.npz")
    assert (words, vectors.tolist(), repeated) == (["dog", "狗"], [[1, 2], [3, 4]], 1)


@pytest.mark.parametrize("beside", ["tencent_4_200d.json", "tencent_4_200d_vocab.json",
                                    "tencent_vocab.json"])  # fmt: skip
@pytest.mark.parametrize("kind", ["npz", "npy"])
def test_a_row_belongs_to_the_word_with_its_number_in_the_file_beside(
    tmp_path: Path, beside: str, kind: str
) -> None:
    path = tmp_path / f"tencent_4_200d.{kind}"
    if kind == "npz":
        np.savez(path, vecs=ROWS)
    else:
        np.save(path, ROWS)
    (tmp_path / beside).write_text('{"左": 2, "狗": 0, "左": 1}', encoding="utf-8")
    words, vectors, repeated = read_array_vectors(path)
    assert (words, vectors.tolist(), repeated) == (["左", "狗"], [[5, 6], [1, 2]], 1)


def test_a_list_of_words_beside_the_rows_is_in_their_order(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", ROWS)
    (tmp_path / "v.json").write_text(json.dumps(["a", "b", "c"]))
    assert read_array_vectors(tmp_path / "v.npy")[0] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "beside",
    ["{", "3", "[]", "{}", '{"a": 3}', '{"a": -1}', '{"a": 1.0}', '{"a": true}', '{"a": {"b": 1}}',
     '["a", "b", "c", "d"]', '["a", 3]'],
)  # fmt: skip
def test_words_beside_the_rows_that_do_not_fit_are_told(tmp_path: Path, beside: str) -> None:
    np.save(tmp_path / "v.npy", ROWS)
    (tmp_path / "v.json").write_text(beside)
    with pytest.raises(UserError, match=r"v\.json"):
        read_array_vectors(tmp_path / "v.npy")


def test_rows_without_words_say_which_file_is_missing(tmp_path: Path) -> None:
    np.save(tmp_path / "glove_50d.npy", ROWS)
    with pytest.raises(UserError, match=r"glove_50d\.json, glove_50d_vocab\.json, glove_vocab"):
        read_array_vectors(tmp_path / "glove_50d.npy")


@pytest.mark.parametrize(
    "arrays",
    [
        {"words": np.array(["a", "b"]), "vecs": ROWS},
        {"words": np.array([1, 2, 3]), "vecs": ROWS},
        {"words": np.array([["a"], ["b"], ["c"]]), "vecs": ROWS},
        {"words": np.array(["a"]), "vecs": np.zeros(1)},
        {"words": np.array(["a"]), "vecs": np.array([["x"]])},
        {"words": np.array(["a", "b", "c"])},
        {"words": np.array(["dog", None, "a"], dtype=object), "vecs": ROWS},
    ],
)
def test_arrays_that_are_no_word_vectors_are_told(tmp_path: Path, arrays: dict) -> None:
    np.savez(tmp_path / "v.npz", **arrays)
    with pytest.raises(UserError, match=r"v\.npz.*expected an \.npz with words"):
        read_array_vectors(tmp_path / "v.npz")


@pytest.mark.parametrize("keep", [0, 20, 200, -30])
def test_a_damaged_archive_is_told(tmp_path: Path, keep: int) -> None:
    np.savez(tmp_path / "v.npz", words=np.array(["a", "b", "c"]), vecs=ROWS)
    (tmp_path / "v.npz").write_bytes((tmp_path / "v.npz").read_bytes()[:keep])
    with pytest.raises(UserError, match=r"v\.npz cannot be read"):
        read_array_vectors(tmp_path / "v.npz")


@pytest.mark.parametrize(
    "shape", [b"(3000000000000, 200), }", b"(30, 2), }", b"(3, , }", b"(3[", b"'"]
)
def test_a_header_that_lies_or_is_garbled_is_told(tmp_path: Path, shape: bytes) -> None:
    np.save(tmp_path / "v.npy", ROWS)
    data = (tmp_path / "v.npy").read_bytes()
    there = data.index(b"(3, 2)")
    (tmp_path / "v.npy").write_bytes(data[:there] + shape + data[there + len(shape) :])
    with pytest.raises(UserError, match=r"v\.npy cannot be read"):
        read_array_vectors(tmp_path / "v.npy")


def test_the_package_with_all_of_glove_is_read_from_its_data_files() -> None:
    pytest.importorskip("pyarrow")
    try:
        words, vectors, repeated = read_packaged_vectors()
    except DataNotFoundError as error:
        pytest.skip(str(error))
    assert (vectors.shape, len(words), repeated) == ((400_000, 50), 400_000, 0)
    # The first numbers of the first line of glove.6B.50d.txt, known to everybody who opened it.
    assert words[0] == "the"
    assert vectors[0, :3].tolist() == pytest.approx([0.418, 0.24968, -0.41242])
    near = vectors @ vectors[words.index("king")] / np.linalg.norm(vectors, axis=1)
    assert {words[row] for row in np.argsort(-near)[:10]} >= {"king", "prince", "queen"}
