"""The review driven in a real JupyterLab: accept, correct, close, reopen, go on at the third."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from refseg_lib.data.translating import translate_dataset
from refseg_lib.data.translators import Translator
from refseg_lib.parkref.translating import PROVENANCE, translate_sentences
from refseg_lib.parkref.writing import make_parkref


@pytest.fixture
def folder(lab_folder: Path, write_notebook: Callable[..., None]) -> Path:
    """A tiny ParkRef whose unc sentences are translated and not reviewed, and two equal
    notebooks: the second one has a kernel of its own."""
    parkref = make_parkref(lab_folder, train_images=2, height=128, workers=1)
    for other in ("uncplus", "gref", "referit"):
        (parkref / f"refs({other}).p").unlink()
    (parkref / "refs(unc).zh.json").unlink()
    translate_dataset(parkref / "refs(unc).p", Translator(PROVENANCE, translate_sentences))
    for name in ("first", "again"):
        write_notebook(name, "from refseg_lib.explain.review import review\nreview('parkref')")
    return parkref


def test_accept_correct_close_reopen_and_go_on_at_the_third(
    open_notebook: Callable[..., Any], folder: Path
) -> None:
    from playwright.sync_api import Locator, Page, expect

    file = folder / "refs(unc).zh.json"
    before = json.loads(file.read_text(encoding="utf-8"))["sentences"]
    one, two, three, *others = before

    def open_review(notebook: str) -> tuple[Page, Locator]:
        page = open_notebook(notebook)
        panel = page.locator(".refseg-review").first
        panel.locator("img").wait_for()
        return page, panel

    page, panel = open_review("first")
    field, picture = panel.get_by_label("Chinese"), panel.locator("img")
    expect(field).to_have_value(before[one]["sent"])
    assert "% of the picture" in (picture.get_attribute("alt") or "")
    assert picture.evaluate("image => image.naturalWidth") > 300
    panel.get_by_role("button", name="Accept").click()
    expect(panel).to_contain_text("Sentence 2 of")
    expect(field).to_have_value(before[two]["sent"])
    # By keyboard alone: other words, Enter.
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("右边最大的气球")
    expect(panel.get_by_role("button", name="Accept")).to_be_disabled()
    expect(panel.get_by_role("button", name="Save correction")).to_be_enabled()
    page.keyboard.press("Enter")
    expect(panel).to_contain_text("Sentence 3 of")
    page.close()

    page, panel = open_review("again")
    expect(panel).to_contain_text("Sentence 3 of")
    expect(panel).to_contain_text("1 accepted · 1 corrected · 0 rejected")
    expect(panel.get_by_label("Chinese")).to_have_value(before[three]["sent"])
    panel.get_by_label("Chinese").focus()
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent"))
    assert reached == ["Accept", "Reject", "Back", "Next"]
    page.close()

    after = json.loads(file.read_text(encoding="utf-8"))["sentences"]
    assert (after[one]["sent"], after[one]["status"]) == (before[one]["sent"], "accepted")
    assert (after[two]["sent"], after[two]["status"]) == ("右边最大的气球", "corrected")
    assert after[two]["machine"] == before[two]["sent"]
    untouched = (three, *others)
    assert {n: after[n] for n in untouched} == {n: before[n] for n in untouched}
