"""The sentences of a data set as tokens: what vocabularies and word vectors are made from."""

from collections import Counter
from collections.abc import Iterable, Sequence

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.text.tokens import tokenize


def token_lists(dataset: ReferringDataset, max_length: int = 20) -> list[list[str]]:
    """Cut every sentence of a split into tokens, in its language.

    Args:
        dataset: The split, usually ``train``.
        max_length: Tokens kept per sentence; see :func:`refseg_lib.text.tokens.tokenize`.

    Returns:
        One list of at least one token per sentence, in the order of the data set.
    """
    return [tokenize(e.sentence, dataset.language, max_length=max_length) for e in dataset]


def count_tokens(sentences: Iterable[Sequence[str]]) -> Counter[str]:
    """Count how often every token occurs."""
    return Counter(token for tokens in sentences for token in tokens)
