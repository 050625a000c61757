"""Which entity a node means."""

import numpy as np

from refseg_lib.evaluation.analysis.drawn_truth import Told
from refseg_lib.evaluation.analysis.node_truth import (
    entities_of,
    groups_of,
    hops,
    lies_inside,
)
from refseg_lib.text.graph import Edge, LanguageGraph, Node

WORDS = "boy next to boy in red shirt under tree".split()
SPOKEN = LanguageGraph(
    (
        Node("boy", "boy", 0, 1),
        Node("boy", "boy", 3, 4),
        Node("red shirt", "shirt", 5, 7),
        Node("tree", "tree", 8, 9),
    ),
    (Edge(0, "next to", 1), Edge(1, "wearing", 2), Edge(0, "under", 3)),
    0,
)
TOLD = Told(
    words=tuple(WORDS),
    kinds="erreraere",
    graph=SPOKEN,
    entities=(100, 101, 133, 104),
)


def test_two_nodes_of_one_name_keep_their_own_entities() -> None:
    assert entities_of(SPOKEN, WORDS, TOLD) == [100, 101, 133, 104]


def test_a_parser_s_node_means_what_it_shares_head_and_words_with() -> None:
    parsed = LanguageGraph(
        (
            Node("boy in red shirt", "boy", 3, 7),
            Node("under tree", "tree", 7, 9),
            Node("red", "red", 5, 6),
        ),
        (),
        0,
    )
    assert entities_of(parsed, WORDS, TOLD) == [101, 104, None]


def test_nodes_behind_one_that_was_pruned_keep_their_entities() -> None:
    short = LanguageGraph(SPOKEN.nodes[1:], (Edge(0, "wearing", 1),), 0)
    # The first "boy" fits the name too: only its place tells that the second one is meant.
    assert entities_of(short, WORDS, TOLD) == [101, 133, 104]


def test_chinese_nodes_are_found_however_the_sentence_is_cut() -> None:
    graph = LanguageGraph(
        (Node("狗", "狗", 0, 1), Node("狗", "狗", 3, 4)), (Edge(1, "next to", 0),), 1
    )
    told = Told(("狗", "旁边", "的", "狗"), "erue", graph, (100, 101))
    parsed = LanguageGraph((Node("的狗", "狗", 2, 3), Node("狗", "狗", 0, 1)), (), 0)
    assert entities_of(parsed, ("狗", "旁边", "的狗"), told) == [101, 100]


def test_a_node_is_counted_by_what_it_is_and_how_far_away() -> None:
    assert [hops(SPOKEN, node) for node in range(4)] == [0, 1, 2, 1]
    assert groups_of(SPOKEN, 0, 100) == ["referent, modified"]
    assert groups_of(SPOKEN, 1, 101) == ["object: thing, modified", "hops: 1"]
    assert groups_of(SPOKEN, 2, 133) == ["object: garment", "hops: 2"]
    assert groups_of(SPOKEN, 3, 122) == ["object: stuff", "hops: 1"]
    assert groups_of(LanguageGraph(SPOKEN.nodes[:1], (), 0), 0, 100) == ["referent, alone"]


def test_a_node_that_hangs_on_nothing_has_no_distance() -> None:
    assert hops(LanguageGraph(SPOKEN.nodes, SPOKEN.edges[:1], 0), 3) is None


def test_a_hat_lies_in_its_wearer_and_not_the_other_way_round() -> None:
    wearer = np.zeros((6, 6), bool)
    wearer[:, 2:4] = True
    hat = np.zeros((6, 6), bool)
    hat[0, 1:4] = True  # a brim sticks out
    assert lies_inside(hat, wearer)
    assert not lies_inside(wearer, hat)
    assert not lies_inside(None, wearer)
