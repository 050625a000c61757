"""The closed lists do not contradict one another."""

import itertools

import pytest

from refseg_lib.text import english_words as words


@pytest.mark.parametrize(
    ("one", "two"),
    list(
        itertools.combinations(
            ("PEOPLE", "GARMENTS", "PLACES", "COLORS", "DETERMINERS", "CONJUNCTIONS", "FRAMES"), 2
        )
    ),
)
def test_no_word_is_on_two_lists_that_lead_different_ways(one: str, two: str) -> None:
    shared = getattr(words, one) & getattr(words, two)
    # "Top" and "her" do lead two ways, and the grammar looks at what stands around them.
    assert shared <= {"top", "her", "him"}


def test_the_name_of_a_relation_is_its_own_name() -> None:
    """Else "below" could become "under" and "under" something else again."""
    for spelled, name in words.PREPOSITIONS.items():
        assert words.PREPOSITIONS.get(tuple(name.split()), name) == name, spelled


@pytest.mark.parametrize("spelled", ["w /", "beside", "carrying", "below", "flown by"])
def test_a_spelling_has_the_name_that_people_use_most(spelled: str) -> None:
    expected = {
        "w /": "with", "beside": "next to", "carrying": "holding", "below": "under",
        "flown by": "held by",
    }  # fmt: skip
    assert words.PREPOSITIONS[tuple(spelled.split())] == expected[spelled]


def test_words_are_lower_case_and_hold_no_blank() -> None:
    for name in ("ADJECTIVES", "PEOPLE", "GARMENTS", "PLACES", "SIDES", "FILLERS", "INTRANSITIVE"):
        assert all(word == word.lower() and " " not in word for word in getattr(words, name))
