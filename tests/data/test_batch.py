"""Batches: every sentence keeps its words, its mask and its image."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from refseg_lib.data.batch import Batch, Example, collate, pad_words
from refseg_lib.errors import UserError
from refseg_lib.text.graph import LanguageGraph, Node

GRAPH = LanguageGraph((Node("dog", "dog", 0, 1),), (), 0)


def picture(value: float) -> torch.Tensor:
    return torch.full((3, 4, 4), value)


@given(st.lists(st.lists(st.integers(1, 99), min_size=1, max_size=7), min_size=1, max_size=6))
def test_the_real_words_come_back_and_the_rest_is_zero(sentences: list[list[int]]) -> None:
    words, word_mask = pad_words(sentences)
    assert words.shape[1] == max(map(len, sentences))
    assert words[~word_mask].eq(0).all()
    for row, mask, sentence in zip(words, word_mask, sentences, strict=True):
        assert row[mask].tolist() == sentence
        assert mask.tolist() == [True] * len(sentence) + [False] * (len(mask) - len(sentence))


def test_sentences_about_one_image_share_it_and_each_finds_its_own() -> None:
    values = {"a": 0.1, "b": 0.2, "c": 0.3}
    order = "abacb"
    batch = collate([Example([1], picture(values[key]), image_id=key) for key in order])
    assert batch.image is not None
    assert len(batch.image) == 3
    seen = batch.image[batch.image_of][:, 0, 0, 0]
    assert seen.tolist() == pytest.approx([values[key] for key in order])


def test_examples_without_an_image_id_share_with_nobody() -> None:
    batch = collate([Example([1], picture(0.1)), Example([1], picture(0.2))])
    assert batch.image is not None
    assert batch.image_of.tolist() == [0, 1]
    assert batch.image[:, 0, 0, 0].tolist() == pytest.approx([0.1, 0.2])


def test_an_image_id_is_never_mistaken_for_a_position() -> None:
    batch = collate([Example([1], picture(0.1)), Example([1], picture(0.2), image_id=0)])
    assert batch.image_of.tolist() == [0, 1]


def test_masks_become_zeros_and_ones_with_a_channel_each_beside_its_sentence() -> None:
    masks = [torch.zeros(4, 4, dtype=torch.bool), torch.ones(1, 4, 4, dtype=torch.bool)]
    batch = collate([Example([1], picture(0), mask) for mask in masks])
    assert batch.mask is not None
    assert batch.mask.dtype == torch.float32
    assert batch.mask.shape == (2, 1, 4, 4)
    assert batch.mask.mean((1, 2, 3)).tolist() == [0, 1]


def test_cached_features_take_the_place_of_images_once_per_image() -> None:
    maps = [{"c3": torch.full((2, 3, 3), v), "c4": torch.full((5, 1, 1), v)} for v in (0.0, 1.0)]
    examples = [Example([1], features=maps[k], image_id=k) for k in (1, 0, 1)]
    batch = collate(examples)
    assert batch.image is None
    assert batch.features is not None
    assert batch.features["c3"][batch.image_of][:, 0, 0, 0].tolist() == [1, 0, 1]
    assert batch.features["c4"].shape == (2, 5, 1, 1)


def test_graphs_and_sentences_stay_in_order() -> None:
    batch = collate([Example([1], picture(0), graph=GRAPH, sentence=s) for s in ("a", "b")])
    assert batch.sentences == ["a", "b"]
    assert batch.graphs == [GRAPH, GRAPH]


def test_a_batch_made_by_hand_pairs_sentence_and_image_in_order() -> None:
    words, word_mask = pad_words([[1], [2, 3]])
    batch = Batch(torch.zeros(2, 3, 4, 4), words, word_mask)
    assert batch.image_of.tolist() == [0, 1]
    assert len(batch) == 2


def test_every_tensor_moves_and_the_rest_stays() -> None:
    maps = {"c3": torch.zeros(2, 3, 3)}
    batch = collate([Example([1], picture(0), torch.zeros(4, 4), GRAPH, "dog", features=maps)]).to(
        "meta"
    )
    assert batch.image is not None
    assert batch.mask is not None
    assert batch.features is not None
    tensors = (batch.image, batch.words, batch.word_mask, batch.mask, batch.image_of)
    assert {t.device.type for t in (*tensors, *batch.features.values())} == {"meta"}
    assert batch.sentences == ["dog"]
    assert batch.graphs == [GRAPH]


@pytest.mark.parametrize(
    "examples",
    [
        [],
        [Example([], picture(0))],
        [Example([1], picture(0), torch.zeros(4, 4)), Example([1], picture(0))],
        [Example([1], picture(0), graph=GRAPH), Example([1], picture(0))],
        [Example([1], picture(0)), Example([1], torch.zeros(3, 5, 5))],
        [Example([1], picture(0)), Example([1])],
    ],
)
def test_examples_that_do_not_fit_together_are_told(examples: list[Example]) -> None:
    with pytest.raises(UserError):
        collate(examples)


def test_parts_of_different_length_are_told() -> None:
    words, word_mask = pad_words([[1], [2, 3]])
    with pytest.raises(UserError, match="word_mask"):
        Batch(torch.zeros(2, 3, 4, 4), words, word_mask[:1])
    with pytest.raises(UserError, match="image_of"):
        Batch(torch.zeros(1, 3, 4, 4), words, word_mask)
    with pytest.raises(UserError, match="mask of 3"):
        Batch(torch.zeros(2, 3, 4, 4), words, word_mask, mask=torch.zeros(3, 1, 4, 4))
