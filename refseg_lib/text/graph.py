"""The language graph of an expression: noun phrases, typed relations, one referent.

BUSNet (paper 000, §3.2.1) reasons along such a graph; ParkRef knows the true one for every
sentence that it writes.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Node:
    """One noun phrase: tokens ``start`` (inclusive) to ``stop`` (exclusive) of the expression."""

    text: str
    head: str
    start: int
    stop: int


@dataclass(frozen=True)
class Edge:
    """Node ``subject`` is modified by node ``object`` through ``relation``.

    "the dog next to the tree" is ``Edge(dog, "next to", tree)``.
    """

    subject: int
    relation: str
    object: int


@dataclass(frozen=True)
class LanguageGraph:
    """Noun-phrase nodes, typed edges and the index of the referent's node.

    There is always at least one node. The referent modifies nothing: it is no edge's object.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    referent: int

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and strings, ready for ``json.dump``."""
        return {
            "nodes": [[node.text, node.head, node.start, node.stop] for node in self.nodes],
            "edges": [[edge.subject, edge.relation, edge.object] for edge in self.edges],
            "referent": self.referent,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "LanguageGraph":
        """Rebuild a graph from what :meth:`to_json` returned."""
        return cls(
            nodes=tuple(Node(*node) for node in data["nodes"]),
            edges=tuple(Edge(*edge) for edge in data["edges"]),
            referent=data["referent"],
        )
