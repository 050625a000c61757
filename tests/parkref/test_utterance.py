"""Collecting words, types, nodes and edges while somebody speaks."""

import numpy as np

from refseg_lib.parkref.utterance import ATTRIBUTE, ENTITY, RELATION, Speaker
from refseg_lib.text.graph import Edge, LanguageGraph, Node


def speaker() -> Speaker:
    return Speaker(np.random.default_rng(0))


def test_words_types_and_spans_grow_together() -> None:
    speaking = speaker()
    speaking.say("bottom left", ATTRIBUTE)
    speaking.say("", ATTRIBUTE)
    speaking.say("dog", ENTITY)
    dog = speaking.node("dog", 0, ("thing", 3))
    speaking.say("next to", RELATION)
    start = len(speaking.words)
    speaking.say("tree", ENTITY)
    speaking.edges.append(Edge(dog, "next to", speaking.node("tree", start, ("thing", 1))))
    told = speaking.done(dog, " ")
    assert told.sentence == "bottom left dog next to tree"
    assert told.kinds == (ATTRIBUTE, ATTRIBUTE, ENTITY, RELATION, RELATION, ENTITY)
    assert told.entities == (("thing", 3), ("thing", 1))
    assert told.graph == LanguageGraph(
        (Node("bottom left dog", "dog", 0, 3), Node("tree", "tree", 5, 6)),
        (Edge(0, "next to", 1),),
        0,
    )


def test_chinese_words_are_joined_with_nothing() -> None:
    speaking = speaker()
    speaking.say("左起 第二", ATTRIBUTE)
    speaking.say("狗", ENTITY)
    speaking.node("狗", 0, ("thing", 0))
    told = speaking.done(0, "")
    assert (told.sentence, told.words) == ("左起第二狗", ("左起", "第二", "狗"))
    assert told.graph.nodes[0].text == told.sentence


def test_every_option_is_taken_now_and_then_and_by_the_seed_alone() -> None:
    options = ("a", "b", "c")
    one, two = speaker(), speaker()
    picked = [one.pick(options) for _ in range(60)]
    assert picked == [two.pick(options) for _ in range(60)]
    assert min(picked.count(option) for option in options) > 8
    assert one.pick(("only",)) == "only"


def test_a_chance_is_a_share() -> None:
    speaking = speaker()
    taken = sum(speaking.chance(0.25) for _ in range(2000))
    assert 400 < taken < 600
    assert not any(speaking.chance(0.0) for _ in range(50))
    assert all(speaking.chance(1.0) for _ in range(50))
