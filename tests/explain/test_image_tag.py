"""A picture cannot come onto a page without words, and its words cannot break the page."""

from typing import Any

import pytest
from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.explain.image_tag import image_tag

PICTURE = Image.new("RGB", (30, 20), "green")


def test_the_alt_text_arrives_as_it_was_given(read: Any) -> None:
    alt = 'what "the <b>dog</b>" means & where'
    [(tag, attributes)] = read(image_tag(PICTURE, alt)).tags
    assert (tag, attributes["alt"], attributes["width"]) == ("img", alt, "30")
    assert attributes["src"].startswith("data:image/")


def test_a_width_is_that_of_the_page_not_of_the_file(read: Any) -> None:
    small, large = (read(image_tag(PICTURE, "x", width)).tags[0][1] for width in (15, 300))
    assert (small["width"], large["width"]) == ("15", "300")
    assert small["src"] == large["src"]


@pytest.mark.parametrize(("alt", "width", "said"), [(" ", 10, "alt text"), ("a", 0, "0 pixels")])
def test_a_picture_that_nobody_would_see_is_refused(alt: str, width: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        image_tag(PICTURE, alt, width)


def test_beside_something_higher_a_picture_keeps_its_shape(browser: Any) -> None:
    page = browser.new_page()
    high = '<div style="height:200px">a table</div>'
    page.set_content(f'<div style="display:flex">{high}{image_tag(PICTURE, "a park")}</div>')
    box = page.locator("img").bounding_box()
    assert (box["width"], box["height"]) == (30, 20)
    page.close()
