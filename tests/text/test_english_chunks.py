"""Pieces: phrases with their heads, relations with their types, and nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refseg_lib.text.english_chunks import LINK, PHRASE, chunk, is_participle, is_verb
from refseg_lib.text.tokens import tokenize


def heads(sentence: str) -> list[str]:
    return [piece.name for piece in chunk(tokenize(sentence)) if piece.kind == PHRASE]


def links(sentence: str) -> list[str]:
    return [piece.name for piece in chunk(tokenize(sentence)) if piece.kind == LINK]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("left guy", ["guy"]),
        ("man red shirt", ["man", "shirt"]),
        ("lady hat", ["lady", "hat"]),
        ("guys shirt", ["shirt"]),
        ("the man's hat", ["hat"]),
        ("blue t-shirt", ["shirt"]),
        ("black and white dog", ["dog"]),
        ("dog white and brown", ["dog"]),
        ("smiling girl", ["girl"]),
        ("parked car", ["car"]),
        ("tennis racket", ["racket"]),
        ("traffic light", ["light"]),
        ("far right orange", ["orange"]),
        ("zbra on left", ["zbra"]),
        ("bottom left corner", ["corner"]),
        ("red building", ["building"]),
        ("the tallest vase", ["vase"]),
    ],
)
def test_phrases_are_cut_where_a_new_one_begins_and_headed_by_their_last_noun(
    sentence: str, expected: list[str]
) -> None:
    assert heads(sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("guy w/ hat", ["with"]),
        ("dog standing behind the man", ["behind"]),
        ("cat sitting on a mat", ["sitting on"]),
        ("girl looking at phone", ["looking at"]),
        ("kite held by boy", ["held by"]),
        ("cake cut by man", ["cut by"]),
        ("person standing", []),
        ("man sitting on the left", []),
        ("table nearest woman", ["closest to"]),
        ("guy no hat", ["without"]),
    ],
)
def test_relations_bear_the_name_of_their_type(sentence: str, expected: list[str]) -> None:
    assert links(sentence) == expected


def test_nouns_that_look_like_verbs_are_nouns() -> None:
    assert is_verb("holding")
    assert not is_verb("building")
    assert not is_verb("ring")
    assert is_participle("covered")
    assert not is_participle("bed")


@given(
    st.lists(st.sampled_from("the left man of in red - ' and 3 who is holding hat , to".split()))
)
def test_pieces_cover_every_token_once_and_in_order(tokens: list[str]) -> None:
    pieces = chunk(tokens)
    covered = [at for piece in pieces for at in range(piece.start, piece.stop)]
    assert covered == list(range(len(tokens)))
