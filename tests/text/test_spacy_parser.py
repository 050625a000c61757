"""spaCy's reading, where spaCy is installed, and what is said where it is not."""

import importlib.metadata
import importlib.util
import sys

import pytest

from refseg_lib.errors import UserError
from refseg_lib.text import spacy_parser
from refseg_lib.text.parsing import parse


def model_is_installed() -> bool:
    names = {str(d.metadata["Name"]).lower().replace("_", "-") for d in
             importlib.metadata.distributions()}  # fmt: skip
    wanted = {name.lower().replace("_", "-") for name in spacy_parser.MODELS}
    return bool(names & wanted) and importlib.util.find_spec("spacy") is not None


needs_spacy = pytest.mark.skipif(not model_is_installed(), reason="spaCy's model not installed")


@needs_spacy
def test_a_whole_sentence_becomes_the_graph_a_person_would_draw() -> None:
    graph = parse("the man holding a red umbrella next to the tree", backend="spacy").check()
    heads = [node.head for node in graph.nodes]
    assert heads == ["man", "umbrella", "tree"]
    assert heads[graph.referent] == "man"
    assert (heads.index("man"), "holding", heads.index("umbrella")) in {
        (edge.subject, edge.relation, edge.object) for edge in graph.edges
    }


@needs_spacy
def test_spans_count_our_tokens_and_not_spacys() -> None:
    graph = parse("Bob's t-shirt", backend="spacy")
    tokens = ["bob", "'", "s", "t", "-", "shirt"]
    assert all(" ".join(tokens[node.start : node.stop]) == node.text for node in graph.nodes)


@needs_spacy
@pytest.mark.parametrize("sentence", ["on the left", "?!", "", "left"])
def test_a_place_alone_is_the_whole_expression(sentence: str) -> None:
    graph = parse(sentence, backend="spacy")
    assert len(graph.nodes) == 1
    assert graph.nodes[0].start == 0


def test_without_spacy_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    spacy_parser._load.cache_clear()
    try:
        with pytest.raises(UserError, match="pip install spacy"):
            parse("dog", backend="spacy")
    finally:
        spacy_parser._load.cache_clear()


@needs_spacy
def test_without_a_model_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spacy_parser, "_packages", lambda distribution: [])
    spacy_parser._load.cache_clear()
    try:
        with pytest.raises(UserError, match="en_core_web_sm"):
            parse("dog", backend="spacy")
    finally:
        spacy_parser._load.cache_clear()
