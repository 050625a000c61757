"""Captions: nothing of the sentence is lost, nothing runs over the edge, the picture stays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from refseg_lib.explain.caption import PAPER, caption, font_for, wrap

LONG = "the second woman from the left who is holding a striped umbrella next to the big pond"


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abc ijWM,狗在树下的。", max_size=60), st.integers(60, 300))
def test_wrapping_loses_no_character_and_keeps_the_width(text: str, width: int) -> None:
    font = font_for("狗", 14)
    rows = wrap(text, font, width)
    assert "".join(rows).replace(" ", "") == "".join(text.split())
    assert all(font.getlength(row) <= width for row in rows)


def test_english_breaks_between_words_only() -> None:
    rows = wrap(LONG, font_for(LONG, 14), 200)
    assert len(rows) > 2
    assert " ".join(rows) == LONG


def test_one_endless_word_is_broken_rather_than_cut_off() -> None:
    font = font_for("x", 14)
    rows = wrap("x" * 100, font, 120)
    assert "".join(rows) == "x" * 100
    assert max(font.getlength(row) for row in rows) <= 120


def test_the_picture_is_untouched_and_the_text_stands_below_it() -> None:
    picture = Image.effect_noise((200, 80), 60).convert("RGB")
    sheet = np.asarray(caption(picture, LONG))
    assert np.array_equal(sheet[:80], np.asarray(picture))
    below = sheet[80:]
    ink = (below != PAPER).any(-1)
    assert ink.any()
    assert not ink[:, 0].any()
    assert not ink[:, -1].any()
    assert not ink[-1].any()


def test_more_text_gets_more_room() -> None:
    picture = Image.new("RGB", (200, 80))
    short, long = caption(picture, "dog"), caption(picture, LONG)
    assert short.height < long.height


@pytest.mark.parametrize("text", ["", "   ", "🙂", "line\nbreak"])
def test_odd_texts_are_drawn_without_a_crash(text: str) -> None:
    assert caption(Image.new("RGB", (100, 20)), text).width == 100
