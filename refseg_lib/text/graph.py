"""The language graph of an expression: noun phrases, typed relations, one referent.

BUSNet (paper 000, §3.2.1) reasons along such a graph; ParkRef knows the true one for every
sentence that it writes.
"""

from dataclasses import dataclass
from typing import Any

from refseg_lib.errors import UserError


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

    def check(self) -> "LanguageGraph":
        """Return this graph, unchanged, if it is one that can be reasoned along.

        Raises:
            UserError: It has no node, an index points to none, a node modifies itself, the
                referent modifies something, or a node spans no word.
        """
        count = len(self.nodes)
        if not 0 <= self.referent < count:
            raise UserError(f"a graph of {count} nodes has no node {self.referent} for a referent")
        for node in self.nodes:
            if not 0 <= node.start < node.stop:
                raise UserError(f"node {node.text!r} spans words {node.start} to {node.stop}")
        for edge in self.edges:
            if not (0 <= edge.subject < count and 0 <= edge.object < count):
                raise UserError(f"{edge} leads outside of a graph of {count} nodes")
            if edge.subject == edge.object:
                raise UserError(f"{edge}: a node cannot modify itself")
            if edge.object == self.referent:
                raise UserError(f"{edge}: the referent must not modify another node")
        return self

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
