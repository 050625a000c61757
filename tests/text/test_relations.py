"""Relation types: the frequent ones have a number of their own, all others share number 0."""

import json
from pathlib import Path

import pytest

from refseg_lib.errors import UserError
from refseg_lib.text.graph import Edge, LanguageGraph, Node
from refseg_lib.text.relations import OTHER, RelationVocabulary


def graph_with(*relations: str) -> LanguageGraph:
    nodes = tuple(Node(f"n{i}", f"n{i}", i, i + 1) for i in range(len(relations) + 1))
    edges = tuple(Edge(0, relation, i) for i, relation in enumerate(relations, start=1))
    return LanguageGraph(nodes, edges, 0)


GRAPHS = [graph_with("on", "in"), graph_with("in", "with"), graph_with("under"), graph_with()]


def test_frequent_relations_come_first_and_ties_in_alphabetical_order() -> None:
    for graphs in (GRAPHS, GRAPHS[::-1]):
        built = RelationVocabulary.build(graphs, size=3)
        assert built.names == [OTHER, "in", "on", "under"]
        assert built.counts == [1, 2, 1, 1]


def test_what_is_not_frequent_is_other() -> None:
    vocabulary = RelationVocabulary.build(GRAPHS, size=1)
    assert [vocabulary.encode(name) for name in ("in", "on", "juggling", OTHER)] == [1, 0, 0, 0]
    assert vocabulary.coverage() == pytest.approx(2 / 5)


def test_no_relation_at_all_leaves_other_alone() -> None:
    vocabulary = RelationVocabulary.build([graph_with()])
    assert (len(vocabulary), vocabulary.coverage()) == (1, 1.0)


def test_saving_and_loading_gives_the_same_vocabulary(tmp_path: Path) -> None:
    vocabulary = RelationVocabulary.build([graph_with("在", "on", "on")])
    vocabulary.save(tmp_path / "relations.json")
    assert RelationVocabulary.load(tmp_path / "relations.json") == vocabulary


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"relations": [["in"]]}', '{"relations": [["in", 3]]}',
     json.dumps({"relations": [[OTHER, 0], ["in", 1], ["in", 2]]}),
     '{"relations": [["<other>", "many"]]}'],
)  # fmt: skip
def test_a_malformed_file_is_told_in_one_line_that_names_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "relations.json"
    path.write_text(content)
    with pytest.raises(UserError, match=r"relations\.json"):
        RelationVocabulary.load(path)


def test_a_missing_file_and_a_negative_size_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        RelationVocabulary.load(tmp_path / "none.json")
    with pytest.raises(UserError, match="-1"):
        RelationVocabulary.build([], size=-1)
