"""The vocabulary: numbers and words, there and back."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refseg_lib.errors import UserError
from refseg_lib.text.tokens import tokenize
from refseg_lib.text.vocabulary import Vocabulary

CORPUS = [["left", "dog"], ["dog", "on", "left"], ["dog"], ["<unk>"]]


def test_special_entries_keep_the_numbers_of_the_tensorflow_lineage() -> None:
    assert Vocabulary.build([]).to_list() == ["<pad>", "<go>", "<eos>", "<unk>"]


def test_frequent_words_come_first_and_ties_in_alphabetical_order() -> None:
    corpus = [["red"], ["dog", "ball"], ["left", "dog"]]
    for order in (corpus, corpus[::-1]):
        assert Vocabulary.build(order).words[4:] == ["dog", "ball", "left", "red"]


def test_rare_words_stay_unknown() -> None:
    vocabulary = Vocabulary.build(CORPUS, min_count=2)
    assert vocabulary.encode(["dog", "on", "left"]) == [4, 3, 5]
    assert vocabulary.unknown(["on", "dog", "xyz"]) == ["on", "xyz"]


def test_a_sentence_that_looks_like_padding_cannot_become_padding() -> None:
    vocabulary = Vocabulary.build(CORPUS)
    assert 0 not in vocabulary.encode(tokenize("<pad> <pad>"))


@given(st.lists(st.lists(st.text(min_size=1, max_size=5), max_size=4), max_size=6))
def test_every_word_of_the_corpus_comes_back_from_its_number(corpus: list[list[str]]) -> None:
    vocabulary = Vocabulary.build(corpus)
    for tokens in corpus:
        assert [vocabulary.words[number] for number in vocabulary.encode(tokens)] == tokens


def test_saving_and_loading_gives_the_same_vocabulary(tmp_path: Path) -> None:
    vocabulary = Vocabulary.build([["狗", "dog", "\u2028", '"']])
    vocabulary.save(tmp_path / "words.json")
    loaded = Vocabulary.load(tmp_path / "words.json")
    assert loaded == vocabulary
    assert len(loaded) == 8
    assert "狗" in loaded


def test_the_list_given_out_is_a_copy() -> None:
    vocabulary = Vocabulary.build(CORPUS)
    vocabulary.to_list().append("cat")
    assert len(vocabulary) == 7


@pytest.mark.parametrize(
    "content",
    [
        "",
        '{"words": ["<pad>"',
        "[]",
        '{"words": "dog"}',
        '{"words": ["<pad>", "<go>", "<eos>", "<unk>", 3]}',
        '{"words": ["dog", "cat"]}',
        json.dumps({"words": ["<pad>", "<go>", "<eos>", "<unk>", "dog", "dog"]}),
    ],
)
def test_a_malformed_file_is_told_in_one_line_that_names_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "words.json"
    path.write_text(content)
    with pytest.raises(UserError, match=r"words\.json") as caught:
        Vocabulary.load(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        Vocabulary.load(tmp_path / "none.json")
