"""What is linked to what in an English expression."""

import pytest

from refseg_lib.text.english_grammar import passive, read_english
from refseg_lib.text.tokens import tokenize


def told(sentence: str) -> tuple[list[str], set[str], str]:
    """The texts of the nodes, the edges in words, the head of the referent."""
    graph = read_english(tokenize(sentence, max_length=100))
    assert graph is not None
    names = [node.head for node in graph.nodes]
    edges = {f"{names[e.subject]} {e.relation} {names[e.object]}" for e in graph.edges}
    return [node.text for node in graph.nodes], edges, names[graph.referent]


@pytest.mark.parametrize(
    ("sentence", "nodes", "edges", "referent"),
    [
        ("person on left", ["person on left"], set(), "person"),
        ("far left, old man", ["far left , old man"], set(), "man"),
        ("2nd guy from the left", ["2nd guy from the left"], set(), "guy"),
        ("man red shirt", ["man", "red shirt"], {"man with shirt"}, "man"),
        ("red shirt tall guy", ["red shirt tall guy"], set(), "guy"),
        (
            "a boy in a red shirt and riding a bike",
            ["a boy", "a red shirt", "a bike"],
            {"boy in shirt", "boy riding bike"},
            "boy",
        ),
        (
            "man in white shirt next to the dog",
            ["man", "white shirt", "the dog"],
            {"man in shirt", "man next to dog"},
            "man",
        ),
        (
            "kite above the dog next to the tree",
            ["kite", "the dog", "the tree"],
            {"kite above dog", "dog next to tree"},
            "kite",
        ),
        (
            "the kite that the man in the hat is flying",
            ["the kite", "the man", "the hat"],
            {"kite held by man", "man in hat"},
            "kite",
        ),
        ("dog the boy is walking", ["dog", "the boy"], {"dog walked by boy"}, "dog"),
        (
            "bench between the girl in red and a tree",
            ["bench", "the girl", "red", "a tree"],
            {"bench between girl", "bench between tree", "girl in red"},
            "bench",
        ),
        (
            "dog next to the cat and behind the tree",
            ["dog", "the cat", "the tree"],
            {"dog next to cat", "dog behind tree"},
            "dog",
        ),
        (
            "glass of water on the table",
            ["glass", "water", "the table"],
            {"glass of water", "glass on table"},
            "glass",
        ),
        (
            "man on a bench wearing glasses",
            ["man", "a bench", "glasses"],
            {"man on bench", "man wearing glasses"},
            "man",
        ),
        ("man holding bat and ball", ["man", "bat", "ball"],
         {"man holding bat", "man holding ball"}, "man"),
        ("the woman sits on a chair", ["the woman", "a chair"],
         {"woman sitting on chair"}, "woman"),
        ("left side of the table", ["left side", "the table"], {"side of table"}, "side"),
        ("behind the tree", ["the tree"], set(), "tree"),
        ("the tallest", ["the tallest"], set(), "tallest"),
        ("plate with a fork on it", ["plate", "a fork on it"], {"plate with fork"}, "plate"),
        ("bike woman in hat", ["bike woman", "hat"], {"woman in hat"}, "woman"),
    ],
)  # fmt: skip
def test_modifiers_find_what_they_modify(
    sentence: str, nodes: list[str], edges: set[str], referent: str
) -> None:
    assert told(sentence) == (nodes, edges, referent)


@pytest.mark.parametrize(
    "sentence", ["left", "on the far right", "standing", "closest to us", "!?", "😀", ""]
)
def test_a_place_or_an_action_alone_names_nothing(sentence: str) -> None:
    assert read_english(tokenize(sentence)) is None


def test_a_typing_error_still_names_something() -> None:
    assert told("girafee on lft") == (["girafee on lft"], set(), "girafee")


@pytest.mark.parametrize(
    ("verb", "expected"),
    [("holding", "held by"), ("sitting on", "sat on by"), ("pushing", "pushed by")],
)
def test_a_relation_told_the_other_way_round_has_a_name(verb: str, expected: str) -> None:
    assert passive(verb) == expected
