"""Controls in a real JupyterLab, by mouse and by keyboard; and the notebook opened but not run."""

from collections.abc import Callable
from typing import Any

import pytest

from refseg_lib.explain.explorer import Step, explorer
from refseg_lib.explain.live import live
from refseg_lib.explain.word_row import word_row

CELL = """
from refseg_lib.errors import UserError
from refseg_lib.explain.explorer import Step, explorer
from refseg_lib.explain.live import live
from refseg_lib.explain.word_row import word_row

def render(word, sentence, size):
    if not sentence.strip():
        raise UserError("the sentence is empty: type one")
    if size == 3:
        raise ValueError("planted")
    row = word_row([word, *sentence.split()], [size, *[1] * len(sentence.split())])
    steps = [Step("The first step", row), Step("The second", "<p>b</p>")]
    return explorer(f"{word} of {size}", steps)

live(render, word=["dog", "kite"], sentence="on the left", size=(1, 5, 1))
"""


def test_controls_answer_to_mouse_and_keyboard_and_mistakes_are_one_line(
    open_notebook: Callable[..., Any], write_notebook: Callable[..., None]
) -> None:
    from playwright.sync_api import expect

    write_notebook("live", CELL.strip())
    page = open_notebook("live")
    output = page.locator(".jp-OutputArea").first
    answer = output.locator(".widget-html strong:visible").last
    expect(answer).to_have_text("dog of 1")
    # The still twin is there, for the file, but not seen twice.
    expect(output.get_by_text("dog of 1")).to_have_count(2)
    expect(output.locator("strong:visible")).to_have_count(1)

    output.get_by_label("Word").select_option("kite")
    expect(answer).to_have_text("kite of 1")
    output.get_by_label("Size").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(answer).to_have_text("kite of 2")
    page.keyboard.press("Tab")  # on to the slider
    page.keyboard.press("ArrowRight")
    expect(answer).to_contain_text("ValueError in render, line 10: planted")
    expect(output.get_by_role("spinbutton", name="Size")).to_have_value("3")
    page.keyboard.press("ArrowRight")
    expect(answer).to_have_text("kite of 4")
    sentence = output.get_by_role("textbox", name="Sentence")
    sentence.fill("")
    sentence.press("Enter")
    expect(answer).to_have_text("the sentence is empty: type one")
    sentence.fill("far away")
    sentence.press("Enter")
    expect(output.get_by_text("away").last).to_be_visible()

    second = output.locator("summary:visible", has_text="The second")
    second.focus()
    page.keyboard.press("Enter")
    expect(output.get_by_text("b", exact=True).first).to_be_visible()
    expect(output).not_to_contain_text("Traceback")
    expect(output.locator("[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(0)
    page.close()


def test_a_notebook_that_is_opened_and_not_run_shows_everything_but_the_controls(
    open_notebook: Callable[..., Any],
    write_notebook: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """JupyterLab strips scripts and style sheets from outputs that were not made here."""
    from IPython import display
    from playwright.sync_api import expect

    outputs: list[dict[str, Any]] = []

    def collect(thing: Any, raw: bool = False) -> None:
        data = thing if raw else {"text/html": thing._repr_html_(), "text/plain": thing.text}
        outputs.append({"output_type": "display_data", "metadata": {}, "data": data})

    monkeypatch.setattr(display, "display", collect)
    steps = [Step("Words", word_row(["left", "dog"], [0.2, 0.8])), Step("More", "<p>inside</p>")]
    live(lambda word: explorer(word, steps), word=["dog", "kite"])._ipython_display_()
    write_notebook("still", "live(...)", tuple(outputs))
    page = open_notebook("still", run=False)
    output = page.locator(".jp-OutputArea").first
    expect(output).to_contain_text("Run this cell to change: word.")
    assert output.locator("select, .widget-html").count() == 0
    word = output.get_by_text("left", exact=False).first
    ground = word.evaluate("word => getComputedStyle(word).backgroundColor")
    assert ground not in ("rgba(0, 0, 0, 0)", "transparent"), "the shade was stripped"
    assert not output.get_by_text("inside").is_visible()
    output.locator("summary").last.focus()
    page.keyboard.press("Enter")
    output.get_by_text("inside").wait_for(state="visible")
    page.close()
