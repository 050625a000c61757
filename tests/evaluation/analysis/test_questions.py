"""Asking a model any sentences about a split's pictures."""

from typing import Any

import numpy as np
import pytest
import torch

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.questions import Question, ask, first_sentences


def corner(image_id: int, sentence: str) -> np.ndarray:
    """As many rows as the sentence has words, as many columns as the image has a number."""
    mask = np.zeros((64, 64), bool)
    mask[: len(sentence.split()), :image_id] = True
    return mask


def test_every_question_is_answered_once_about_its_own_picture(
    park: ReferringDataset, oracle: Any
) -> None:
    rng = np.random.default_rng(0)
    words = ["dog", "left dog", "the dog on the left", "red"]
    questions = [Question(int(i), words[i % 4]) for i in rng.permutation(len(park))]
    replies = list(ask(oracle(corner), park, questions, progress=False, batch_sentences=5))
    assert sorted(reply.number for reply in replies) == list(range(len(park)))
    for reply in replies:
        asked = questions[reply.number]
        expected = corner(park[asked.place].image_id, asked.sentence)
        np.testing.assert_array_equal(reply.mask, expected)
        np.testing.assert_array_equal((reply.logits > 0).numpy(), expected)
        assert list(reply.tokens) == asked.sentence.split()


def test_the_row_leads_to_the_sentence_s_own_part_of_the_trace(
    park: ReferringDataset, oracle: Any
) -> None:
    def lengths(batch: Any, images: Any, sentences: list[str]) -> dict[str, torch.Tensor]:
        return {"length": torch.tensor([len(s.split()) for s in sentences])}

    loaded = oracle(corner, lengths)
    questions = [Question(i, park[i].sentence) for i in range(40)]
    for reply in ask(loaded, park, questions, look_inside=True, progress=False):
        assert reply.inside["length"][reply.row] == len(reply.tokens)
    for reply in ask(loaded, park, questions, progress=False):
        assert not reply.inside


def test_a_model_keeps_the_mode_it_came_in(park: ReferringDataset, oracle: Any) -> None:
    loaded = oracle(corner)
    for training in (True, False):
        loaded.model.train(training)
        modes = [
            loaded.model.training for _ in ask(loaded, park, [Question(0, "dog")], progress=False)
        ]
        assert modes == [False]
        assert loaded.model.training is training


def test_a_graph_is_parsed_where_none_is_given_and_only_for_a_model_that_wants_one(
    park: ReferringDataset, oracle: Any
) -> None:
    question = Question(0, "dog next to the tree")
    (plain,) = ask(oracle(corner), park, [question], progress=False)
    assert plain.graph is None
    (parsed,) = ask(oracle(corner, name="busnet"), park, [question], progress=False)
    assert [node.head for node in parsed.graph.nodes] == ["dog", "tree"]
    given = Question(0, "dog next to the tree", type(parsed.graph)(parsed.graph.nodes[:1], (), 0))
    (kept,) = ask(oracle(corner, name="busnet"), park, [given], progress=False)
    assert kept.graph is given.graph


def test_a_limit_takes_the_first_sentences_and_must_leave_one(park: ReferringDataset) -> None:
    assert first_sentences(park, 3) == [0, 1, 2]
    assert first_sentences(park, None) == list(range(len(park)))
    with pytest.raises(UserError, match="limit 0"):
        first_sentences(park, 0)
