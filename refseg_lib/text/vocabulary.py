"""The vocabulary: which word is which row of the embedding.

The four special entries and their numbers are those of the TensorFlow lineage: ``<pad>`` 0,
``<go>`` 1, ``<eos>`` 2, ``<unk>`` 3.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically
from refseg_lib.text.tokens import UNKNOWN

PAD_ID, GO_ID, EOS_ID, UNKNOWN_ID = range(4)
SPECIAL = ("<pad>", "<go>", "<eos>", UNKNOWN)


class Vocabulary:
    """Words and their numbers, in both directions.

    Attributes:
        words: All entries; the position is the number. The first four are ``SPECIAL``.
    """

    def __init__(self, words: Sequence[str]) -> None:
        """Take the full list of entries.

        Args:
            words: Distinct entries that begin with the four of ``SPECIAL``.

        Raises:
            UserError: A special entry is missing or out of place, or a word occurs twice.
        """
        self.words = list(words)
        if tuple(self.words[:4]) != SPECIAL:
            raise UserError(
                f"a vocabulary begins with {' '.join(SPECIAL)}, this one with {self.words[:4]}"
            )
        self._numbers = {word: number for number, word in enumerate(self.words)}
        if len(self._numbers) != len(self.words):
            twice, _ = Counter(self.words).most_common(1)[0]
            raise UserError(f"the vocabulary holds {twice!r} twice: every word needs one number")

    @classmethod
    def build(cls, token_lists: Iterable[Sequence[str]], min_count: int = 1) -> "Vocabulary":
        """Collect the words of a corpus, the frequent ones first, ties in alphabetical order.

        Args:
            token_lists: One list of tokens per sentence.
            min_count: Words that occur less often stay unknown.
        """
        counts = Counter(token for tokens in token_lists for token in tokens)
        kept = [
            word for word, count in counts.items() if count >= min_count and word not in SPECIAL
        ]
        return cls([*SPECIAL, *sorted(kept, key=lambda word: (-counts[word], word))])

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Return the number of every token, 3 where the word is unknown."""
        return [self._numbers.get(token, UNKNOWN_ID) for token in tokens]

    def unknown(self, tokens: Iterable[str]) -> list[str]:
        """Return the tokens that the vocabulary lacks, in their order."""
        return [token for token in tokens if token not in self._numbers]

    def to_list(self) -> list[str]:
        """Return all entries, a copy."""
        return list(self.words)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the entries to ``path`` as JSON."""
        text = json.dumps({"words": self.words}, ensure_ascii=False, indent=0)
        write_atomically(path, text + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Vocabulary":
        """Read what :meth:`save` wrote.

        Raises:
            UserError: The file is absent or is no such vocabulary.
        """
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise UserError(f"cannot read the vocabulary {path}: {error.strerror}") from error
        except ValueError as error:
            raise UserError(
                f"the vocabulary {path} is no valid JSON ({error}): write it again with"
                " Vocabulary.save"
            ) from error
        words = data.get("words") if isinstance(data, dict) else None
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise UserError(
                f'the vocabulary {path} must hold {{"words": [...]}} with a list of strings:'
                " write it again with Vocabulary.save"
            )
        try:
            return cls(words)
        except UserError as error:
            raise UserError(f"{path}: {error}") from error

    def __len__(self) -> int:
        """Count the entries, the four special ones included."""
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        """Say whether ``word`` has a number of its own."""
        return word in self._numbers

    def __eq__(self, other: object) -> bool:
        """Two vocabularies are equal when every number means the same word."""
        return isinstance(other, Vocabulary) and self.words == other.words

    __hash__ = None  # type: ignore[assignment]
