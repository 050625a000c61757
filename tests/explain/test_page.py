"""The page of answers: whole in one file, true to the masks, readable by everybody."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from refseg_lib.explain.page import SHOWN_WIDTH, Case, result_page, write_page


def pictures(page: Any) -> list[tuple[str, np.ndarray]]:
    """Alt text and pixels of every picture."""
    found = []
    for tag, attributes in page.tags:
        if tag == "img":
            data = base64.b64decode(attributes["src"].partition(";base64,")[2])
            pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
            found.append((attributes["alt"], pixels))
    return found


def test_the_page_needs_nothing_but_itself(cases: list[Case], rows: Any, read: Any) -> None:
    page = read(result_page(cases, "Title", rows=rows))
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object")
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("src", "data:image/").startswith("data:image/")
        assert "href" not in attributes
    assert not re.search(r"url\(|@import|https?:", result_page(cases, "Title", rows=rows))


def test_what_people_typed_is_shown_as_text_and_never_run(cases: list[Case], read: Any) -> None:
    hostile = cases[1].sentence
    page = read(result_page(cases, hostile, hostile))
    assert "script" not in {tag for tag, _ in page.tags}
    # Title, heading, introduction, sentence, line below it and the model's name.
    assert page.text.count(hostile) == 6


def test_every_picture_is_described(cases: list[Case], read: Any) -> None:
    alts = [alt for alt, _ in pictures(read(result_page(cases, "Title")))]
    assert len(alts) == 4 + 1 + 2
    assert all(len(alt) > 5 for alt in alts)
    assert alts[1] == "The truth for “左边的狗”: 8 % of the picture, centre."
    assert "IoU 33.3 %" in alts[2]


def test_each_answer_carries_its_iou_by_hand_and_its_verdict(cases: list[Case], read: Any) -> None:
    text = " ".join(read(result_page(cases, "Title")).text.split())
    assert "baseline IoU 33.3 % ✗ missed" in text
    assert "CMSA IoU 100.0 % ✓ found" in text
    assert "sure of it" in text


def test_without_a_truth_no_score_is_made_up(cases: list[Case], read: Any) -> None:
    text = read(result_page(cases[1:], "Title")).text
    assert "%" not in text.partition("What is meant")[0]


def test_the_pictures_show_the_masks_they_speak_of(cases: list[Case], read: Any) -> None:
    """Inside a mask the picture keeps its green, outside it is darker."""
    shown = pictures(read(result_page(cases[:1], "Title")))
    scale = SHOWN_WIDTH // 40
    for (_, pixels), x0 in zip(shown[1:4], (10, 15, 10), strict=True):
        assert pixels.shape == (30 * scale, SHOWN_WIDTH, 3)
        inside = pixels[6 * scale : 14 * scale, (x0 + 1) * scale : (x0 + 9) * scale]
        outside = pixels[20 * scale :, :]
        assert np.abs(inside.astype(int) - (90, 140, 90)).mean() < 4
        assert outside.mean() < inside.mean() - 20
    assert np.abs(shown[0][1].astype(int) - (90, 140, 90)).mean() < 4


def test_a_sentence_says_which_language_it_is_read_in(cases: list[Case], read: Any) -> None:
    headings = [a for tag, a in read(result_page(cases, "Title")).tags if tag == "h3"]
    assert [attributes["lang"] for attributes in headings] == ["zh", "en"]


def test_headings_come_in_order(cases: list[Case], rows: Any, read: Any) -> None:
    page = read(result_page(cases, "Title", rows=rows))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels == [1, 2, 2, 3, 3]


def test_a_page_without_scores_or_without_sentences_is_still_a_page(read: Any, rows: Any) -> None:
    assert "Scores" not in read(result_page([], "Title")).text
    assert "Scores" in read(result_page([], "Title", rows=rows)).text


def test_the_page_is_written_as_utf_8(cases: list[Case], tmp_path: Path) -> None:
    html = result_page(cases, "Title")
    write_page(tmp_path / "new" / "index.html", html)
    assert (tmp_path / "new" / "index.html").read_text(encoding="utf-8") == html
    assert '<meta charset="utf-8">' in html[:200]


def test_in_a_browser_with_scripts_off_it_fits_a_telephone_and_opens_by_keyboard(
    browser: Any, cases: list[Case], rows: Any, tmp_path: Path
) -> None:
    write_page(tmp_path / "index.html", result_page(cases, "Title", "Text.", rows))
    page = browser.new_context(
        viewport={"width": 360, "height": 700}, java_script_enabled=False
    ).new_page()
    page.goto((tmp_path / "index.html").as_uri())
    panel = page.get_by_alt_text("Word attention.")
    assert not panel.is_visible()
    page.locator("summary").press("Enter")
    panel.wait_for(state="visible", timeout=5000)
    for figure in page.locator("figure, h1, h3, .scroll").all():
        box = figure.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_in_light_and_dark(
    browser: Any, cases: list[Case], rows: Any, tmp_path: Path, scheme: str
) -> None:
    """Every text against the nearest painted ground behind it: 4.5 to 1 (WCAG AA)."""
    write_page(tmp_path / "index.html", result_page(cases, "Title", "Text.", rows))
    page = browser.new_context(color_scheme=scheme).new_page()
    page.goto((tmp_path / "index.html").as_uri())
    pairs = page.evaluate(
        """() => [...document.querySelectorAll(
            'h1,h2,h3,p,th,td,caption,figcaption,.score,.note,summary,footer')].map(e => {
          let ground = e;
          while (getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)')
            ground = ground.parentElement;
          return [getComputedStyle(e).color, getComputedStyle(ground).backgroundColor];
        })"""
    )

    def luminance(color: str) -> float:
        channels = [int(number) / 255 for number in re.findall(r"\d+", color)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert len(pairs) > 20
    for ink, paper in set(map(tuple, pairs)):
        bright, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)
    grounds = {paper for _, paper in map(tuple, pairs)}
    assert all((luminance(paper) > 0.5) == (scheme == "light") for paper in grounds)
