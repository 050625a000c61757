"""A fragment is its HTML wherever HTML is shown, and its text elsewhere."""

import copy
import pickle

import pytest

from refseg_lib.explain.fragment import Fragment

PIECE = Fragment("<b>7 %</b>", "7 percent")


def test_a_notebook_shows_the_html_and_a_terminal_the_text() -> None:
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython not installed")
    shown, _ = formatters.DisplayFormatter().format(PIECE)
    assert shown == {"text/html": "<b>7 %</b>", "text/plain": "7 percent"}


def test_it_can_be_put_into_a_larger_piece() -> None:
    assert f"<p>{PIECE}</p>" == "<p><b>7 %</b></p>"


@pytest.mark.parametrize("again", [copy.deepcopy, lambda piece: pickle.loads(pickle.dumps(piece))])
def test_a_copy_keeps_its_text(again: object) -> None:
    assert again(PIECE) == PIECE  # type: ignore[operator]
    assert again(PIECE).text == "7 percent"  # type: ignore[operator]
