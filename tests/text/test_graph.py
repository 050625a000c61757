"""A language graph survives the trip to a file and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refseg_lib.errors import UserError
from refseg_lib.text.graph import Edge, LanguageGraph, Node

NUMBERS = st.integers(0, 9)
GRAPHS = st.builds(
    LanguageGraph,
    st.lists(st.builds(Node, st.text(), st.text(), NUMBERS, NUMBERS), min_size=1).map(tuple),
    st.lists(st.builds(Edge, NUMBERS, st.text(), NUMBERS)).map(tuple),
    NUMBERS,
)


@given(GRAPHS)
def test_a_graph_written_as_json_is_read_back_equal(graph: LanguageGraph) -> None:
    assert LanguageGraph.from_json(json.loads(json.dumps(graph.to_json()))) == graph


def test_the_file_format_is_subject_relation_object() -> None:
    """Files on disk outlive the code: the order of the fields is a promise."""
    graph = LanguageGraph(
        (Node("the dog", "dog", 0, 2), Node("the tree", "tree", 4, 6)), (Edge(0, "next to", 1),), 0
    )
    assert graph.to_json() == {
        "nodes": [["the dog", "dog", 0, 2], ["the tree", "tree", 4, 6]],
        "edges": [[0, "next to", 1]],
        "referent": 0,
    }


def test_a_graph_without_a_referent_is_refused() -> None:
    with pytest.raises(KeyError, match="referent"):
        LanguageGraph.from_json({"nodes": [["dog", "dog", 0, 1]], "edges": []})


def test_a_graph_cannot_be_changed_after_the_fact() -> None:
    graph = LanguageGraph((Node("dog", "dog", 0, 1),), (), 0)
    with pytest.raises(AttributeError):
        graph.referent = 1  # type: ignore[misc]


NODES = (Node("the dog", "dog", 0, 2), Node("the tree", "tree", 4, 6))


def test_a_sound_graph_passes_its_check() -> None:
    graph = LanguageGraph(NODES, (Edge(0, "next to", 1),), 0)
    assert graph.check() is graph


@pytest.mark.parametrize(
    ("graph", "told"),
    [
        (LanguageGraph((), (), 0), "0 nodes"),
        (LanguageGraph(NODES, (), 2), "no node 2"),
        (LanguageGraph(NODES, (), -1), "no node -1"),
        (LanguageGraph(NODES, (Edge(0, "on", 2),), 0), "outside"),
        (LanguageGraph(NODES, (Edge(-1, "on", 1),), 0), "outside"),
        (LanguageGraph(NODES, (Edge(1, "on", 1),), 0), "itself"),
        (LanguageGraph(NODES, (Edge(1, "on", 0),), 0), "referent"),
        (LanguageGraph((Node("", "", 3, 3),), (), 0), "spans words 3 to 3"),
    ],
)
def test_a_graph_that_cannot_be_reasoned_along_is_refused(graph: LanguageGraph, told: str) -> None:
    with pytest.raises(UserError, match=told):
        graph.check()
