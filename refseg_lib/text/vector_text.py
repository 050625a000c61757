"""Word vectors as text: GloVe's format, and word2vec's, which puts a line "N C" before it.

gensim reads both, but it ends a word at the first blank, and some words of GloVe 840B (the vectors
of papers 001 and 003) are like "at name@domain.com"; and of a damaged file it cannot name the line.
So this reader is ours: one pass, a thousand lines at a time, nothing kept but words and numbers.
"""

import gzip
import re
import zlib
from array import array
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from refseg_lib.errors import UserError

# A file without line ends must not be read into memory whole before it is refused.
LONGEST_LINE = 1 << 20
LARGEST = float(np.finfo(np.float32).max)
_HEADER = re.compile(rb"(\d+) (\d+)")
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

Line = tuple[int, bytes]


def read_text_vectors(path: Path) -> tuple[list[str], NDArray[np.float32], int]:
    """Read lines ``WORD NUMBER … NUMBER``.

    Args:
        path: Text in UTF-8; gzipped where the name ends in ``.gz``.

    Returns:
        The N words in their order, their vectors (N, C), and how many lines repeated a word: the
        first one counts.

    Raises:
        UserError: The file is empty or cut short, or a line has another count of numbers than the
            first, or something that is no finite number; the message has the line's number.
    """
    lines = _numbered_lines(path)
    first = next(lines, None)
    if first is None:
        raise UserError(f"{path} is empty: expected lines WORD NUMBER … NUMBER")
    header = _HEADER.fullmatch(first[1])
    head: list[Line] = [] if header else [first]
    width = int(header[2]) if header else first[1].count(b" ")
    if width == 0:
        raise UserError(f"{path}, line 1 has no numbers: expected WORD NUMBER … NUMBER")
    words: dict[str, None] = {}
    numbers = array("f")
    read = 0
    while chunk := [*head, *islice(lines, 1024)]:
        head = []
        cut = [_cut(path, line, width) for line in chunk]
        matrix = _parse(path, chunk, [text for _, text in cut], width)
        fresh = np.ones(len(cut), bool)
        for row, (word, _) in enumerate(cut):
            fresh[row] = word not in words
            words[word] = None
        numbers.frombytes(matrix[fresh].tobytes())
        read += len(chunk)
    if header and read != int(header[1]):
        raise UserError(
            f"{path} announces {int(header[1]):,} words in its first line but holds {read:,}:"
            " it is damaged or cut short, get it again"
        )
    return list(words), np.frombuffer(numbers, np.float32).reshape(-1, width), read - len(words)


def _numbered_lines(path: Path) -> Iterator[Line]:
    """Yield (number from 1, line without its end)."""
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
            while line := stream.readline(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE:
                    raise UserError(
                        f"{path}, line {number} is longer than {LONGEST_LINE:,} bytes: these are"
                        " no word vectors as text"
                    )
                yield number, line.rstrip(b" \r\n")
    except (EOFError, OSError, zlib.error) as error:
        raise UserError(
            f"{path} cannot be read beyond line {number} ({error}): it is damaged or cut short,"
            " get it again"
        ) from error


def _cut(path: Path, line: Line, width: int) -> tuple[str, bytes]:
    """Cut a line into its word and the text of its numbers."""
    number, text = line
    word, _, rest = text.partition(b" ")
    if not word or rest.count(b" ") + bool(rest) != width:
        word, *numbers = text.rsplit(b" ", width)
        rest = b" ".join(numbers)
        # "at name@domain.com 0.1 0.2" is a word with a blank, "dog 0.3 0.1 0.2" a number too many.
        last = word.rpartition(b" ")[2]
        if len(numbers) < width or not last or _NUMBER.fullmatch(last):
            raise UserError(
                f"{path}, line {number} has {text.count(b' ')} numbers, expected a word and {width}"
                " as in the first line: mend or delete that line"
            )
    try:
        return word.decode(), rest
    except UnicodeDecodeError:
        raise UserError(
            f"{path}, line {number}: the word {word[:40]!r} is not UTF-8; vectors in word2vec's"
            " binary format must be named .bin"
        ) from None


def _parse(path: Path, lines: list[Line], texts: list[bytes], width: int) -> NDArray[np.float32]:
    """Turn the texts of numbers of some lines into a matrix (lines, width)."""
    try:
        matrix = np.loadtxt(texts, np.float32, delimiter=" ", comments=None, ndmin=2)
    except ValueError:
        matrix = np.empty((0, 0), np.float32)
    if matrix.shape == (len(texts), width) and np.isfinite(matrix).all():
        return matrix
    for (number, _), text in zip(lines, texts, strict=True):
        for piece in text.split(b" "):
            if not _NUMBER.fullmatch(piece) or abs(float(piece)) > LARGEST:
                raise UserError(
                    f"{path}, line {number} has {piece[:40].decode(errors='replace')!r} where a"
                    " finite number belongs: mend or delete that line; vectors in word2vec's"
                    " binary format must be named .bin"
                )
    raise AssertionError(f"{path}: numpy refuses lines {lines[0][0]} to {lines[-1][0]}")
