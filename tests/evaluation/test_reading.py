"""A model reads a sentence by the rule it was trained with."""

from typing import Any

import pytest

from refseg_lib.evaluation.reading import read_sentence


def test_length_and_punctuation_follow_the_models_own_rule(listener: Any) -> None:
    assert read_sentence(listener, "Red, one two three!") == [
        "red",
        ",",
        "one",
        "two",
        "three",
        "!",
    ]
    listener.config |= {"max_length": 2, "keep_punctuation": False}
    assert read_sentence(listener, "Red, one two three!") == ["red", "one"]


def test_the_language_is_the_models_own_unless_another_is_asked(listener: Any) -> None:
    pytest.importorskip("jieba", reason="the package jieba is absent")
    assert read_sentence(listener, "红色的球") == ["红色的球"]
    assert "红色" in read_sentence(listener, "红色的球", "zh")
    listener.config["language"] = "zh"
    assert "红色" in read_sentence(listener, "红色的球")
