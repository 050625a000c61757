"""The types of relations that a model distinguishes: the frequent ones, and one for the rest.

BUSNet (paper 000 §4) has 31, 30 and 33 types for UNC, UNC+ and G-Ref and does not list them. Ours
are the most frequent of the training split.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically
from refseg_lib.text.graph import LanguageGraph

OTHER = "<other>"
"""The type of every relation that is not among the frequent ones; always number 0."""


class RelationVocabulary:
    """Relation types and their numbers.

    Attributes:
        names: All types; the position is the number. ``names[0]`` is :data:`OTHER`.
        counts: How often each type was seen in training, in the order of ``names``.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        """Take the types in their order.

        Args:
            counts: Type to its frequency in training; begins with :data:`OTHER`.

        Raises:
            UserError: :data:`OTHER` is not the first.
        """
        self.names = list(counts)
        self.counts = [counts[name] for name in self.names]
        if not self.names or self.names[0] != OTHER:
            raise UserError(f"a relation vocabulary begins with {OTHER}, this one {self.names[:1]}")
        self._numbers = {name: number for number, name in enumerate(self.names)}

    @classmethod
    def build(cls, graphs: Iterable[LanguageGraph], size: int = 30) -> "RelationVocabulary":
        """Take the most frequent relations of the training graphs.

        Args:
            graphs: The graphs of the training split, one per sentence.
            size: Types besides :data:`OTHER`; ties are settled alphabetically.

        Raises:
            UserError: ``size`` is negative.
        """
        if size < 0:
            raise UserError(f"a relation vocabulary of size {size}: expected 0 or more")
        seen = Counter(edge.relation for graph in graphs for edge in graph.edges)
        seen.pop(OTHER, None)
        kept = sorted(seen, key=lambda name: (-seen[name], name))[:size]
        rest = seen.total() - sum(seen[name] for name in kept)
        return cls({OTHER: rest, **{name: seen[name] for name in kept}})

    def encode(self, relation: str) -> int:
        """Return the number of a relation, 0 where it is none of the frequent ones."""
        return self._numbers.get(relation, 0)

    def coverage(self) -> float:
        """Return the share of training relations that have a type of their own, in [0, 1]."""
        total = sum(self.counts)
        return 1.0 if total == 0 else 1 - self.counts[0] / total

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write types and frequencies to ``path`` as JSON."""
        pairs = [list(pair) for pair in zip(self.names, self.counts, strict=True)]
        write_atomically(path, json.dumps({"relations": pairs}, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "RelationVocabulary":
        """Read what :meth:`save` wrote.

        Raises:
            UserError: The file is absent or is no such vocabulary.
        """
        try:
            pairs = json.loads(Path(path).read_text(encoding="utf-8"))["relations"]
            counts = {str(name): int(count) for name, count in pairs}
        except OSError as error:
            raise UserError(
                f"cannot read the relation vocabulary {path}: {error.strerror}"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f'the relation vocabulary {path} must hold {{"relations": [[NAME, COUNT], ...]}}:'
                " write it again with RelationVocabulary.save"
            ) from error
        if len(counts) != len(pairs):
            raise UserError(f"the relation vocabulary {path} holds a name twice: save it again")
        try:
            return cls(counts)
        except UserError as error:
            raise UserError(f"{path}: {error}") from error

    def __len__(self) -> int:
        """Count the types, :data:`OTHER` included."""
        return len(self.names)

    def __eq__(self, other: object) -> bool:
        """Two vocabularies are equal when every number means the same type, seen as often."""
        return (
            isinstance(other, RelationVocabulary)
            and self.names == other.names
            and self.counts == other.counts
        )

    __hash__ = None  # type: ignore[assignment]
