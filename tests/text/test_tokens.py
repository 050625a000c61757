"""Tokens: the rule of the TensorFlow releases, Chinese by jieba, and nothing ever crashes."""

import logging
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refseg_lib.errors import UserError
from refseg_lib.text.tokens import UNKNOWN, tokenize


@pytest.mark.parametrize(
    ("sentence", "tokens"),
    [
        ("The left Dog", ["the", "left", "dog"]),
        ("man, on the left.", ["man", ",", "on", "the", "left"]),
        ("bush/tree #3", ["bush", "/", "tree", "#", "3"]),
        ("it's 2nd", ["it", "'", "s", "2nd"]),
        ("wait...", ["wait", "..."]),
        ("red 🚗 here", ["red", "🚗", "here"]),
    ],
)
def test_words_and_runs_of_punctuation_become_lower_case_tokens(
    sentence: str, tokens: list[str]
) -> None:
    assert tokenize(sentence) == tokens


def test_only_one_closing_full_stop_is_dropped() -> None:
    assert tokenize("a . b .") == ["a", ".", "b"]
    assert tokenize("a . .") == ["a", "."]


def test_punctuation_can_be_left_out_and_digits_stay() -> None:
    assert tokenize("number 3, left! 😀", keep_punctuation=False) == ["number", "3", "left"]


@pytest.mark.parametrize("sentence", ["", "   ", "\n\t", "."])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_sentence_of_nothing_is_one_unknown_word(sentence: str, language: str) -> None:
    assert tokenize(sentence, language) == [UNKNOWN]


def test_a_sentence_of_punctuation_alone_is_unknown_when_punctuation_is_left_out() -> None:
    assert tokenize("?! 😀", keep_punctuation=False) == [UNKNOWN]


def test_a_long_sentence_keeps_its_first_words() -> None:
    words = [f"w{number}" for number in range(500)]
    assert tokenize(" ".join(words)) == words[:20]
    assert tokenize(" ".join(words), max_length=3) == words[:3]


def test_an_accent_written_as_two_code_points_is_part_of_its_word() -> None:
    assert tokenize("cafe\u0301 left") == tokenize("caf\u00e9 left") == ["caf\u00e9", "left"]


def test_chinese_is_cut_into_words_whose_join_is_the_sentence() -> None:
    tokens = tokenize("左边穿红色衣服的人", "zh")
    assert "".join(tokens) == "左边穿红色衣服的人"
    assert {"左边", "红色", "衣服", "人"} <= set(tokens)


def test_latin_words_inside_chinese_follow_the_english_rule() -> None:
    tokens = tokenize("穿T恤的人在Big-Dog左边，3号。", "zh")
    assert "t恤" in tokens
    assert [t for t in tokens if re.fullmatch(r"[a-z]+", t)] == ["big", "dog"]
    assert "," in tokens  # the full-width comma is a comma
    assert tokens[-1] == "号"  # the Chinese full stop is dropped like the English one


def test_chinese_characters_in_an_english_sentence_are_a_word_of_their_own() -> None:
    assert tokenize("the 狗 left") == ["the", "狗", "left"]


def test_jieba_says_nothing_and_writes_no_shared_cache(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    temporary = tmp_path_factory.mktemp("empty")
    done = subprocess.run(
        [sys.executable, "-c", "from refseg_lib.text.tokens import tokenize; tokenize('狗', 'zh')"],
        capture_output=True,
        text=True,
        check=True,
        env={"TMPDIR": str(temporary), "PATH": "", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout + done.stderr == ""
    assert list(temporary.iterdir()) == []


def test_jieba_leaves_the_root_logger_alone() -> None:
    before = logging.getLogger().level
    tokenize("狗", "zh")
    assert logging.getLogger().level == before


@given(st.text(max_size=80), st.sampled_from(["en", "zh"]), st.booleans())
def test_any_text_gives_one_to_twenty_tokens_without_blanks(
    sentence: str, language: str, keep: bool
) -> None:
    tokens = tokenize(sentence, language, keep_punctuation=keep)
    assert 1 <= len(tokens) <= 20
    assert all(token and not re.search(r"\s", token) for token in tokens)


@given(st.text(max_size=60))
def test_tokens_joined_by_blanks_are_cut_the_same_again(sentence: str) -> None:
    tokens = tokenize(sentence, max_length=1000)
    if tokens != [UNKNOWN] and tokens[-1] != ".":
        assert tokenize(" ".join(tokens), max_length=1000) == tokens


@pytest.mark.parametrize(("sentence", "language"), [(None, "en"), (3, "en"), ("dog", "fr")])
def test_no_text_or_an_unknown_language_is_the_users_mistake(sentence: str, language: str) -> None:
    with pytest.raises(UserError, match=r"text|language"):
        tokenize(sentence, language)
