"""In which order to reason about the nodes of a language graph (paper 000 §3.2.1).

BUSNet visits the nodes in reverse breadth-first order from the referent and says that this handles
every modifier before what it modifies. That holds for trees but not for every graph: with a and b
modifying the referent, c modifying b and a modifying c, the order is c, b, a, referent, so that c
comes before its modifier a. The topological order keeps the promise and is our default.
"""

from refseg_lib.errors import UserError
from refseg_lib.text.graph import LanguageGraph

ORDERS = ("topological", "reverse_bfs")


def reasoning_order(graph: LanguageGraph, order: str = "topological") -> list[int]:
    """List the nodes in the order in which they are reasoned about.

    Args:
        graph: A graph without cycles.
        order: ``"topological"`` (Kahn's: every modifier before what it modifies, among those that
            are ready the one that stands first in ``graph.nodes``) or ``"reverse_bfs"`` (the
            paper's).

    Returns:
        All node numbers, each once. The referent comes last; nodes that modify nothing which
        leads to it stand before it as well.

    Raises:
        UserError: Unknown order, an ill-formed graph, or a cycle, which the message names.
    """
    if order not in ORDERS:
        raise UserError(f"order {order!r} is unknown: choose one of {', '.join(ORDERS)}")
    graph.check()
    sorted_nodes = _topological(graph)
    return sorted_nodes if order == "topological" else _reverse_breadth_first(graph)


def _topological(graph: LanguageGraph) -> list[int]:
    modifiers = {node: _modifiers(graph, node) for node in range(len(graph.nodes))}
    waiting = [node for node in modifiers if node != graph.referent] + [graph.referent]
    done: list[int] = []
    while waiting:
        ready = next((node for node in waiting if modifiers[node] <= set(done)), None)
        if ready is None:
            raise UserError(f"the language graph has a cycle: {_cycle(graph, waiting)}")
        waiting.remove(ready)
        done.append(ready)
    return done


def _reverse_breadth_first(graph: LanguageGraph) -> list[int]:
    found = [graph.referent]
    for node in found:  # grows while it is gone through
        for edge in graph.edges:
            if edge.subject == node and edge.object not in found:
                found.append(edge.object)
    apart = [node for node in range(len(graph.nodes)) if node not in found]
    return [*apart, *found[::-1]]


def _modifiers(graph: LanguageGraph, node: int) -> set[int]:
    return {edge.object for edge in graph.edges if edge.subject == node}


def _cycle(graph: LanguageGraph, stuck: list[int]) -> str:
    """Tell one cycle among nodes that each wait for another of them."""
    path = [stuck[0]]
    while True:
        node = min(_modifiers(graph, path[-1]) & set(stuck))
        if node in path:
            circle = [*path[path.index(node) :], node]
            return " <- ".join(f"{graph.nodes[i].text!r} ({i})" for i in circle)
        path.append(node)
