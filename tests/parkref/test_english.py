"""English as people type it, with a graph that is true of the words."""

import itertools
import re

import numpy as np
import pytest

from refseg_lib.parkref.english import AFTER_WORDS, CANONICAL, in_english
from refseg_lib.parkref.meaning import Clause, Phrase
from refseg_lib.parkref.utterance import ENTITY, RELATION, WORD_TYPES, Utterance
from refseg_lib.text.tokens import tokenize


def ways(phrase: Phrase, long: bool) -> set[str]:
    """Everything that is ever said for a phrase."""
    rng = np.random.default_rng(1)
    return {in_english(phrase, rng, long).sentence for _ in range(300)}


def spoken(told: dict) -> list[Utterance]:
    return [item.english for items in told.values() for item in items]


def test_a_sentence_is_its_own_tokens(told: dict) -> None:
    for english in spoken(told):
        if len(english.words) <= 20:
            assert tokenize(english.sentence) == list(english.words)
        assert english.sentence == " ".join(english.words)


def test_every_word_has_one_type_and_entities_are_heads(told: dict) -> None:
    for english in spoken(told):
        assert len(english.kinds) == len(english.words)
        assert set(english.kinds) <= set(WORD_TYPES)
        heads = sorted(node.head for node in english.graph.nodes)
        pairs = zip(english.words, english.kinds, strict=True)
        assert sorted(word for word, kind in pairs if kind == ENTITY) == heads


def test_a_node_spans_its_words_and_its_head(told: dict) -> None:
    for english in spoken(told):
        assert len(english.entities) == len(english.graph.nodes)
        for node in english.graph.nodes:
            assert node.text == " ".join(english.words[node.start : node.stop])
            assert node.head in english.words[node.start : node.stop]


def test_nodes_do_not_overlap(told: dict) -> None:
    for english in spoken(told):
        spans = sorted((node.start, node.stop) for node in english.graph.nodes)
        assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))


def test_the_graph_is_a_tree_that_hangs_from_the_referent(told: dict) -> None:
    """Hence no cycle, and the referent modifies nothing."""
    for english in spoken(told):
        graph = english.graph
        objects = [edge.object for edge in graph.edges]
        others = [index for index in range(len(graph.nodes)) if index != graph.referent]
        assert sorted(objects) == others
        reached = {graph.referent}
        for _ in graph.nodes:
            reached |= {edge.object for edge in graph.edges if edge.subject in reached}
        assert len(reached) == len(graph.nodes)


def test_every_edge_is_said_in_relation_words(told: dict) -> None:
    for english in spoken(told):
        marks = [
            w if k == RELATION else "|" for w, k in zip(english.words, english.kinds, strict=True)
        ]
        runs = " ".join(marks)
        for edge in english.graph.edges:
            forms = {edge.relation} | {w for w, name in CANONICAL.items() if name == edge.relation}
            assert any(re.search(rf"(^| ){form}( |$)", runs) for form in forms), english.sentence


def test_articles_fit_what_follows(told: dict) -> None:
    for english in spoken(told):
        for article, word in itertools.pairwise(english.words):
            if article in ("a", "an"):
                assert (article == "an") == (word[0] in "aeiou"), english.sentence
                assert word not in ("pants", "trousers")


def test_long_style_is_whole_phrases(told: dict) -> None:
    for item in told["gref"]:
        words = item.english.words
        assert words[0] == "the"
        assert not {"2nd", "3rd"} & set(words)
        for place, word in enumerate(words):
            if word == "from":
                assert words[place + 1] == "the"


def test_no_two_landmarks_run_into_each_other(told: dict) -> None:
    """ "On the left left of the tree", "that is the man is holding" and their like."""
    stumbles = re.compile(
        r"\b(\w+) \1\b|\bis (that|the|a|an)\b|\b(the|a|an) (the|a|an|and)\b|\bis with\b"
        r"|\band that\b|\bon the (left|right) (to|of)\b|\bwho is who\b"
    )
    for english in spoken(told):
        assert not stumbles.search(english.sentence), english.sentence


def test_what_is_held_is_told_as_people_tell_it() -> None:
    kite = Phrase("kite", clauses=(Clause("holding by", (Phrase("man"),)),))
    assert {"the kite that the man is flying", "the kite held by a man"} <= ways(kite, True)
    bench = Phrase("bench", clauses=(Clause("sitting on by", (Phrase("girl"),)),))
    assert ways(bench, False) == {
        "bench the girl is sitting on",
        "bench that the girl is sitting on",
    }
    for phrase in (kite, bench):
        edge = in_english(phrase, np.random.default_rng(0)).graph.edges[0]
        assert (edge.subject, edge.object) == (0, 1)
    assert {CANONICAL[words] for words in AFTER_WORDS.values()} <= {
        "held by", "walked by", "ridden by", "sat on by",
    }  # fmt: skip


def test_a_coloured_shirt_may_be_the_name_of_who_wears_it() -> None:
    shirt = Phrase("shirt", color="red", entity=("part", 0, "shirt"))
    person = Phrase("person", clauses=(Clause("wearing", (shirt,)),), entity=("thing", 0))
    said = ways(person, False)
    assert {"red shirt", "person in red shirt"} <= said
    man = Phrase("man", clauses=person.clauses)
    assert {"red shirt man", "man in red shirt"} <= ways(man, False)
    assert "red shirt" not in ways(man, False)
    rng = np.random.default_rng(0)
    bare = next(u for u in iter(lambda: in_english(person, rng), None) if u.sentence == "red shirt")
    assert bare.entities == (("thing", 0),), "the shirt is named, the person is meant"
    assert "red shirt" not in ways(person, True)


def test_only_what_flies_is_high() -> None:
    assert "highest kite" in ways(Phrase("kite", place="top"), False)
    assert not any("highest" in way for way in ways(Phrase("cat", place="top"), False))


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        (Phrase("cat", color="orange", pattern="dotted"), {"the orange spotted cat"}),
        (Phrase("man", place="left", ordinal=2), {"the second man from the left"}),
        (
            Phrase("duck", clauses=(Clause("on", (Phrase("pond"),)),)),
            {
                f"the duck {who}{word} the {water}"
                for who in ("", "that is ")
                for word in ("in", "on")
                for water in ("pond", "water")
            },
        ),
        (Phrase("sky"), {"the sky"}),
    ],
)
def test_all_the_ways_to_say_a_short_thing_in_long_style(
    phrase: Phrase, expected: set[str]
) -> None:
    assert ways(phrase, True) == expected
