"""Word vectors of your own: skip-gram with negative sampling, by gensim.

Paper 002 (§3.2.2) takes Chinese vectors that were trained so, on text from Weibo. A corpus of
referring expressions is small and its sentences are short: it needs more rounds and a narrower
window than gensim's defaults.
"""

import zlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from refseg_lib.errors import UserError
from refseg_lib.text.gensim_import import import_gensim_models
from refseg_lib.text.keyed_vectors import keyed_vectors

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


def train_skipgram(
    token_lists: Iterable[Sequence[str]],
    *,
    width: int = 100,
    epochs: int = 30,
    window: int = 2,
    negative: int = 5,
    min_count: int = 1,
    seed: int = 0,
    source: str = "skip-gram",
) -> "KeyedVectors":
    """Learn a vector for every word of a corpus.

    One worker and a fixed hash: the same sentences and seed give the same bytes.

    Args:
        token_lists: One list of tokens per sentence.
        width: Numbers per word (256 for Chinese in paper 002).
        epochs: Rounds through the corpus.
        window: Words to each side that count as context.
        negative: Noise words drawn for each true one.
        min_count: Words that occur less often get no vector.
        seed: Of everything random.
        source: Where the corpus comes from, for reports.

    Returns:
        The vectors, the frequent words first.

    Raises:
        UserError: Fewer than two different words, or a setting below 1.
    """
    settings = {"width": width, "epochs": epochs, "window": window, "negative": negative}
    for name, value in settings.items():
        if value < 1:
            raise UserError(f"skip-gram with {name}={value}: give 1 or more")
    sentences = [list(tokens) for tokens in token_lists]
    counted = sum(map(len, sentences))
    if len({token for tokens in sentences for token in tokens}) < 2:
        raise UserError(
            f"{source}: {len(sentences):,} sentences with {counted:,} words hold fewer than two"
            " different words: nothing can be learned from them"
        )
    models = import_gensim_models()
    try:
        model = models.Word2Vec(
            sentences,
            sg=1,
            vector_size=width,
            epochs=epochs,
            window=window,
            negative=negative,
            min_count=min_count,
            seed=seed,
            workers=1,
            hashfxn=_hash,
            # Frequent words are dropped at random; in a small corpus they are "left" and "red".
            sample=0,
        )
    except RuntimeError as error:
        raise UserError(f"{source}: no word occurs {min_count} times ({error})") from error
    return keyed_vectors(model.wv.index_to_key, model.wv.vectors, source=source)


def _hash(text: str) -> int:
    """Hash as no environment variable can change it."""
    return zlib.crc32(text.encode())
