"""Where in the picture is no thing in it, and where from a thing is a relation to it."""

import pytest

from refseg_lib.text.english_places import place_stop, relation_of_place


def nothing_after(tokens: object, at: int) -> str:
    return ""


@pytest.mark.parametrize(
    "place",
    [
        "on the left",
        "in front",
        "at the bottom right",
        "far left",
        "on the right hand side",
        "from the left",
        "closest to us",
        "left side of the picture",
        "in the lower left corner of the photo",
        "farthest away",
        "to the far right",
        "3 o clock",
    ],
)
def test_a_place_in_the_picture_is_read_to_its_end(place: str) -> None:
    tokens = place.split()
    assert place_stop([*tokens, "with"], 0, True, nothing_after) == len(tokens)


@pytest.mark.parametrize("relation", ["on the left of", "in front of", "closest to", "with"])
def test_what_goes_on_to_name_a_thing_is_no_place(relation: str) -> None:
    tokens = [*relation.split(), "the", "tree"]
    assert place_stop(tokens, 0, True, nothing_after) == 0


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("to the left of", "left of"),
        ("on the right side of", "right of"),
        ("left of", "left of"),
        ("in back of", "behind"),
        ("at the top of", "on top of"),
        ("in the bottom corner of", "corner of"),
        ("by the side of", "next to"),
    ],
)
def test_a_place_of_something_is_a_relation_to_it(words: str, name: str) -> None:
    tokens = [*words.split(), "tree"]
    assert relation_of_place(tokens, 0) == (len(tokens) - 1, name)


def test_something_of_something_is_no_place() -> None:
    assert relation_of_place("glass of water".split(), 0) == (0, "")
    assert relation_of_place("on of".split(), 0) == (0, "")


def following(*heads: str):
    return lambda tokens, at: tokens[-1] if tokens[-1] in heads else ""


def test_on_left_bench_is_a_bench_and_on_left_white_shirt_is_a_place() -> None:
    assert place_stop("on left bench".split(), 0, True, following("bench")) == 0
    assert place_stop("on left white shirt".split(), 0, True, following("shirt")) == 2
