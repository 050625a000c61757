"""Skip-gram: the same bytes every time, and words of one use come to lie together."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.text.keyed_vectors import origin
from refseg_lib.text.skipgram import train_skipgram

COLOURS, ANIMALS = ["红色", "蓝色", "绿色", "黄色"], ["狗", "猫", "鸭子", "马"]
PROGRAM = """
import hashlib, sys
from refseg_lib.text.skipgram import train_skipgram
corpus = [["红色", "的", "狗"], ["the", "red", "dog"], ["左边", "的", "猫"]] * 20
vectors = train_skipgram(corpus, width=8, epochs=2, seed=3)
print(vectors.index_to_key, hashlib.sha256(vectors.vectors.tobytes()).hexdigest())
"""


def corpus() -> list[list[str]]:
    pick = random.Random(0)
    return [
        [pick.choice(COLOURS), "的", pick.choice(ANIMALS), "在", pick.choice(["左边", "右边"])]
        for _ in range(1500)
    ]


def test_two_runs_are_equal_bit_for_bit_whatever_the_hash_seed() -> None:
    told = []
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            capture_output=True,
            env=environment,
            check=True,
        )
        told.append(done.stdout)
    assert told[0] == told[1] != b""


def test_another_seed_gives_other_vectors() -> None:
    few = corpus()[:50]
    one, two = (train_skipgram(few, width=8, epochs=1, seed=seed) for seed in (0, 1))
    assert one.index_to_key == two.index_to_key
    assert not np.allclose(one.vectors, two.vectors)


def test_words_that_stand_in_the_same_places_become_neighbours() -> None:
    vectors = train_skipgram(corpus(), width=20, epochs=20)
    for group in (COLOURS, ANIMALS):
        for word in group:
            near = {other for other, _ in vectors.most_similar(word, topn=3)}
            assert near == set(group) - {word}


def test_every_word_has_a_vector_of_the_width_asked_for_and_rare_ones_none_if_so_wished() -> None:
    few = [*corpus()[:40], ["稀", "有"]]
    vectors = train_skipgram(few, width=7, epochs=1, source="here")
    assert set(vectors.index_to_key) == {word for tokens in few for word in tokens}
    assert vectors.vectors.shape[1] == 7
    assert origin(vectors) == ("here", 0)
    assert "稀" not in train_skipgram(few, width=7, epochs=1, min_count=2).key_to_index


@pytest.mark.parametrize("empty", [[], [[]], [["狗"]], [["狗", "狗"]]])
def test_a_corpus_of_nothing_is_told(empty: list[list[str]]) -> None:
    with pytest.raises(UserError, match="fewer than two different words"):
        train_skipgram(empty)


@pytest.mark.parametrize("setting", ["width", "epochs", "window", "negative"])
def test_a_setting_below_one_is_told(setting: str) -> None:
    with pytest.raises(UserError, match=f"{setting}=0"):
        train_skipgram([["a", "b"]], **{setting: 0})


def test_a_corpus_without_any_frequent_word_is_told() -> None:
    with pytest.raises(UserError, match="no word occurs 9 times"):
        train_skipgram([["a", "b"]], min_count=9)
