"""The panel without a browser: its buttons pressed, its fields typed into."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco

from refseg_lib.data.english import read_english
from refseg_lib.data.review_session import ReviewSession
from refseg_lib.data.translating import translate_dataset
from refseg_lib.data.translation_file import Translation, open_translations
from refseg_lib.data.translators import Translator
from refseg_lib.errors import UserError
from refseg_lib.explain.review import Panel, lay_out, make_panel, review
from refseg_lib.explain.review_picture import Pictures
from refseg_lib.parkref.writing import make_parkref

pytest.importorskip("ipywidgets", reason="the panel is made of ipywidgets")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_parkref(tmp_path_factory.mktemp("park"), train_images=1, height=64, workers=1)


@pytest.fixture
def refs(drawn: Path) -> Path:
    """Translated, and not looked at."""
    path = drawn / "refs(unc).p"
    (drawn / "refs(unc).zh.json").unlink()
    translate_dataset(path, Translator("me", lambda texts: [f"译{text}" for text in texts]))
    return path


@pytest.fixture
def panel(refs: Path) -> Panel:
    """The review of one picture."""
    return make_panel(ReviewSession(refs, split="train"), Pictures(refs))


def on_disk(refs: Path) -> list[dict[str, Any]]:
    """The entries of that picture, whose sentences have the smallest numbers."""
    data = json.loads(refs.with_suffix(".zh.json").read_bytes())["sentences"]
    return [entry for number, entry in data.items() if int(number) < 1_000_000]


def enter(panel: Panel) -> None:
    """What the browser sends when Enter is pressed in the field."""
    panel.chinese._handle_custom_msg({"event": "submit"}, [])


def test_accepting_shows_the_next_sentence_and_is_on_disk(panel: Panel, refs: Path) -> None:
    first, second = (entry["sent"] for entry in on_disk(refs)[:2])
    assert panel.chinese.value == first
    panel.buttons["accept"].click()
    assert panel.chinese.value == second
    assert on_disk(refs)[0]["status"] == "accepted"
    assert second.removeprefix("译") in panel.english.value
    assert "Sentence 2 of" in panel.progress.value
    assert "Accepted" in panel.status.value


def test_typing_offers_to_save_and_no_longer_to_accept(panel: Panel, refs: Path) -> None:
    """Else a slip would accept the machine's words and lose the typed ones."""
    accept, correct = panel.buttons["accept"], panel.buttons["correct"]
    assert (accept.disabled, correct.disabled) == (False, True)
    panel.chinese.value = "左边的狗"
    assert (accept.disabled, correct.disabled) == (True, False)
    correct.click()
    assert (on_disk(refs)[0]["sent"], on_disk(refs)[0]["status"]) == ("左边的狗", "corrected")
    assert (accept.disabled, correct.disabled) == (False, True)


def test_enter_accepts_what_is_unchanged_and_saves_what_is_not(panel: Panel, refs: Path) -> None:
    enter(panel)
    panel.chinese.value = "狗"
    enter(panel)
    assert [entry["status"] for entry in on_disk(refs)[:3]] == ["accepted", "corrected", "machine"]
    panel.chinese.value = "   "
    enter(panel)
    assert on_disk(refs)[2]["status"] == "accepted", "an emptied field is no correction"


def test_back_next_and_undo_walk_and_change_nothing_else(panel: Panel, refs: Path) -> None:
    before = on_disk(refs)
    assert panel.buttons["back"].disabled
    assert panel.buttons["undo"].disabled
    panel.buttons["skip"].click()
    panel.buttons["reject"].click()
    assert "rejected" in panel.progress.value
    panel.buttons["undo"].click()
    panel.buttons["back"].click()
    assert panel.chinese.value == before[0]["sent"]
    assert on_disk(refs) == before


def test_a_second_reviewer_is_told_and_can_read_the_file_again(panel: Panel, refs: Path) -> None:
    ReviewSession(refs).correct("他们的")
    panel.buttons["accept"].click()
    assert "changed by somebody else" in panel.status.value
    assert "wrong" in panel.status.value
    assert panel.buttons["reload"].layout.display == ""
    panel.buttons["reload"].click()
    assert panel.chinese.value == "他们的"
    assert panel.buttons["reload"].layout.display == "none"


def test_at_the_end_nothing_is_left_to_press_but_back_and_undo(panel: Panel, refs: Path) -> None:
    for _ in on_disk(refs):
        panel.buttons["accept"].click()
    pressable = {name for name, button in panel.buttons.items() if not button.disabled}
    assert pressable - {"reload"} == {"back", "undo"}
    assert "All sentences are decided" in panel.english.value
    assert panel.picture.value == ""
    panel.buttons["back"].click()
    assert "<img" in panel.picture.value


def test_the_picture_is_described_for_those_who_do_not_see_it(panel: Panel) -> None:
    session = panel.session
    assert session.current
    assert f'alt="What “{session.current.english.sent}” means: ' in panel.picture.value
    assert "% of the picture" in panel.picture.value
    darkened = panel.picture.value
    panel.darken.value = False
    assert panel.picture.value != darkened


def test_words_of_the_data_are_never_run_as_html(refs: Path) -> None:
    file = open_translations(refs.with_suffix(".zh.json"))
    [number, *_] = json.loads(refs.with_suffix(".zh.json").read_bytes())["sentences"]
    file.put(int(number), Translation("", "x", "failed", reason="<script>alert(1)</script>"))
    file.save()
    panel = make_panel(ReviewSession(refs), Pictures(refs))
    assert "&lt;script&gt;" in panel.status.value
    assert "<script" not in panel.status.value
    assert panel.buttons["accept"].disabled


def test_the_panel_holds_every_widget_in_the_order_of_work(panel: Panel) -> None:
    found: list[Any] = []

    def walk(widget: Any) -> None:
        found.append(widget)
        for child in getattr(widget, "children", ()):
            walk(child)

    walk(lay_out(panel))
    order = [panel.picture, panel.english, panel.chinese]
    order += [panel.buttons[name] for name in ("accept", "correct", "reject", "back", "skip")]
    places = [found.index(widget) for widget in order]
    assert places == sorted(places)
    assert {panel.status, panel.progress, panel.darken, *panel.buttons.values()} <= set(found)


def test_a_folder_with_several_refs_files_asks_which(refs: Path) -> None:
    with pytest.raises(UserError, match="say which, refs= one of gref, referit, unc, uncplus"):
        review(refs.parent)
    assert review(refs.parent, "unc", split="val", reviewer="Li").children


def test_the_picture_belongs_to_its_sentence(refs: Path) -> None:
    """Against the annotation itself, read without the data set's reader."""
    instances = json.loads((refs.parent / "instances.json").read_bytes())
    annotations = {entry["id"]: entry for entry in instances["annotations"]}
    objects = {ref["ref_id"]: ref["ann_id"] for ref in pickle.loads(refs.read_bytes())}
    pictures = Pictures(refs)
    for sentence in read_english(refs):
        _, mask = pictures.look_up(sentence)
        truth = coco.decode(annotations[objects[sentence.ref_id]]["segmentation"])
        assert np.array_equal(mask, truth.astype(bool))
