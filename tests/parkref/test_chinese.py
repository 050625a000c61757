"""Chinese of the same meaning: other words, other order, the same graph."""

import itertools
import re

import numpy as np
import pytest

from refseg_lib.parkref.chinese import COLOR_WORDS, MEASURE_WORDS, NOUN_WORDS, in_chinese
from refseg_lib.parkref.meaning import GARMENTS, NOUNS, Clause, Phrase
from refseg_lib.parkref.scene import COLORS, STUFF
from refseg_lib.parkref.utterance import ENTITY, WORD_TYPES, Utterance


def ways(phrase: Phrase, long: bool = False) -> set[str]:
    rng = np.random.default_rng(1)
    return {in_chinese(phrase, rng, long).sentence for _ in range(200)}


def spoken(told: dict) -> list[Utterance]:
    return [item.chinese for items in told.values() for item in items]


def test_there_is_a_word_for_everything() -> None:
    assert set(NOUN_WORDS) == {*NOUNS, *GARMENTS, *STUFF}
    assert set(COLOR_WORDS) == set(COLORS)


def test_words_joined_are_the_sentence_and_all_of_them_chinese(told: dict) -> None:
    for chinese in spoken(told):
        assert "".join(chinese.words) == chinese.sentence
        assert re.fullmatch(r"[\u4e00-\u9fff]+", chinese.sentence)
        assert len(chinese.kinds) == len(chinese.words)
        assert set(chinese.kinds) <= set(WORD_TYPES)


def test_a_node_spans_its_words_and_ends_in_its_head(told: dict) -> None:
    for chinese in spoken(told):
        for node in chinese.graph.nodes:
            assert node.text == "".join(chinese.words[node.start : node.stop])
            assert chinese.words[node.stop - 1] == node.head
            assert chinese.kinds[node.stop - 1] == ENTITY


def test_the_referent_comes_last_and_modifies_nothing(told: dict) -> None:
    """Modifiers come before their noun: the very opposite of English."""
    for chinese in spoken(told):
        graph = chinese.graph
        assert graph.nodes[graph.referent].stop == len(chinese.words)
        others = [index for index in range(len(graph.nodes)) if index != graph.referent]
        assert sorted(edge.object for edge in graph.edges) == others
        for edge in graph.edges:
            assert graph.nodes[edge.object].stop <= graph.nodes[edge.subject].start


def test_both_languages_speak_of_the_same_entities(told: dict) -> None:
    """Telegraph English may fold a garment into "red shirt guy"; then it has one node less."""
    folded = 0
    for flavour, items in told.items():
        for item in items:
            english, chinese = item.english, item.chinese
            missing = set(chinese.entities) - set(english.entities)
            assert set(english.entities) <= set(chinese.entities)
            assert {entity[0] for entity in missing} <= {"part"}
            assert len(chinese.graph.edges) - len(english.graph.edges) == len(missing)
            assert english.entities[english.graph.referent] == item.phrase.entity
            assert chinese.entities[chinese.graph.referent] == item.phrase.entity
            assert not missing or flavour != "gref"
            folded += bool(missing)
    assert folded


def test_both_graphs_tie_the_same_entities_together(told: dict) -> None:
    for item in told["gref"]:
        ties = [
            {(u.entities[edge.subject], u.entities[edge.object]) for edge in u.graph.edges}
            for u in (item.english, item.chinese)
        ]
        assert ties[0] == ties[1]


def test_nothing_is_said_twice_in_a_row(told: dict) -> None:
    for chinese in spoken(told):
        assert not any(one == two for one, two in itertools.pairwise(chinese.words)), chinese
        assert "的的" not in chinese.sentence
        assert "边左" not in chinese.sentence
        assert "边右" not in chinese.sentence


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        (Phrase("dog", color="white", place="left"), "左边的白色狗"),
        (Phrase("dog", place="right", ordinal=2), "右起第二只狗"),
        (Phrase("man", place="left", ordinal=3), "从左数第三个男人"),
        (Phrase("ball", pattern="striped"), "带条纹的球"),
        (Phrase("cat", color="black", pattern="dotted"), "黑色斑点猫"),
        (Phrase("duck", clauses=(Clause("on", (Phrase("pond"),)),)), "池塘里的鸭子"),
        (Phrase("cat", clauses=(Clause("under", (Phrase("tree"),)),)), "树下面的猫"),
        (
            Phrase(
                "woman",
                clauses=(
                    Clause("holding", (Phrase("umbrella"),)),
                    Clause("wearing", (Phrase("shirt", color="red"),)),
                ),
            ),
            "穿着红色衬衫拿着雨伞的女人",
        ),
        (
            Phrase("cat", place="left", clauses=(Clause("next to", (Phrase("dog"),)),)),
            "左边那只在狗旁边的猫",
        ),
        (
            Phrase(
                "cat",
                clauses=(Clause("next to", (Phrase("dog"),)), Clause("behind", (Phrase("ball"),))),
            ),
            "在狗旁边并且在球后面的猫",
        ),
        (
            Phrase("cat", clauses=(Clause("between", (Phrase("dog"), Phrase("tree"))),)),
            "狗和树之间的猫",
        ),
        (Phrase("bench", clauses=(Clause("sitting on by", (Phrase("girl"),)),)), "女孩坐着的长椅"),
        (Phrase("kite", clauses=(Clause("holding by", (Phrase("boy"),)),)), "男孩放着的风筝"),
        (Phrase("man", clauses=(Clause("sitting on", (Phrase("bench"),)),)), "坐在长椅上的男人"),
        (Phrase("man", clauses=(Clause("wearing", (Phrase("hat"),)),)), "戴着帽子的男人"),
        (
            Phrase(
                "dog",
                color="white",
                clauses=(
                    Clause(
                        "left of",
                        (
                            Phrase(
                                "woman",
                                clauses=(Clause("holding", (Phrase("umbrella", color="red"),)),),
                            ),
                        ),
                    ),
                ),
            ),
            "拿着红色雨伞的女人左边的白色狗",
        ),
    ],
)
def test_how_a_chinese_speaker_would_put_it(phrase: Phrase, expected: str) -> None:
    assert expected in ways(phrase)


def test_in_long_style_the_measure_word_fits() -> None:
    assert ways(Phrase("umbrella"), long=True) == {"雨伞", "伞", "那把雨伞", "那把伞"}
    assert set(MEASURE_WORDS) <= set(NOUN_WORDS)
