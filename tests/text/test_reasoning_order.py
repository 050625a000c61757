"""Modifiers come before what they modify: always in our order, not always in the paper's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refseg_lib.errors import UserError
from refseg_lib.text.graph import Edge, LanguageGraph, Node
from refseg_lib.text.reasoning_order import ORDERS, reasoning_order


def graph_of(count: int, pairs: list[tuple[int, int]], referent: int = 0) -> LanguageGraph:
    """Pairs are (what is modified, its modifier)."""
    nodes = tuple(Node(f"n{i}", f"n{i}", i, i + 1) for i in range(count))
    return LanguageGraph(nodes, tuple(Edge(s, "x", o) for s, o in pairs), referent)


# ref <- a, ref <- b, b <- c, c <- a, numbered ref 0, a 1, b 2, c 3.
COUNTEREXAMPLE = graph_of(4, [(0, 1), (0, 2), (2, 3), (3, 1)])


def test_the_papers_order_handles_a_node_before_its_modifier_in_this_graph() -> None:
    """Spec §14.2: the claim of paper 000 §3.2.1 fails here."""
    assert reasoning_order(COUNTEREXAMPLE, "reverse_bfs") == [3, 2, 1, 0]


def test_the_topological_order_does_not() -> None:
    assert reasoning_order(COUNTEREXAMPLE) == [1, 3, 2, 0]


def test_the_papers_own_example_is_ordered_as_in_its_text() -> None:
    """Figure 2: a person with a laptop at the table; laptop and table come before the person."""
    graph = graph_of(3, [(0, 1), (0, 2)])
    assert reasoning_order(graph, "reverse_bfs") == [2, 1, 0]
    assert reasoning_order(graph) == [1, 2, 0]


@st.composite
def acyclic(draw: st.DrawFn) -> LanguageGraph:
    """Edges lead from lower to higher places in a shuffled order, so there is no cycle."""
    count = draw(st.integers(1, 7))
    places = draw(st.permutations(range(count)))
    possible = [(places[i], places[j]) for i in range(count) for j in range(i + 1, count)]
    pairs = draw(st.lists(st.sampled_from(possible), unique=True)) if possible else []
    return graph_of(count, pairs, referent=places[0])


@given(acyclic())
def test_every_modifier_comes_before_what_it_modifies(graph: LanguageGraph) -> None:
    order = reasoning_order(graph)
    assert sorted(order) == list(range(len(graph.nodes)))
    for edge in graph.edges:
        assert order.index(edge.object) < order.index(edge.subject)


@given(acyclic(), st.sampled_from(ORDERS))
def test_every_node_comes_once_and_the_referent_last(graph: LanguageGraph, order: str) -> None:
    found = reasoning_order(graph, order)
    assert sorted(found) == list(range(len(graph.nodes)))
    assert found[-1] == graph.referent


@pytest.mark.parametrize("order", ORDERS)
def test_a_cycle_is_named(order: str) -> None:
    graph = graph_of(4, [(0, 1), (1, 2), (2, 3), (3, 1)])
    with pytest.raises(UserError, match=r"'n1' .* <- 'n2' .* <- 'n3' .* <- 'n1'"):
        reasoning_order(graph, order)


def test_an_unknown_order_is_told() -> None:
    with pytest.raises(UserError, match="topological"):
        reasoning_order(COUNTEREXAMPLE, "random")
