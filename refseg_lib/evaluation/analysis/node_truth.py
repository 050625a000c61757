"""Which thing in the picture each node of a language graph means, and what kind of node it is."""

from collections.abc import Sequence
from itertools import accumulate

from refseg_lib.evaluation.analysis.drawn_truth import PER_IMAGE, Mask, Told
from refseg_lib.text.graph import LanguageGraph


def entities_of(graph: LanguageGraph, tokens: Sequence[str], told: Told) -> list[int | None]:
    """Find the annotation that each node of a graph means.

    Args:
        graph: True or parsed, its spans counting ``tokens``.
        tokens: The sentence as a model reads it.
        told: The sentence as it was made.

    Returns:
        Of each node what the true node of the same head means that it shares most characters
        with; None where there is no such node.
    """
    starts, made = _offsets(tokens), _offsets(told.words)
    found = []
    for node in graph.nodes:
        here = range(starts[node.start], starts[min(node.stop, len(tokens))])
        shared = {
            entity: len(set(here) & set(range(made[true.start], made[true.stop])))
            for true, entity in zip(told.graph.nodes, told.entities, strict=True)
            if true.head == node.head
        }
        best = max(shared, key=lambda entity: shared[entity], default=None)
        found.append(best if best is not None and shared[best] else None)
    return found


def groups_of(graph: LanguageGraph, node: int, entity: int) -> list[str]:
    """Name the groups that a node counts in: what it is, and how far from the referent."""
    modified = any(edge.subject == node for edge in graph.edges)
    place = entity % PER_IMAGE
    if node == graph.referent:
        return [f"referent, {'modified' if modified else 'alone'}"]
    kind = "thing" if place < 20 else "stuff" if place < 30 else "garment"
    return [f"object: {kind}{', modified' if modified else ''}", f"hops: {hops(graph, node)}"]


def hops(graph: LanguageGraph, node: int) -> int | None:
    """Count the edges from the referent down to a node; None where there is no way."""
    reached, distance = {graph.referent}, 0
    while node not in reached:
        further = reached | {edge.object for edge in graph.edges if edge.subject in reached}
        if further == reached:
            return None
        reached, distance = further, distance + 1
    return distance


def lies_inside(other: Mask | None, mask: Mask) -> bool:
    """Say whether most of another entity lies in this one, as a hat in its wearer.

    Whoever points at the hat then points at the wearer too.
    """
    return other is not None and 2 * int((other & mask).sum()) > int(other.sum())


def _offsets(words: Sequence[str]) -> list[int]:
    """Count the characters before each word, and those of all."""
    return [0, *accumulate(map(len, words))]
