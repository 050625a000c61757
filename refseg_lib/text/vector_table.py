"""From word vectors to the word table of a model, and how much of the language they cover.

Words without a vector start as in the released code of 001 (N(0, 0.6²)), where the table is
trained, or at zero, as in 003, where it is frozen.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.text.keyed_vectors import origin
from refseg_lib.text.vocabulary import SPECIAL, UNKNOWN_ID, Vocabulary
from refseg_lib.text.whitening import whitened

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

OUT_OF_VOCABULARY = ("normal", "zeros")
# The rows of GloVe words have a standard deviation near this.
DEVIATION = 0.6
_HAN_WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f]+")


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How many words of a vocabulary have a vector.

    Attributes:
        source: Where the vectors come from.
        width: Numbers per word.
        words: Words of the vocabulary, without the four special entries.
        words_found: Those with a vector, composed ones included.
        words_composed: Those whose vector is the mean of their characters' vectors.
        tokens: Words of the text that the vocabulary was counted on; None where no text was given.
        tokens_found: Those with a vector.
        repeated: Words that the file of vectors held again; the first one counted.
        out_of_vocabulary: What the other rows are: ``"normal"`` or ``"zeros"``.
        whitened: Whether the vectors were whitened, see :mod:`refseg_lib.text.whitening`.
    """

    source: str
    width: int
    words: int
    words_found: int
    words_composed: int
    tokens: int | None
    tokens_found: int | None
    repeated: int
    out_of_vocabulary: str
    whitened: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers and strings, for ``model.json`` and the result row."""
        return asdict(self)

    def __str__(self) -> str:
        """Say it in one line."""
        told = [f"{self.source}: {_share(self.words_found, self.words)} words have a vector"]
        if self.words_composed:
            told.append(f"{self.words_composed:,} of them made of their characters")
        if self.tokens is not None and self.tokens_found is not None:
            told.append(f"{_share(self.tokens_found, self.tokens)} tokens")
        if self.whitened:
            told.append("whitened")
        if self.repeated:
            told.append(f"{self.repeated:,} repeated words of the file left out")
        return ", ".join(told)


def vector_table(
    vocabulary: Vocabulary,
    vectors: "KeyedVectors",
    oov: str = "normal",
    seed: int = 0,
    *,
    compose: bool = False,
    counts: Mapping[str, int] | None = None,
) -> tuple[Tensor, Coverage]:
    """Give every word of a vocabulary its vector.

    Args:
        vocabulary: V entries.
        vectors: Of width C.
        oov: Rows of the words without a vector, ``<unk>``, ``<go>`` and ``<eos>`` among them:
            ``"normal"``, N(0, 0.6²) (spec of 001 and 002), or ``"zeros"`` (003).
        seed: Of the random rows. A row depends on the seed and its place alone.
        compose: Give a Chinese word without a vector the mean of its characters' vectors, where
            every character has one.
        counts: How often each word occurs, to count tokens too; words that the vocabulary lacks
            are counted as not found, ``<unk>`` (an empty sentence) not at all.

    Returns:
        The table (V, C), fp32, the row of ``<pad>`` zero; and what was found.

    Raises:
        UserError: An unknown ``oov``.
    """
    if oov not in OUT_OF_VOCABULARY:
        raise UserError(f"unknown oov {oov!r}; choose one of {', '.join(OUT_OF_VOCABULARY)}")
    table = torch.zeros(len(vocabulary), vectors.vector_size)
    if oov == "normal":
        table.normal_(0, DEVIATION, generator=torch.Generator().manual_seed(seed))
        table[0] = 0
    words = vocabulary.to_list()
    row_of: Mapping[str, int] = vectors.key_to_index  # type: ignore[assignment]
    found, composed = set(), set()
    for number in range(UNKNOWN_ID + 1, len(words)):
        word = words[number]
        pieces = [word]
        if compose and word not in row_of and _HAN_WORD.fullmatch(word):
            pieces = list(word)
        rows = [row_of[piece] for piece in pieces if piece in row_of]
        if len(rows) == len(pieces):
            table[number] = torch.from_numpy(vectors.vectors[rows]).float().mean(0)
            found.add(word)
            if pieces != [word]:
                composed.add(word)
    known = {word: count for word, count in (counts or {}).items() if word not in SPECIAL}
    source, repeated = origin(vectors)
    coverage = Coverage(
        source=source,
        width=vectors.vector_size,
        words=len(words) - len(SPECIAL),
        words_found=len(found),
        words_composed=len(composed),
        tokens=None if counts is None else sum(known.values()),
        tokens_found=None if counts is None else sum(known[word] for word in found & known.keys()),
        repeated=repeated,
        out_of_vocabulary=oov,
    )
    return table, coverage


def word_table(encoder: nn.Module) -> nn.Parameter | None:
    """Return the word table (V, C) of a text encoder: its own, or its embedding's; None if none."""
    for owner in (encoder, getattr(encoder, "embedding", None)):
        table = getattr(owner, "table", None)
        if isinstance(table, nn.Parameter):
            return table
    return None


def fill_word_table(
    encoder: nn.Module,
    vocabulary: Vocabulary,
    vectors: "KeyedVectors",
    seed: int = 0,
    *,
    compose: bool = False,
    counts: Mapping[str, int] | None = None,
    whiten: bool = False,
) -> Coverage:
    """Start the word table of any text encoder from vectors, in place.

    Args:
        encoder: Has a word table of V rows; where it is frozen, words without a vector get zeros.
        vocabulary: V entries.
        vectors: As wide as the table.
        seed: See :func:`vector_table`, as for ``compose`` and ``counts``.
        compose: See there.
        counts: See there.
        whiten: Whiten them first; they come out no smaller than what stands in the table.

    Raises:
        UserError: No word table, or one of another width.
    """
    table = word_table(encoder)
    source = origin(vectors)[0]
    if table is None:
        raise UserError(
            f"word vectors {source}: the text encoder {type(encoder).__name__} has no word table"
            " to start from them"
        )
    if table.shape[1] != vectors.vector_size:
        # Presets name the table of an encoder that goes on to mix words another way.
        size = "embedding" if getattr(encoder, "table", None) is table else "vector"
        raise UserError(
            f"word vectors {source}: {vectors.vector_size} numbers a word, the model's table has"
            f" {table.shape[1]}: add --size {size}={vectors.vector_size}"
        )
    oov = "normal" if table.requires_grad else "zeros"
    if whiten:
        # A model may need words of some size beside its positions: its random start has it.
        usual = float(table[1:].detach().std())
        vectors = whitened(vectors, vocabulary, usual, pieces=compose)
    rows, coverage = vector_table(vocabulary, vectors, oov, seed, compose=compose, counts=counts)
    with torch.no_grad():
        table.copy_(rows)
    return replace(coverage, whitened=whiten)


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({100 * part / max(whole, 1):.1f} %)"
