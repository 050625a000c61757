"""An answer opened up shows the model's own numbers, each word and each place where it belongs."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from refseg_lib.data.letterbox import letterbox_image
from refseg_lib.errors import UserError
from refseg_lib.evaluation.predicting import Prediction, predict
from refseg_lib.explain.answer_explorer import explain_answer, on_the_picture
from refseg_lib.text.graph import Edge, LanguageGraph, Node

WORDS = ("left", "dog")


@pytest.fixture(scope="module")
def answered() -> tuple[Prediction, Image.Image]:
    """The shipped CMSA-Net about a picture that is wider than high."""
    picture = Image.fromarray(
        np.random.default_rng(0).integers(0, 255, (60, 90, 3), np.uint8), "RGB"
    )
    return predict(picture, "the left dog", "cmsa"), picture


def prediction(**trace: torch.Tensor) -> Prediction:
    """An answer about a picture of 40 x 40 with this trace, ``__`` standing for a dot."""
    mask = np.zeros((40, 40), bool)
    mask[:20, :20] = True
    return Prediction(
        mask=mask,
        probability=mask.astype(np.float32),
        trace={name.replace("__", "."): value for name, value in trace.items()},
        sentence="left dog",
        tokens=WORDS,
        notes=(),
    )


SQUARE = Image.new("RGB", (40, 40), "white")


def labels(html: str) -> list[str]:
    return re.findall(r"<summary[^>]*>(.*?)</summary>", html)


def alts(html: str, read: Any) -> list[str]:
    found = [attributes["alt"] for tag, attributes in read(html).tags if tag == "img"]
    return [alt for alt in found if alt != "colour scale"]


def words_of(html: str) -> list[list[tuple[str, str]]]:
    """The words with their printed weights, row by row."""
    rows = re.findall(r'<div[^>]*line-height:1.3">(.*?)</div>', html)
    return [re.findall(r">([^<>]+) <small[^>]*>([\d.]+)</small>", row) for row in rows]


def test_every_level_of_the_shipped_model_has_its_words_attention_and_gates(
    answered: tuple[Prediction, Image.Image], read: Any
) -> None:
    found, picture = answered
    html = explain_answer(found, picture)
    told = " ".join(alts(html, read))
    levels = ("c3", "c4", "c5")
    assert [label.split(":")[0] for label in labels(html)] == [
        "The answer", "Level c3", "Level c4", "Level c5", "Just before the mask",
    ]  # fmt: skip
    for level in levels:
        for name in ("attention", "memory gate", "reset gate"):
            assert f"Level {level}: {name};" in told
    first, *rows = words_of(html)
    by_level = [found.trace[f"cmsa.{level}.word_attention"][0].tolist() for level in levels]
    for row, weights in zip(rows, by_level, strict=True):
        assert row == [(w, f"{x:.2f}") for w, x in zip(found.tokens, weights, strict=True)]
    means = [sum(word) / 3 for word in zip(*by_level, strict=True)]
    assert first == [(w, f"{x:.2f}") for w, x in zip(found.tokens, means, strict=True)]


@pytest.mark.parametrize(("height", "width"), [(60, 90), (90, 60), (50, 51), (40, 40), (10, 80)])
def test_a_place_on_the_picture_keeps_its_number_when_the_bars_are_cut_off(
    height: int, width: int
) -> None:
    """Against the letterbox itself: a picture that holds in each pixel its column or its row."""
    ramp = np.zeros((height, width, 3), np.uint8)
    ramp[..., 0] = np.linspace(60, 250, width)[None]
    ramp[..., 1] = np.linspace(60, 250, height)[:, None]
    square = letterbox_image(ramp, 256) * 255
    cells = square.unflatten(1, (16, 16)).unflatten(3, (16, 16)).mean((2, 4))
    for channel in (0, 1):
        shown = on_the_picture(cells[channel], height, width)
        rows = ((np.arange(height) + 0.5) / height * shown.shape[0]).astype(int)
        columns = ((np.arange(width) + 0.5) / width * shown.shape[1]).astype(int)
        error = shown[rows][:, columns] - ramp[..., channel]
        # Within half a cell of the picture; cells on the border of a bar hold some black.
        inner = np.s_[height // 4 : -height // 4, width // 4 : -width // 4]
        assert np.abs(error[inner]).max() <= 190 / min(height, width) * max(height, width) / 16
        assert np.abs(error[inner].mean()) < 3


def test_attention_on_the_black_bars_is_not_drawn_on_the_picture() -> None:
    cells = torch.zeros(16, 16)
    cells[0] = cells[-1] = 1.0
    assert on_the_picture(cells, 50, 100).max() == 0.0
    assert on_the_picture(cells, 100, 100).max() == 1.0


def test_a_step_that_the_model_knows_nothing_of_is_left_out(read: Any) -> None:
    html = explain_answer(prediction(), SQUARE)
    assert labels(html) == ["The answer", "Just before the mask"]
    assert words_of(html) == []
    assert [alt.split(";")[0] for alt in alts(html, read)] == [
        "The answer to “left dog”: 25 % of the picture, upper left.",
        "Before the mask: probability",
    ]


def test_a_level_without_attention_still_shows_its_gates(read: Any) -> None:
    html = explain_answer(prediction(gated__c4__memory=torch.full((1, 4, 4), 0.5)), SQUARE)
    assert labels(html)[1].startswith("Level c4")
    assert "Level c4: memory gate; 0.5 everywhere" in alts(html, read)
    assert "Reset" not in html


def test_the_types_of_words_stand_beside_the_words(read: Any) -> None:
    types = torch.tensor([[[0.1, 0.6, 0.2, 0.1], [0.7, 0.1, 0.1, 0.1]]])
    html = explain_answer(prediction(cmpc__word_types=types), SQUARE)
    lines = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in html.split("<tr>")[1:]]
    assert lines == [
        ["word", "entity", "attribute", "relation", "unnecessary"],
        ["left", "0.10", "0.60", "0.20", "0.10"],
        ["dog", "0.70", "0.10", "0.10", "0.10"],
    ]


def test_maps_per_word_and_per_phrase_carry_their_names(read: Any) -> None:
    corner = torch.zeros(2, 4, 4)
    corner[0, 0, 0] = corner[1, 3, 3] = 1.0
    nodes = (Node("left dog", "dog", 0, 2), Node("dog", "dog", 1, 2))
    found = prediction(cmpc__c5__routing=corner[None], bus__shifted=corner)
    found = replace(found, graph=LanguageGraph(nodes, (Edge(0, "on", 1),), 0))
    told = alts(explain_answer(found, SQUARE), read)
    for name in ("Level c5: 1 left", "Each phrase: after: 1 left dog"):
        assert f"{name}; up to 1, high in 6 % of the picture, upper left" in told
    for name in ("Level c5: 2 dog", "Each phrase: after: 2 dog"):
        assert f"{name}; up to 1, high in 6 % of the picture, lower right" in told


def test_warnings_about_the_answer_come_with_it() -> None:
    found = replace(prediction(), notes=("words the model never saw in training: zyx",))
    assert "Note: words the model never saw in training: zyx." in explain_answer(found, SQUARE)


def test_a_sentence_is_never_run_as_html(read: Any) -> None:
    found = replace(prediction(), sentence="<script>", tokens=("<script>", "x"))
    assert "script" not in {tag for tag, _ in read(explain_answer(found, SQUARE)).tags}


def test_another_picture_is_refused() -> None:
    with pytest.raises(UserError, match="that was asked about"):
        explain_answer(prediction(), Image.new("RGB", (40, 30)))
