"""Which models get language graphs, and from where."""

from types import SimpleNamespace
from typing import Any

import pytest
from torch import nn

from refseg_lib.evaluation import graphs
from refseg_lib.evaluation.graphs import graph_for, graphs_for, wants_graphs
from refseg_lib.text.graph import LanguageGraph


class Reasoning(nn.Module):
    wants_graphs = True


def model(reasons: bool) -> nn.Module:
    whole = nn.Module()
    whole.level_fusion = Reasoning() if reasons else nn.Identity()
    return whole


def loaded(reasons: bool, **config: Any) -> Any:
    return SimpleNamespace(model=model(reasons), config=config)


def test_only_a_model_whose_level_fusion_reasons_wants_graphs() -> None:
    assert wants_graphs(model(True))
    assert not wants_graphs(model(False))
    assert not wants_graphs(nn.Linear(1, 1))


def test_a_split_is_parsed_only_for_such_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(graphs, "graphs_of", lambda data, backend: asked.append(backend) or ["g"])
    data: Any = object()
    assert graphs_for(model(True), data, "spacy") == ["g"]
    assert graphs_for(model(False), data, "spacy") is None
    assert asked == ["spacy"]


def test_a_new_sentence_is_parsed_on_the_tokens_that_the_model_reads() -> None:
    tokens = ["the", "man", "on", "the", "red", "bike"]
    graph = graph_for(loaded(True), tokens, None)
    assert isinstance(graph, LanguageGraph)
    assert graph.nodes[graph.referent].head == "man"
    assert [edge.relation for edge in graph.edges] == ["on"]
    assert max(node.stop for node in graph.nodes) == len(tokens)
    assert graph_for(loaded(False), tokens, None) is None


def test_the_language_is_the_question_s_or_else_the_model_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    monkeypatch.setattr(graphs, "parse", lambda *given, **_: asked.append(given[1:]))
    graph_for(loaded(True, language="zh"), ["狗"], None)
    graph_for(loaded(True, language="zh"), ["dog"], "en")
    graph_for(loaded(True), ["dog"], None)
    assert [language for language, _ in asked] == ["zh", "en", "en"]


@pytest.mark.parametrize(
    ("trained_with", "parsed_with"),
    [(None, "builtin"), ("builtin", "builtin"), ("spacy", "spacy"), ("truth", "builtin")],
)
def test_a_model_meets_the_parser_it_learned_with_but_nobody_knows_the_truth(
    trained_with: str | None, parsed_with: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(graphs, "parse", lambda *given, **_: asked.append(given[2]))
    config = {} if trained_with is None else {"graphs": trained_with}
    graph_for(loaded(True, **config), ["dog"], None)
    assert asked == [parsed_with]
