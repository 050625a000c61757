"""A sentence together with everything ParkRef knows about it."""

from dataclasses import dataclass, field

import numpy as np

from refseg_lib.text.graph import Edge, LanguageGraph, Node

ENTITY, ATTRIBUTE, RELATION, UNNECESSARY = "entity", "attribute", "relation", "unnecessary"
WORD_TYPES = (ENTITY, ATTRIBUTE, RELATION, UNNECESSARY)


@dataclass(frozen=True)
class Utterance:
    """One expression in one language.

    Attributes:
        sentence: The expression as a person would write it.
        words: Its words in order; English joins them with blanks, Chinese with nothing.
        kinds: The type of each word, one of :data:`WORD_TYPES` (CMPC, paper 001 §3.2).
        graph: The language graph; node spans count ``words``.
        entities: What each node means: ``("thing", i)``, ``("stuff", name)`` or
            ``("part", i, name)``.
    """

    sentence: str
    words: tuple[str, ...]
    kinds: tuple[str, ...]
    graph: LanguageGraph
    entities: tuple[tuple, ...]


@dataclass
class Speaker:
    """Collects words, nodes and edges while a phrase is put into words.

    Attributes:
        rng: Chooses among ways to say the same.
    """

    rng: np.random.Generator
    words: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    nodes: list[tuple[str, int, int]] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    entities: list[tuple] = field(default_factory=list)

    def pick(self, options: tuple[str, ...]) -> str:
        """Choose one of several ways to say the same."""
        return options[int(self.rng.random() * len(options))]

    def chance(self, share: float) -> bool:
        """Decide at random: True in this share of cases."""
        return bool(self.rng.random() < share)

    def say(self, text: str, kind: str) -> None:
        """Add blank-separated words of one type."""
        for word in text.split():
            self.words.append(word)
            self.kinds.append(kind)

    def node(self, head: str, start: int, entity: tuple) -> int:
        """Close a noun phrase that began at word ``start`` and return its index."""
        self.nodes.append((head, start, len(self.words)))
        self.entities.append(entity)
        return len(self.nodes) - 1

    def done(self, referent: int, glue: str) -> Utterance:
        """Finish: ``glue`` is put between the words."""
        nodes = tuple(
            Node(glue.join(self.words[start:stop]), head, start, stop)
            for head, start, stop in self.nodes
        )
        return Utterance(
            sentence=glue.join(self.words),
            words=tuple(self.words),
            kinds=tuple(self.kinds),
            graph=LanguageGraph(nodes, tuple(self.edges), referent),
            entities=tuple(self.entities),
        )
