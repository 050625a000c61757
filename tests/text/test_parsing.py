"""Parsing: always a graph that can be reasoned along, and the very graph that ParkRef meant."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refseg_lib.data.graph_cache import on_tokens
from refseg_lib.errors import UserError
from refseg_lib.parkref.chinese import in_chinese
from refseg_lib.parkref.english import in_english
from refseg_lib.parkref.pages import make_scene
from refseg_lib.parkref.speaking import describe, worth_meaning
from refseg_lib.parkref.utterance import Utterance
from refseg_lib.parkref.writing import plan
from refseg_lib.text.graph import Edge, LanguageGraph, Node
from refseg_lib.text.parsing import parse, prune
from refseg_lib.text.tokens import tokenize

WORDS = (
    "the a left right man woman shirt dog tree holding wearing standing in on with of between and"
    " that is next to front held by from second 3 red tallest it us picture , - ' not w / 😀 狗 zzz"
    " 穿着 的 男人 左边 在 和 之间 拿着 那只 红色 第二个 最 上 路上 并且"
).split()


@pytest.fixture(scope="module")
def told() -> list[tuple[Utterance, Utterance]]:
    """A few hundred ParkRef sentences, in English and in Chinese."""
    rng = np.random.default_rng(8)
    found = []
    for job in plan(30, seed=77)[:30]:
        world = make_scene(job)[0]
        for index in worth_meaning(world):
            for flavour in ("gref", "gref", "gref", "unc", "uncplus"):
                phrase = describe(world, flavour, index, rng)
                if phrase is not None:
                    long = flavour == "gref"
                    found.append((in_english(phrase, rng, long), in_chinese(phrase, rng, long)))
    assert len(found) > 200
    return found


def meaning(graph: LanguageGraph) -> tuple[object, ...]:
    """What must be the same: heads, spans, edges and the referent; not the order of the nodes."""
    nodes = [(node.head, node.start, node.stop) for node in graph.nodes]
    edges = {(nodes[e.subject], e.relation, nodes[e.object]) for e in graph.edges}
    return sorted(nodes), edges, nodes[graph.referent]


def is_acyclic(graph: LanguageGraph) -> bool:
    """Take away nodes that nothing modifies any more until none is left."""
    left, edges = set(range(len(graph.nodes))), set(graph.edges)
    while True:
        free = {node for node in left if not any(edge.subject == node for edge in edges)}
        if not free:
            return not left
        left -= free
        edges = {edge for edge in edges if edge.object not in free}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_parkref_sentences_are_parsed_into_the_graphs_they_were_made_from(
    told: list[tuple[Utterance, Utterance]], language: str
) -> None:
    same = 0
    for pair in told:
        utterance = pair[("en", "zh").index(language)]
        true = on_tokens(list(utterance.words), utterance.graph.to_json(), language)
        same += meaning(parse(utterance.sentence, language)) == meaning(true)
    assert same >= 0.98 * len(told)


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=30), st.sampled_from(["en", "zh"]))
def test_whatever_is_said_the_graph_is_sound(words: list[str], language: str) -> None:
    sentence = " ".join(words)
    graph = parse(sentence, language).check()
    tokens = tokenize(sentence, language)
    assert graph.nodes
    assert is_acyclic(graph)
    assert all(node.stop <= len(tokens) for node in graph.nodes)


@settings(deadline=None)
@given(st.text(max_size=40), st.sampled_from(["en", "zh"]))
def test_any_text_at_all_has_a_graph(sentence: str, language: str) -> None:
    assert is_acyclic(parse(sentence, language).check())


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("sentence", ["", "   ", "?!...", "😀😀", "left", "左边"])
def test_where_nothing_is_named_the_whole_expression_is_the_node(
    sentence: str, language: str
) -> None:
    if (sentence, language) in (("left", "zh"), ("左边", "en")):
        pytest.skip("a foreign word is a noun")
    graph = parse(sentence, language)
    tokens = tokenize(sentence, language)
    assert [(node.start, node.stop) for node in graph.nodes] == [(0, len(tokens))]
    assert (graph.edges, graph.referent) == ((), 0)


def test_a_sentence_of_five_hundred_words_keeps_what_a_model_reads() -> None:
    sentence = " next to ".join(f"the dog{number}" for number in range(125))
    graph = parse(sentence)
    assert graph.nodes[graph.referent].text == "the dog0"
    assert max(node.stop for node in graph.nodes) <= 20


def test_the_spans_count_the_tokens_of_the_tokenizer() -> None:
    for sentence, language in (("The dog, left of Bob's hat", "en"), ("小路上的T恤", "zh")):
        tokens = tokenize(sentence, language)
        for node in parse(sentence, language).nodes:
            assert node.head in "".join(tokens[node.start : node.stop])


def test_tokens_are_parsed_like_their_sentence() -> None:
    assert parse("man w/ red hat".split()) != parse("man w/ red hat")  # not tokens: "w/" is two
    assert parse(tokenize("man w/ red hat")) == parse("man w/ red hat")
    assert parse([]) == parse("")


def test_a_referent_behind_the_cut_is_replaced_by_a_node_that_modifies_none() -> None:
    """In Chinese the referent comes last, and a model may not read that far."""
    sentence = "穿红色衬衫的男人左边的狗"
    assert parse(sentence, "zh").nodes[-1].head == "狗"
    graph = parse(sentence, "zh", max_length=5)
    assert [node.head for node in graph.nodes] == ["衬衫", "男人"]
    assert graph.nodes[graph.referent].head == "男人"
    assert graph.edges == (Edge(1, "wearing", 0),)


def test_a_node_that_begins_where_the_cut_is_is_gone() -> None:
    graph = parse("the dog next to the tree", max_length=4)
    assert [node.text for node in graph.nodes] == ["the dog"]
    assert graph.edges == ()
    assert [node.text for node in parse("the dog next to the tree", max_length=5).nodes] == [
        "the dog",
        "the",
    ]


def test_too_many_nodes_leave_those_near_the_referent() -> None:
    graph = parse("dog next to the cat under the tree behind the house", max_nodes=2)
    assert [node.head for node in graph.nodes] == ["dog", "cat"]
    assert parse("dog next to the cat under the tree", max_edges=1).edges == (
        Edge(0, "next to", 1),
    )


def test_of_a_cycle_the_later_edge_is_dropped() -> None:
    nodes = tuple(Node(name, name, at, at + 1) for at, name in enumerate("rabc"))
    edges = (Edge(0, "x", 1), Edge(1, "x", 2), Edge(2, "x", 3), Edge(3, "late", 1))
    graph = prune(LanguageGraph(nodes, edges, 0), list("rabc"), max_nodes=9, max_edges=9)
    assert graph.edges == edges[:3]


def test_an_edge_to_the_referent_or_to_itself_is_dropped() -> None:
    nodes = tuple(Node(name, name, at, at + 1) for at, name in enumerate("ra"))
    edges = (Edge(1, "back", 0), Edge(1, "self", 1), Edge(0, "x", 1), Edge(0, "x", 1))
    graph = prune(LanguageGraph(nodes, edges, 0), list("ra"), max_nodes=9, max_edges=9)
    assert graph.edges == (Edge(0, "x", 1),)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"language": "fr"}, "language"),
        ({"backend": "stanford"}, "back end"),
        ({"backend": "spacy", "language": "zh"}, "English only"),
        ({"max_nodes": 0}, "max_nodes 0"),
    ],
)
def test_a_mistake_is_told_in_one_line(arguments: dict[str, object], told: str) -> None:
    with pytest.raises(UserError, match=told):
        parse(**{"sentence": "dog", **arguments})  # type: ignore[arg-type]
