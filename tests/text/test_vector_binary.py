"""word2vec's binary form: gensim writes, the original tool's line ends are written by hand."""

import gzip
import logging
import struct
from pathlib import Path

import pytest

from refseg_lib.errors import UserError
from refseg_lib.text.vector_binary import read_binary_vectors

ROWS = {"dog": (1.5, -2.0), "狗": (0.25, 3.0), "</s>": (0.0, 1e-8)}


def binary(rows: list[tuple[str, tuple[float, float]]], end: bytes = b"\n") -> bytes:
    """Write as the original C tool does."""
    packed = [word.encode() + b" " + struct.pack("<2f", *row) + end for word, row in rows]
    return b"%d 2\n" % len(rows) + b"".join(packed)


@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("name", ["v.bin", "v.bin.gz"])
def test_words_and_floats_come_back(tmp_path: Path, end: bytes, name: str) -> None:
    data = binary(list(ROWS.items()), end)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    words, vectors, repeated = read_binary_vectors(tmp_path / name)
    assert words == list(ROWS)
    assert vectors.tolist() == [[struct.unpack("<f", struct.pack("<f", x))[0] for x in row]
                                for row in ROWS.values()]  # fmt: skip
    assert repeated == 0


def test_what_gensim_writes_is_read(tmp_path: Path) -> None:
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(2)
    vectors.add_vectors(list(ROWS), list(ROWS.values()))
    vectors.save_word2vec_format(str(tmp_path / "v.bin"), binary=True)
    words, rows, _ = read_binary_vectors(tmp_path / "v.bin")
    assert words == list(ROWS)
    assert rows.tolist() == vectors.vectors.tolist()


def test_repeated_words_are_counted_and_nothing_is_printed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [("dog", (1.0, 2.0)), ("a", (3.0, 4.0)), ("dog", (5.0, 6.0)), ("dog", (7.0, 8.0))]
    (tmp_path / "v.bin").write_bytes(binary(rows))
    with caplog.at_level(logging.WARNING):
        words, vectors, repeated = read_binary_vectors(tmp_path / "v.bin")
    assert (words, repeated) == (["dog", "a"], 2)
    assert vectors.tolist() == [[1, 2], [3, 4]]
    assert caplog.records == []


@pytest.mark.parametrize("cut", [4, 6, 12, 20, -1])
def test_a_file_that_breaks_off_is_told(tmp_path: Path, cut: int) -> None:
    (tmp_path / "v.bin").write_bytes(binary(list(ROWS.items()), b"")[:cut])
    with pytest.raises(UserError, match=r"v\.bin"):
        read_binary_vectors(tmp_path / "v.bin")


def test_a_gzip_that_breaks_off_is_told(tmp_path: Path) -> None:
    packed = gzip.compress(binary(list(ROWS.items())))
    (tmp_path / "v.bin.gz").write_bytes(packed[:-9])
    with pytest.raises(UserError, match=r"v\.bin\.gz cannot be read to its end"):
        read_binary_vectors(tmp_path / "v.bin.gz")


def test_a_text_file_named_bin_is_refused_although_its_bytes_make_floats(tmp_path: Path) -> None:
    lines = "".join(f"w{i} 0.123456 -0.654321\n" for i in range(50))
    (tmp_path / "v.bin").write_text("50 2\n" + lines)
    with pytest.raises(UserError, match=r"must be named \.txt"):
        read_binary_vectors(tmp_path / "v.bin")
    (tmp_path / "v.bin").write_text(lines)
    with pytest.raises(UserError, match=r"first line.*must be named \.txt"):
        read_binary_vectors(tmp_path / "v.bin")


@pytest.mark.parametrize("header", [b"99999999999 300\n", b"5 0\n", b"1 999999\n", b"x y\n", b""])
def test_an_absurd_first_line_reserves_no_memory(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "v.bin").write_bytes(header + b"dog " + bytes(8))
    with pytest.raises(UserError, match="not in word2vec's binary format"):
        read_binary_vectors(tmp_path / "v.bin")
