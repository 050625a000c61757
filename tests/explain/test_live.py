"""Controls without a browser: values put in, what is shown read off."""

import sys
from typing import Any

import pytest

from refseg_lib.errors import UserError
from refseg_lib.explain.fragment import Fragment
from refseg_lib.explain.live import live

widgets = pytest.importorskip("ipywidgets", reason="the controls are made of ipywidgets")
display = pytest.importorskip("IPython.display", reason="IPython not installed")


def shout(word: str, times: int = 1, share: float = 0.5, style: Any = None) -> Fragment:
    if word == "":
        raise UserError("the word is empty: type one")
    if word == "crash":
        raise ValueError("planted\n<b>trouble</b>")
    text = f"{word * times} {share:.2f} {style}"
    return Fragment(f"<p>{text}</p>", text)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """Fills with the outputs that a cell would get."""
    outputs: list[dict[str, str]] = []

    def collect(thing: Any, raw: bool = False) -> None:
        text = {} if raw else {"text/html": thing._repr_html_(), "text/plain": thing.text}
        outputs.append(thing if raw else text)

    monkeypatch.setattr(display, "display", collect)
    return outputs


def test_a_choice_text_and_numbers_reach_the_function_as_what_they_are() -> None:
    styles = {"plain": {"size": 1}, "large": {"size": 2}}
    made = live(shout, word="dog", times=(1, 4, 1), share=(0.0, 1.0, 0.25, 0.5), style=styles)
    assert "<p>dog 0.50 {'size': 1}</p>" in made.picture.value
    made.controls["word"].value = "kite"
    made.controls["times"].value = 2
    made.controls["share"].value = 0.75
    made.controls["style"].value = 1
    assert "<p>kitekite 0.75 {'size': 2}</p>" in made.picture.value


def test_a_list_offers_its_values_in_order() -> None:
    made = live(shout, word=["dog", "kite"], times=[3, 1])
    assert [label for label, _ in made.controls["times"].options] == ["3", "1"]
    assert "dogdogdog" in made.picture.value
    made.controls["word"].value = 1
    assert "kitekitekite" in made.picture.value


def test_every_control_is_labelled() -> None:
    made = live(lambda **_: "", first_word="dog", times=(1, 4, 1), style=["a"])
    descriptions = [control.description for control in made.controls.values()]
    assert descriptions == ["First word", "Times", "Style"]


def test_a_slider_stands_beside_every_number() -> None:
    made = live(shout, word="a", times=(1, 9, 2, 3), share=(0.0, 1.0, 0.25))
    found: list[Any] = []

    def walk(widget: Any) -> None:
        found.append(widget)
        for child in getattr(widget, "children", ()):
            walk(child)

    walk(made.box)
    whole = next(widget for widget in found if isinstance(widget, widgets.IntSlider))
    assert (whole.min, whole.max, whole.step, whole.value) == (1, 9, 2, 3)
    share = next(widget for widget in found if isinstance(widget, widgets.FloatSlider))
    assert (share.min, share.max, share.step, share.value) == (0, 1, 0.25, 0)
    assert {*made.controls.values(), made.picture, made.status} <= set(found)


def test_a_mistake_of_the_readers_is_one_line_and_goes_when_mended() -> None:
    made = live(shout, word="dog")
    made.controls["word"].value = ""
    assert ">the word is empty: type one</" in made.status.value
    assert made.picture.value == "", "what was shown belongs to other values"
    made.controls["word"].value = "kite"
    assert "empty" not in made.status.value
    assert "kite" in made.picture.value
    assert made.error is None


def test_any_other_exception_is_one_line_that_says_where_and_what_to_do() -> None:
    made = live(shout, word="dog")
    made.controls["word"].value = "crash"
    assert "ValueError in shout, line " in made.status.value
    assert "planted &lt;b&gt;trouble&lt;/b&gt;" in made.status.value
    assert "Restart the kernel" in made.status.value
    assert "Traceback" not in made.status.value
    assert isinstance(made.error, ValueError)


def test_an_error_at_the_first_values_is_a_line_too(shown: list[dict[str, str]]) -> None:
    made = live(shout, word="")
    made._ipython_display_()
    assert "the word is empty" in shown[1]["text/html"]
    assert isinstance(made.error, UserError)


def test_what_a_notebook_would_not_show_as_html_is_told() -> None:
    assert "wrap a figure in show" in live(lambda word: 7, word="dog").status.value


def test_anything_that_shows_itself_as_html_will_do() -> None:
    class Card:
        def _repr_html_(self) -> str:
            return "<em>card</em>"

    assert "<em>card</em>" in live(lambda word: Card(), word="dog").picture.value


def test_the_first_values_are_shown_once_more_as_an_output_that_stays(
    shown: list[dict[str, str]],
) -> None:
    made = live(shout, word="dog", times=(1, 4, 1))
    made.controls["word"].value = "kite"
    made._ipython_display_()
    controls, still = shown
    assert "application/vnd.jupyter.widget-view+json" in controls
    assert controls["text/plain"] == "Run this cell to change: word, times."
    assert "Run this cell" in controls["text/html"]
    assert "<p>dog 0.50 None</p>" in still["text/html"]
    assert still["text/plain"] == "dog 0.50 None"


def test_while_the_controls_live_exactly_their_own_still_picture_is_hidden(
    shown: list[dict[str, str]],
) -> None:
    made, other = live(shout, word="dog"), live(shout, word="kite")
    rule = made.box.children[-1].value
    for one in (made, other):
        one._ipython_display_()
    mine, theirs = (output["text/html"].split('"')[1] for output in shown[1::2])
    assert f".{mine} {{ display: none }}" in rule
    assert theirs not in rule


def test_without_ipywidgets_the_picture_is_there_and_a_line_says_what_to_install(
    shown: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    live(shout, word="dog")._ipython_display_()
    line, still = shown
    assert "pip install" in line["text/plain"]
    assert "<p>dog 0.50 None</p>" in still["text/html"]


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({}, "no choice"),
        ({"word": []}, "something in it"),
        ({"word": {}}, "something in it"),
        ({"word": 3}, "free text"),
        ({"word": ("dog", "kite", "ball")}, "a tuple is a range"),
        ({"word": (1, 2)}, "a tuple is a range"),
        ({"word": (2, 1, 1)}, "low must be below high"),
        ({"word": (1, 2, 0)}, "step above 0"),
        ({"word": (1, 2, 1, 3)}, "first value between"),
    ],
)
def test_a_choice_that_offers_nothing_is_told(choices: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        live(shout, **choices)
