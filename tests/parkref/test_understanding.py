"""English read back gives the very meaning that it was made from."""

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.parkref.english import in_english
from refseg_lib.parkref.meaning import Clause, Phrase
from refseg_lib.parkref.understanding import understand


def test_every_sentence_is_understood_as_it_was_meant(told: dict) -> None:
    """The oracle is the phrase that the sentence was made from."""
    for items in told.values():
        for item in items:
            assert understand(item.english.sentence) == item.phrase, item.english.sentence


def test_every_way_to_say_it_is_understood() -> None:
    tree, cat = Phrase("tree"), Phrase("cat", color="gray")
    phrases = [
        Phrase("dog", color="gray", pattern="dotted", place="bottom left"),
        Phrase("kite", place="top"),
        Phrase("balloon", place="bottom"),
        Phrase("woman", place="left", ordinal=3),
        Phrase("man", size="tallest", clauses=(Clause("right of", (tree,)),)),
        Phrase("person", clauses=(Clause("wearing", (Phrase("shirt", color="red"),)),)),
        Phrase("guy", place="left", clauses=(Clause("wearing", (Phrase("trousers", "blue"),)),)),
        Phrase("bike", place="back", clauses=(Clause("riding by", (Phrase("girl"),)),)),
        Phrase("kite", clauses=(Clause("holding by", (Phrase("boy"),)),)),
        Phrase("duck", clauses=(Clause("on", (Phrase("pond"),)),)),
        Phrase("ball", clauses=(Clause("next to", (tree,)), Clause("between", (cat, tree)))),
        Phrase("grass"),
    ]
    rng = np.random.default_rng(2)
    for phrase in phrases:
        for long in (False, True):
            for _ in range(100):
                sentence = in_english(phrase, rng, long).sentence
                assert understand(sentence) == phrase, sentence


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The Left Dog.", Phrase("dog", place="left")),
        ("man with hat", Phrase("man", clauses=(Clause("wearing", (Phrase("hat"),)),))),
        ("man with dog", Phrase("man", clauses=(Clause("walking", (Phrase("dog"),)),))),
        ("man with kite", Phrase("man", clauses=(Clause("holding", (Phrase("kite"),)),))),
        ("man on bike", Phrase("man", clauses=(Clause("riding", (Phrase("bike"),)),))),
        ("man on bench", Phrase("man", clauses=(Clause("sitting on", (Phrase("bench"),)),))),
        ("man on path", Phrase("man", clauses=(Clause("on", (Phrase("path"),)),))),
        ("man on the right side", Phrase("man", place="right")),
        (
            "man on the right side of the tree",
            Phrase("man", clauses=(Clause("right of", (Phrase("tree"),)),)),
        ),
        ("cat in front", Phrase("cat", place="front")),
        ("cat in front of dog", Phrase("cat", clauses=(Clause("in front of", (Phrase("dog"),)),))),
    ],
)
def test_one_word_means_what_stands_behind_it(sentence: str, expected: Phrase) -> None:
    assert understand(sentence) == expected


def test_a_modifier_belongs_to_the_nearest_noun_that_is_no_garment() -> None:
    hat = Clause("wearing", (Phrase("hat"),))
    under = Clause("under", (Phrase("tree"),))
    assert understand("the dog next to the man in a hat under the tree") == Phrase(
        "dog", clauses=(Clause("next to", (Phrase("man", clauses=(hat, under)),)),)
    )
    assert understand("the dog next to the man and under the tree") == Phrase(
        "dog", clauses=(Clause("next to", (Phrase("man"),)), under)
    )


@pytest.mark.parametrize(
    ("sentence", "where"),
    [
        ("the zebra", "word 2, 'zebra'"),
        ("red", "at its end"),
        ("", "'<unk>'"),
        ("dog dog", "word 2"),
        ("blue hat", "at its end"),
        ("second dog", "at its end"),
        ("dog next to", "at its end"),
        ("man between the dog", "at its end"),
        ("man wearing a dog", "at its end"),
        ("dog next to red shirt", "at its end"),
        ("the man that is", "at its end"),
        ("the kite that the man is eating", "word 6, 'is'"),
        ("red dog please", "word 3, 'please'"),
    ],
)
def test_what_parkref_cannot_say_is_refused_with_its_place(sentence: str, where: str) -> None:
    with pytest.raises(UserError, match="outside ParkRef") as caught:
        understand(sentence)
    assert where in str(caught.value)
