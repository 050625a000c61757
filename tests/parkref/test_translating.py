"""A translation says in Chinese what the English means."""

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.parkref.chinese import in_chinese
from refseg_lib.parkref.meaning import describes_only
from refseg_lib.parkref.translating import translate_sentences
from refseg_lib.parkref.understanding import understand


def test_a_translation_is_something_the_generator_says_for_the_same_meaning(told: dict) -> None:
    rng = np.random.default_rng(0)
    for flavour, items in told.items():
        for item in items[:60]:
            [translated] = translate_sentences([item.english.sentence])
            long = flavour == "gref"
            assert any(
                in_chinese(item.phrase, rng, long).sentence == translated for _ in range(5000)
            ), (item.english.sentence, translated)


def test_what_is_understood_means_the_referent_and_nothing_else(told: dict) -> None:
    for items in told.values():
        for item in items:
            assert describes_only(understand(item.english.sentence), item.index, item.world)


def test_sentences_keep_their_order_and_the_same_is_always_translated_the_same() -> None:
    once = translate_sentences(["the left dog", "cat under tree", "the left dog", "Left dog."])
    assert once[0] == once[2]
    assert "狗" in once[0]
    assert "猫" in once[1]
    assert once == translate_sentences(
        ["the left dog", "cat under tree", "the left dog", "left dog"]
    )


def test_different_sentences_of_one_meaning_are_put_in_different_words() -> None:
    sides = ("left", "leftmost", "far left")
    sentences = [f"{side} {color} dog" for side in sides for color in ("red", "white", "black")]
    words = {text[: text.index("边") + 1] if "边" in text else text for text in
             translate_sentences(sentences)}  # fmt: skip
    assert len(words) > 1


def test_one_sentence_outside_the_grammar_is_named() -> None:
    with pytest.raises(UserError, match="zebra"):
        translate_sentences(["the left dog", "the zebra"])
