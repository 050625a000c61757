"""Chinese beside the English: finished work is kept, failures are asked for again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from refseg_lib.data.asking import GIVE_UP_AFTER
from refseg_lib.data.translating import translate_dataset
from refseg_lib.data.translation_file import Translation, english_hash, open_translations
from refseg_lib.data.translators import Translator
from refseg_lib.errors import UserError


def noted(asked: list[str]) -> Callable[[list[str]], list[str]]:
    """A translator that notes what it is asked."""

    def translate(texts: list[str]) -> list[str]:
        asked.extend(texts)
        return [f"译{text}" for text in texts]

    return translate


def entries(mini: Any) -> dict[str, Any]:
    path = mini.folder / "refs(unc).zh.json"
    return json.loads(path.read_text(encoding="utf-8"))["sentences"]


def test_every_sentence_is_translated_with_its_provenance(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    seen: list[tuple[int, int]] = []
    outcome = translate_dataset(
        mini.refs_path, Translator("me", noted([])), batch=2, progress=lambda *n: seen.append(n)
    )
    assert (outcome.total, outcome.translated, outcome.complaint) == (5, 5, None)
    assert entries(mini)["100"] == {
        "sent": "译the tree",
        "provenance": "me",
        "status": "machine",
        "english_sha256": english_hash("the tree"),
    }
    assert [entries(mini)[n]["sent"] for n in ("0", "1", "200", "300")] == [
        "译left dog", "译dog on the left", "译boy", "译red ball",
    ]  # fmt: skip
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_the_same_english_is_asked_for_once(mini) -> None:  # type: ignore[no-untyped-def]
    mini.refs[3]["sentences"][0]["sent"] = "boy"
    mini.write()
    asked: list[str] = []
    outcome = translate_dataset(mini.refs_path, Translator("me", noted(asked)))
    assert sorted(asked) == ["boy", "dog on the left", "left dog", "the tree"]
    assert outcome.translated == 5
    assert entries(mini)["300"]["sent"] == "译boy"


def test_a_second_call_asks_only_for_what_failed(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()

    def picky(texts: list[str]) -> list[str]:
        if "boy" in texts:
            raise ValueError("never heard of boys")
        return ["" if text == "red ball" else f"译{text}" for text in texts]

    outcome = translate_dataset(mini.refs_path, Translator("picky", picky))
    assert list(outcome.failed) == [200, 300]
    complaint = outcome.complaint or ""
    assert "2 of 5" in complaint
    assert "sent_id 200: ValueError: never heard of boys" in complaint
    assert "run the same again" in complaint
    assert entries(mini)["200"]["status"] == "failed"
    assert entries(mini)["200"]["sent"] == ""
    assert "empty" in entries(mini)["300"]["reason"]
    asked: list[str] = []
    assert translate_dataset(mini.refs_path, Translator("me", noted(asked))).translated == 2
    assert asked == ["boy", "red ball"]
    assert entries(mini)["200"]["provenance"] == "me"
    assert entries(mini)["0"]["provenance"] == "picky"


def test_what_was_finished_before_ctrl_c_is_on_disk(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()

    def stopped(texts: list[str]) -> list[str]:
        if "boy" in texts:
            raise KeyboardInterrupt
        return [f"译{text}" for text in texts]

    with pytest.raises(KeyboardInterrupt):
        translate_dataset(mini.refs_path, Translator("me", stopped), batch=1)
    assert list(entries(mini)) == ["0", "1", "100"]


def test_what_was_saved_survives_a_kill(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from refseg_lib.data.translating import translate_dataset\n"
        "from refseg_lib.data.translators import Translator\n"
        "def f(texts):\n"
        "    if 'boy' in texts: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return ['译' + text for text in texts]\n"
        "translate_dataset(Path(sys.argv[1]), Translator('f', f), batch=1, save_seconds=0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(mini.refs_path)], env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert list(entries(mini)) == ["0", "1", "100"]


@pytest.mark.parametrize("status", ["accepted", "corrected"])
def test_what_a_person_decided_is_never_replaced(mini, status: str) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    path = mini.folder / "refs(unc).zh.json"
    file = open_translations(path)
    human = Translation("男孩", "me", status, english_hash("man"))
    file.put(200, human)
    file.put(300, Translation("球", "me", status, english_hash("red ball")))
    file.save()
    asked: list[str] = []
    outcome = translate_dataset(mini.refs_path, Translator("you", noted(asked)))
    assert asked == ["left dog", "dog on the left", "the tree"]
    assert entries(mini)["300"]["status"] == status
    # Its English was "man" then, and a person should look again; the words stay.
    assert outcome.outdated == 1
    assert (entries(mini)["200"]["sent"], entries(mini)["200"]["status"]) == ("男孩", "outdated")


def test_a_review_meanwhile_comes_first(mini) -> None:  # type: ignore[no-untyped-def]
    """Somebody corrects a sentence in the same file while the translator is still working."""
    mini.write()
    path = mini.folder / "refs(unc).zh.json"

    def slow(texts: list[str]) -> list[str]:
        if "boy" in texts:
            review = open_translations(path)
            review.put(0, Translation("左狗", status="corrected"))
            review.put(300, Translation("我的球", status="corrected"))
            review.save()
        return [f"译{text}" for text in texts]

    translate_dataset(mini.refs_path, Translator("slow", slow), batch=1, save_seconds=0)
    assert [entry["sent"] for entry in entries(mini).values()] == [
        "左狗", "译dog on the left", "译the tree", "译boy", "我的球",
    ]  # fmt: skip


def test_a_changed_english_sentence_is_translated_anew(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    translate_dataset(mini.refs_path, Translator("me", noted([])))
    mini.refs[2]["sentences"][0]["sent"] = "girl"
    mini.write()
    asked: list[str] = []
    translate_dataset(mini.refs_path, Translator("me", noted(asked)))
    assert asked == ["girl"]
    assert entries(mini)["200"]["sent"] == "译girl"


def test_rejected_words_do_not_come_back(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    path = mini.folder / "refs(unc).zh.json"
    file = open_translations(path)
    for number, words in ((200, "译boy"), (300, "坏球")):
        file.put(number, Translation("", "old", "rejected", rejected=(words,)))
    file.save()
    translate_dataset(mini.refs_path, Translator("me", noted([])))
    assert (entries(mini)["200"]["status"], entries(mini)["200"]["sent"]) == ("rejected", "")
    assert (entries(mini)["300"]["status"], entries(mini)["300"]["sent"]) == (
        "machine",
        "译red ball",
    )
    assert entries(mini)["300"]["rejected"] == ["坏球"]


def test_a_broken_translator_is_given_up_and_the_rest_is_left_for_next_time(mini) -> None:  # type: ignore[no-untyped-def]
    mini.refs[0]["sentences"] = [
        {"sent_id": number, "sent": f"dog {number}"} for number in range(60)
    ]
    mini.write()
    calls: list[int] = []

    def broken(texts: list[str]) -> list[str]:
        calls.append(len(texts))
        raise ConnectionError("down")

    outcome = translate_dataset(mini.refs_path, Translator("net", broken), batch=8)
    assert outcome.gave_up
    assert len(outcome.failed) == GIVE_UP_AFTER
    assert len(calls) == GIVE_UP_AFTER + 2, "two batches, then one by one"
    assert "gave up" in (outcome.complaint or "")
    assert len(entries(mini)) == GIVE_UP_AFTER


def test_finished_translations_by_number_come_first_if_their_english_is_the_same(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    asked: list[str] = []
    translator = Translator(
        "file",
        noted(asked),
        {0: "左边的狗", 200: "女孩", 999: "无"},
        {0: " left  dog", 200: "girl"},
    )
    outcome = translate_dataset(mini.refs_path, translator)
    assert entries(mini)["0"]["sent"] == "左边的狗"
    assert asked == ["dog on the left", "the tree", "red ball"]
    assert "another English sentence, 'girl' instead of 'boy'" in outcome.failed[200]


def test_an_empty_english_sentence_is_not_sent_to_anybody(mini) -> None:  # type: ignore[no-untyped-def]
    mini.refs[2]["sentences"][0]["sent"] = " "
    mini.write()
    asked: list[str] = []
    outcome = translate_dataset(mini.refs_path, Translator("me", noted(asked)))
    assert len(asked) == 4
    assert "English sentence is empty" in outcome.failed[200]


def test_another_file_can_be_written(mini, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    out = tmp_path / "elsewhere" / "mine.zh.json"
    assert translate_dataset(mini.refs_path, Translator("me", noted([])), out).path == out
    assert len(json.loads(out.read_bytes())["sentences"]) == 5
    assert not (mini.folder / "refs(unc).zh.json").exists()


def test_a_batch_of_none_is_refused(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    with pytest.raises(UserError, match="--batch 0"):
        translate_dataset(mini.refs_path, Translator("me", noted([])), batch=0)
