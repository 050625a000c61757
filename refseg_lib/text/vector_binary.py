"""Word vectors in word2vec's binary form: a line "N C", then N times word, blank and C floats."""

import gzip
import logging
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refseg_lib.errors import UserError
from refseg_lib.text.gensim_import import import_gensim_models


def read_binary_vectors(path: Path) -> tuple[list[str], NDArray[np.float32], int]:
    """Let gensim read the file, and check what gensim does not.

    Args:
        path: gzipped where the name ends in ``.gz``.

    Returns:
        The N words in their order, their vectors (N, C), and how many words were repeated: the
        first one counts.

    Raises:
        UserError: The file is cut short, has bytes left over, or is of another format.
    """
    count, width, size = _measure(path)
    wrong = f"{path} is not in word2vec's binary format, or is damaged"
    # One word takes a letter, a blank and its floats. gensim would reserve the memory first.
    if width == 0 or count * (2 + 4 * width) > size:
        raise UserError(
            f"{wrong}: it announces {count:,} words of {width} numbers, and {size:,} bytes follow;"
            " get it again; text vectors must be named .txt"
        )
    try:
        read = _read_with_gensim(path)
    except (EOFError, ValueError, AssertionError) as error:
        raise UserError(f"{wrong} ({error}): text vectors must be named .txt") from error
    # After a repeated word gensim leaves places without a word at the end.
    words = [word for word in read.index_to_key if word is not None]
    repeated = count - len(words)
    # Whatever bytes there are make floats, those of a text file too: only the size tells. The
    # original tool writes a line end after every word, gensim none.
    spent = sum(len(word.encode()) + 1 + 4 * width for word in words)
    longest = max((len(word.encode()) for word in words), default=0)
    least, most = repeated * (2 + 4 * width), repeated * (1 + longest + 4 * width) + count
    if not least <= size - spent <= most:
        raise UserError(
            f"{wrong}: {size - spent:,} bytes are left over after {count:,} words; get it again;"
            " text vectors must be named .txt"
        )
    return words, read.vectors[: len(words)], repeated


def _measure(path: Path) -> tuple[int, int, int]:
    """Return the announced words and width, and how many bytes follow the first line."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
            header = re.fullmatch(rb"(\d{1,12}) (\d{1,6})\s*\n", stream.readline(100))
            if header is None:
                raise UserError(
                    f"{path} is not in word2vec's binary format: its first line is not \"WORDS"
                    ' WIDTH"; text vectors must be named .txt'
                )
            size = 0
            while block := stream.read(1 << 20):
                size += len(block)
    except (EOFError, OSError, zlib.error) as error:
        raise UserError(
            f"{path} cannot be read to its end ({error}): it is damaged or cut short, get it again"
        ) from error
    return int(header[1]), int(header[2]), size


def _read_with_gensim(path: Path) -> Any:
    # gensim would print a line for every repeated word; we count them.
    logger = logging.getLogger("gensim.models.keyedvectors")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return import_gensim_models().KeyedVectors.load_word2vec_format(str(path), binary=True)
    finally:
        logger.setLevel(level)
