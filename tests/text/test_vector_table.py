"""The word table: found words have their vector, the rest follows the rule, the count is honest."""

import json
import math

import numpy as np
import pytest
import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.text.attention_encoder import AttentionEncoder
from refseg_lib.text.encoders import WordEmbedding
from refseg_lib.text.keyed_vectors import keyed_vectors
from refseg_lib.text.lstm import LSTMEncoder
from refseg_lib.text.vector_table import fill_word_table, vector_table
from refseg_lib.text.vocabulary import Vocabulary

VECTORS = keyed_vectors(
    ["dog", "cat", "狗", "左", "边", "<unk>", "zebra", "a", "b"],
    np.arange(18, dtype=np.float32).reshape(9, 2) + 1,
    repeated=3,
    source="nine words",
)
VOCABULARY = Vocabulary.build([["cat", "left", "dog", "dog"]])


def row(table: torch.Tensor, vocabulary: Vocabulary, word: str) -> list[float]:
    return table[vocabulary.words.index(word)].tolist()


def test_every_found_word_has_its_own_vector() -> None:
    table, _ = vector_table(VOCABULARY, VECTORS)
    assert row(table, VOCABULARY, "dog") == [1, 2]
    assert row(table, VOCABULARY, "cat") == [3, 4]


@pytest.mark.parametrize("oov", ["normal", "zeros"])
def test_padding_is_zero_and_special_entries_follow_the_rule(oov: str) -> None:
    table, _ = vector_table(VOCABULARY, VECTORS, oov)
    assert row(table, VOCABULARY, "<pad>") == [0, 0]
    for word in ("<go>", "<eos>", "<unk>", "left"):
        assert (row(table, VOCABULARY, word) == [0, 0]) == (oov == "zeros")


def test_random_rows_are_normal_with_the_deviation_of_the_released_code() -> None:
    many = Vocabulary.build([[f"w{i}" for i in range(4000)]])
    wide = keyed_vectors(["a"], np.zeros((1, 50), np.float32), source="a")
    values = vector_table(many, wide)[0][1:].flatten()
    assert values.mean().item() == pytest.approx(0, abs=0.01)
    assert values.std().item() == pytest.approx(0.6, abs=0.01)
    # A normal variable is beyond two deviations in 4.55 % of cases; a uniform one never.
    beyond = (values.abs() > 1.2).float().mean().item()
    assert beyond == pytest.approx(math.erfc(2 / 2**0.5), abs=0.003)


def test_random_rows_depend_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    first = vector_table(VOCABULARY, VECTORS, seed=5)[0]
    torch.manual_seed(2)
    assert torch.equal(first, vector_table(VOCABULARY, VECTORS, seed=5)[0])
    assert not torch.equal(first, vector_table(VOCABULARY, VECTORS, seed=6)[0])


def test_drawing_rows_leaves_the_global_random_state_alone() -> None:
    before = torch.get_rng_state()
    vector_table(VOCABULARY, VECTORS)
    assert torch.equal(before, torch.get_rng_state())


def test_words_and_tokens_are_counted_as_a_hand_counts_them() -> None:
    counts = {"dog": 5, "cat": 2, "left": 4, "never seen": 1, "<unk>": 7, "zebra": 3}
    _, coverage = vector_table(VOCABULARY, VECTORS, counts=counts)
    # "zebra" has a vector but no number: the model cannot use it.
    assert (coverage.words_found, coverage.words) == (2, 3)
    assert (coverage.tokens_found, coverage.tokens) == (7, 15)
    assert (coverage.source, coverage.repeated, coverage.width) == ("nine words", 3, 2)
    assert "2 of 3 (66.7 %) words" in str(coverage)
    assert "7 of 15 (46.7 %) tokens" in str(coverage)
    assert json.loads(json.dumps(coverage.to_json()))["tokens_found"] == 7


def test_without_a_text_no_tokens_are_claimed() -> None:
    _, coverage = vector_table(VOCABULARY, VECTORS)
    assert coverage.tokens is coverage.tokens_found is None
    assert "token" not in str(coverage)


def test_a_chinese_word_may_be_the_mean_of_its_characters() -> None:
    chinese = Vocabulary.build([["狗", "左边", "左右", "dog", "ab"]])
    table, coverage = vector_table(chinese, VECTORS, "zeros", compose=True)
    assert row(table, chinese, "狗") == [5, 6]
    assert row(table, chinese, "左边") == [(7 + 9) / 2, (8 + 10) / 2]
    # 右 has no vector; Latin letters are never put together.
    assert row(table, chinese, "左右") == row(table, chinese, "ab") == [0, 0]
    assert (coverage.words_found, coverage.words_composed) == (3, 1)
    assert "1 of them made of their characters" in str(coverage)
    plain, without = vector_table(chinese, VECTORS, "zeros")
    assert row(plain, chinese, "左边") == [0, 0]
    assert (without.words_found, without.words_composed) == (2, 0)


def test_an_empty_vocabulary_has_nothing_to_find() -> None:
    table, coverage = vector_table(Vocabulary.build([]), VECTORS, counts={})
    assert table.shape == (4, 2)
    assert "0 of 0 (0.0 %)" in str(coverage)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(UserError, match=r"'uniform'.*normal, zeros"):
        vector_table(VOCABULARY, VECTORS, "uniform")


@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize("kind", [WordEmbedding, LSTMEncoder, AttentionEncoder])
def test_any_encoder_starts_from_vectors_and_a_frozen_one_has_zeros_elsewhere(
    kind: type[nn.Module], trainable: bool
) -> None:
    size = {"width": 2} if kind is WordEmbedding else {"width": 6, "embedding": 2}
    encoder = kind(len(VOCABULARY), trainable=trainable, **size)
    coverage = fill_word_table(encoder, VOCABULARY, VECTORS, seed=4)
    rule = "normal" if trainable else "zeros"
    want, _ = vector_table(VOCABULARY, VECTORS, rule, seed=4)
    (table,) = (p for p in encoder.parameters() if p.shape == (len(VOCABULARY), 2))
    assert torch.equal(table, want)
    assert table.requires_grad == trainable
    assert coverage.out_of_vocabulary == rule


def test_vectors_of_another_width_say_which_size_to_ask_for() -> None:
    with pytest.raises(UserError, match="--size embedding=2"):
        fill_word_table(WordEmbedding(len(VOCABULARY), 5), VOCABULARY, VECTORS)
    lstm = LSTMEncoder(len(VOCABULARY), embedding=3, width=4)
    with pytest.raises(UserError, match="--size vector=2"):
        fill_word_table(lstm, VOCABULARY, VECTORS)


def test_an_encoder_without_a_table_is_told() -> None:
    with pytest.raises(UserError, match="Linear has no word table"):
        fill_word_table(nn.Linear(2, 3), VOCABULARY, VECTORS)


def test_whitened_vectors_have_no_common_part_and_the_size_they_had() -> None:
    words = [f"w{i}" for i in range(60)]
    vocabulary = Vocabulary.build([[*words, "unseen"]])
    given = np.random.default_rng(0).normal(1, 2, (60, 8)).astype(np.float32)
    vectors = keyed_vectors(words, given, source="x")
    encoder = WordEmbedding(len(vocabulary), 8)
    coverage = fill_word_table(encoder, vocabulary, vectors, seed=3, whiten=True)
    rows = encoder.table[[vocabulary.words.index(word) for word in words]]
    assert rows.mean(0).abs().max() < 1e-5
    assert rows.std().item() == pytest.approx(given.std(), rel=0.01)
    assert coverage.whitened
    assert "whitened" in str(coverage)
    assert (coverage.source, coverage.words_found) == ("x", 60)
    large = WordEmbedding(len(vocabulary), 8, 9 * torch.randn(len(vocabulary), 8))
    fill_word_table(large, vocabulary, vectors, whiten=True)
    found = [vocabulary.words.index(word) for word in words]
    assert large.table[found].std().item() == pytest.approx(9, rel=0.15), "as its random start"
    plain = WordEmbedding(len(vocabulary), 8)
    assert not fill_word_table(plain, vocabulary, vectors, seed=3).whitened
    assert plain.table[4:].mean() > 0.5
    unseen = vocabulary.words.index("unseen")
    assert torch.equal(plain.table[unseen], encoder.table[unseen]), "no vector, none to whiten"
