"""predict finds what is meant, and says when its answer should not be believed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.evaluation.predicting import predict


def picture(height: int, width: int) -> np.ndarray:
    """Red on the left half, blue on the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 255
    pixels[:, width // 2 :, 2] = 255
    return pixels


@pytest.mark.parametrize(("height", "width"), [(16, 16), (32, 64), (90, 30), (2, 2), (1, 40)])
def test_the_mask_has_the_pictures_own_size_and_marks_what_was_said(
    listener: Any, height: int, width: int
) -> None:
    found = predict(picture(height, width), "the left red", listener)
    assert found.mask.shape == found.probability.shape == (height, width)
    assert found.mask.dtype == bool
    truth = np.zeros((height, width), bool)
    truth[:, : width // 2] = True
    # The border may blur by one cell of the 16-pixel square.
    assert (found.mask == truth).mean() >= 1 - max(height, width) / 16 / width
    assert found.notes == ()


def test_another_sentence_gives_another_mask(listener: Any) -> None:
    red, blue = (predict(picture(16, 16), word, listener).mask for word in ("red", "blue"))
    assert not (red & blue).any()
    assert (red | blue).all()


def test_the_mask_is_where_the_probability_is_at_least_a_half(listener: Any) -> None:
    found = predict(picture(37, 23), "red", listener)
    assert ((found.probability >= 0) & (found.probability <= 1)).all()
    assert np.array_equal(found.mask, found.probability >= 0.5)


def test_a_picture_from_disk_gives_the_same_answer(listener: Any, tmp_path: Path) -> None:
    Image.fromarray(picture(20, 30)).save(tmp_path / "a.png")
    first = predict(tmp_path / "a.png", "red", listener)
    assert np.array_equal(first.mask, predict(picture(20, 30), "red", listener).mask)


def test_the_trace_shows_what_the_model_looked_at(listener: Any) -> None:
    found = predict(picture(16, 16), "the red", listener)
    assert found.trace["last_word"].tolist() == listener.vocabulary.encode(["red"])
    assert found.tokens == ("the", "red")


def test_the_model_is_asked_in_evaluation_mode_and_given_back_as_it_was(listener: Any) -> None:
    predict(picture(16, 16), "red", listener)
    assert listener.model.modes == [False]
    assert listener.model.training


@pytest.mark.parametrize("sentence", ["", "  \n", None, 3])
def test_an_empty_sentence_is_told_what_to_say(listener: Any, sentence: Any) -> None:
    with pytest.raises(UserError, match="the left dog"):
        predict(picture(16, 16), sentence, listener)


@pytest.mark.parametrize("sentence", ["zyx qwv", "🙂🙂", "?!", "左边的狗"])
def test_a_sentence_without_any_known_word_is_answered_with_a_warning(
    listener: Any, sentence: str
) -> None:
    found = predict(picture(16, 16), sentence, listener)
    assert any("knows no word" in note for note in found.notes)


def test_single_unknown_words_are_named(listener: Any) -> None:
    found = predict(picture(16, 16), "the zyx, large red", listener)
    assert found.notes == ("words the model never saw in training: zyx",)


def test_what_is_to_be_known_of_a_model_stands_with_every_answer(listener: Any) -> None:
    listener.config["notes"] = ["learned from weak labels"]
    found = predict(picture(16, 16), "the zyx, large red", listener)
    assert found.notes[0] == "learned from weak labels"
    assert len(found.notes) == 2


def test_an_empty_answer_says_so(listener: Any) -> None:
    found = predict(picture(16, 16), "green", listener)
    assert not found.mask.any()
    assert any("found nothing" in note for note in found.notes)


def test_five_hundred_words_are_cut_not_refused(listener: Any) -> None:
    found = predict(picture(16, 16), "the " * 19 + "red " + "blue " * 480, listener)
    assert len(found.tokens) == 20
    assert found.mask[:, :8].all()


def test_a_model_that_reasons_gets_the_sentences_graph_and_shows_it(listener: Any) -> None:
    class Reasoning(nn.Module):
        wants_graphs = True

    assert predict(picture(16, 16), "the red", listener).graph is None
    listener.model.level_fusion = Reasoning()
    forward = listener.model.forward
    met = []
    listener.model.forward = lambda batch: met.extend(batch.graphs) or forward(batch)
    found = predict(picture(16, 16), "the red bike next to the tree", listener)
    assert met == [found.graph]
    assert found.graph is not None
    assert [edge.relation for edge in found.graph.edges] == ["next to"]
    assert max(node.stop for node in found.graph.nodes) <= len(found.tokens)


def test_an_unknown_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no-such-model"):
        predict(picture(16, 16), "red", "no-such-model")


def test_a_missing_picture_is_told_before_the_model_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.jpg"):
        predict(tmp_path / "gone.jpg", "red", "no-such-model")
