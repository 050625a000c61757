"""Each word carries its own weight, the heaviest the darkest ground, and all can be read."""

import re
from typing import Any

import numpy as np
import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.explain.word_row import shade, word_row


def luminance(color: str) -> float:
    """WCAG's relative luminance of ``#rrggbb``."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def grounds(html: str) -> list[float]:
    return [luminance(color) for color in re.findall(r"background-color:(#\w{6})", html)]


@pytest.mark.parametrize("share", np.linspace(0, 1, 201))
def test_every_shade_can_be_read(share: float) -> None:
    light, dark = sorted(map(luminance, shade(share)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_weight_stands_with_its_word(read: Any) -> None:
    page = read(word_row(["left", "dog"], [0.25, 0.75]))
    assert page.text.split() == ["left", "0.25", "dog", "0.75"]


def test_a_heavier_word_is_darker_and_the_heaviest_darkest() -> None:
    weights = [0.1, 0.4, 0.0, 0.2]
    shades = grounds(word_row(list("abcd"), weights))
    assert np.argsort(shades).tolist() == np.argsort(weights)[::-1].tolist()
    # Three words or thirty: the heaviest is always seen.
    assert min(shades) == min(grounds(word_row(["a"], [0.01])))


def test_no_weight_at_all_is_no_shade_at_all() -> None:
    assert grounds(word_row(["a", "b"], [0, 0])) == [max(grounds(word_row("ab", [0, 1])))] * 2


def test_words_of_people_are_never_run_as_html(read: Any) -> None:
    page = read(word_row(["<script>", "&"], [0.5, 0.5]))
    assert "script" not in {tag for tag, _ in page.tags}
    assert "<script>" in page.text


def test_chinese_is_read_by_a_chinese_voice() -> None:
    assert 'lang="zh"' in word_row(["左边", "的", "狗"], [0.2, 0.1, 0.7])
    assert "lang=" not in word_row(["dog"], [1])


def test_a_tensor_inside_a_graph_of_gradients_will_do() -> None:
    weights = torch.tensor([0.5, 0.5], requires_grad=True).softmax(0)
    assert "0.50" in word_row(["a", "b"], weights)


@pytest.mark.parametrize(
    ("words", "weights", "said"),
    [
        (["a", "b"], [1.0], "2 words"),
        ([], [], "at least one"),
        (["a"], [[1.0]], r"\(1, 1\)"),
        (["a"], [-0.5], "-0.5"),
        (["a"], [float("nan")], "nan"),
    ],
)
def test_weights_that_do_not_fit_are_told(words: list, weights: list, said: str) -> None:
    with pytest.raises(UserError, match=said):
        word_row(words, weights)
