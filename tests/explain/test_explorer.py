"""An explorer opens step by step with a mouse or a keyboard, and needs nothing but itself."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.explain.explorer import Step, explorer

PICTURE = Image.new("RGB", (30, 20), "green")
STEPS = [
    Step("The picture", PICTURE, alt="a green picture"),
    Step("Numbers <1>", np.zeros((4, 4, 3), np.uint8), "First.\n\nThen <b>.", "a black square"),
    Step("Made elsewhere", "<p><em>as it is</em></p>"),
]


def test_the_first_step_is_open_and_no_other(read: Any) -> None:
    page = read(explorer("Title", STEPS))
    opened = ["open" in attributes for tag, attributes in page.tags if tag == "details"]
    assert opened == [True, False, False]


def test_everything_is_there_in_the_order_given(read: Any) -> None:
    page = read(explorer("A <title>", STEPS))
    told = ["A <title>", "The picture", "Numbers <1>", "First.", "Then <b>.", "Made", "as it is"]
    places = [page.text.index(part) for part in told]
    assert places == sorted(places)
    alts = [attributes["alt"] for tag, attributes in page.tags if tag == "img"]
    assert alts == ["a green picture", "a black square"]


def test_it_works_where_scripts_and_style_sheets_are_stripped_and_when_shown_twice(
    read: Any,
) -> None:
    page = read(explorer("Title", STEPS) * 2)
    for tag, attributes in page.tags:
        assert tag not in ("script", "style", "link", "a")
        assert not {"id", "for", "href", "class"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("src", "data:image/").startswith("data:image/")


def test_html_is_taken_as_it_is_and_plain_text_is_not(read: Any) -> None:
    page = read(explorer("Title", STEPS))
    assert [tag for tag, _ in page.tags].count("em") == 1
    assert "b" not in {tag for tag, _ in page.tags}


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "no step"),
        ([Step(" ", PICTURE, alt="x")], "no label"),
        ([Step("a", PICTURE)], "alt text"),
    ],
)
def test_an_explorer_that_would_show_nothing_is_refused(steps: list[Step], said: str) -> None:
    with pytest.raises(UserError, match=said):
        explorer("Title", steps)


def test_with_scripts_off_the_keyboard_opens_and_closes_every_step(
    browser: Any, tmp_path: Path
) -> None:
    html = f'<!DOCTYPE html><html lang="en"><title>x</title>{explorer("Title", STEPS) * 2}</html>'
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    page = browser.new_context(
        viewport={"width": 320, "height": 600}, java_script_enabled=False
    ).new_page()
    page.goto((tmp_path / "index.html").as_uri())
    hidden = page.get_by_alt_text("a black square").last
    assert page.get_by_alt_text("a green picture").last.is_visible()
    assert not hidden.is_visible()
    # From the top of the page: five stops to the second step of the second explorer.
    for _ in range(5):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    hidden.wait_for(state="visible", timeout=10_000)
    page.keyboard.press("Space")
    hidden.wait_for(state="hidden", timeout=10_000)
    for box in (element.bounding_box() for element in page.locator("details").all()):
        assert box["x"] + box["width"] <= 320
