"""Word vectors trained on a data set's own sentences, as paper 002 (§3.2.2) has Chinese ones."""

from pathlib import Path

from refseg_lib.data.corpus import token_lists
from refseg_lib.data.refer import open_dataset
from refseg_lib.text.skipgram import train_skipgram
from refseg_lib.text.vectors import save_vectors


def make_word_vectors(
    data: str,
    root: Path,
    out: Path,
    language: str = "en",
    *,
    width: int = 100,
    epochs: int = 30,
    seed: int = 0,
) -> Path:
    """Learn word vectors from the training sentences of a data set and write them.

    Args:
        data: Data set id; only its ``train`` split is read.
        root: Folder of the data sets.
        out: An ``.npz``, as ``refseg train --vectors`` takes it.
        language: ``en`` or ``zh``.
        width: Numbers per word.
        epochs: Rounds through the sentences.
        seed: Of everything random.

    Returns:
        The file written.

    Raises:
        UserError: The data set cannot be read, has no sentences in that language or fewer than two
            words, gensim is not installed, or the file cannot be written.
    """
    split = open_dataset(data, root, "train", language)
    vectors = train_skipgram(
        token_lists(split),
        width=width,
        epochs=epochs,
        seed=seed,
        source=f"skip-gram on {split.id} train {language}",
    )
    save_vectors(out, vectors)
    return out
