"""Every decision is on disk at once; nothing is lost and nobody is overwritten."""

import json
from typing import Any

import pytest

from refseg_lib.data.chinese import read_chinese
from refseg_lib.data.review_session import Counts, ReviewSession
from refseg_lib.data.translation_file import Translation, english_hash, open_translations
from refseg_lib.errors import UserError

NUMBERS = (0, 1, 100, 200, 300)


@pytest.fixture
def desk(mini: Any) -> Any:
    """Five sentences, translated by a machine and not looked at."""
    mini.write()
    file = open_translations(mini.folder / "refs(unc).zh.json")
    for number in NUMBERS:
        file.put(number, Translation(f"译{number}", "me"))
    file.save()
    return mini


def on_disk(mini: Any) -> dict[str, Any]:
    return json.loads((mini.folder / "refs(unc).zh.json").read_bytes())["sentences"]


def shown(session: ReviewSession) -> int | None:
    return session.current.english.sent_id if session.current else None


def test_each_decision_is_on_disk_before_the_next_sentence_comes(desk) -> None:  # type: ignore[no-untyped-def]
    session = ReviewSession(desk.refs_path, reviewer="Li")
    session.accept()
    assert on_disk(desk)["0"] == {
        "sent": "译0", "provenance": "me", "status": "accepted", "reviewer": "Li",
        "english_sha256": english_hash("left dog"),
    }  # fmt: skip
    session.correct("  左边的狗 ")
    entry = on_disk(desk)["1"]
    assert (entry["sent"], entry["status"], entry["machine"]) == ("左边的狗", "corrected", "译1")
    session.reject()
    entry = on_disk(desk)["100"]
    assert (entry["sent"], entry["status"], entry["rejected"]) == ("", "rejected", ["译100"])
    assert session.counts == Counts(total=5, accepted=1, corrected=1, rejected=1)
    assert session.counts.decided == 3
    # What was rejected must not be trained on.
    assert 100 not in read_chinese(desk.folder / "refs(unc).zh.json")
    assert on_disk(desk)["200"] == {"sent": "译200", "provenance": "me", "status": "machine"}


def test_opened_again_it_goes_on_at_the_first_undecided(desk) -> None:  # type: ignore[no-untyped-def]
    session = ReviewSession(desk.refs_path)
    session.accept()
    session.skip()
    session.accept()
    assert shown(ReviewSession(desk.refs_path)) == 1


def test_it_ends_when_all_are_decided_and_one_can_go_back(desk) -> None:  # type: ignore[no-untyped-def]
    session = ReviewSession(desk.refs_path)
    for _ in NUMBERS:
        session.accept()
    assert session.current is None
    with pytest.raises(UserError, match="all sentences are decided"):
        session.accept()
    session.back()
    assert shown(session) == 300
    session.correct("球")
    assert on_disk(desk)["300"]["status"] == "corrected"
    assert ReviewSession(desk.refs_path).current is None


def test_what_is_skipped_comes_round_again(desk) -> None:  # type: ignore[no-untyped-def]
    session = ReviewSession(desk.refs_path)
    session.skip()
    for _ in NUMBERS[1:]:
        session.accept()
    assert shown(session) == 0
    session.skip()
    assert shown(session) == 0, "the only one left"


def test_back_stops_at_the_first_and_next_leads_to_the_undecided(desk) -> None:  # type: ignore[no-untyped-def]
    session = ReviewSession(desk.refs_path)
    session.accept()
    session.accept()
    for _ in range(5):
        session.back()
    assert shown(session) == 0
    assert session.current
    assert session.current.status == "accepted"
    session.skip()
    assert shown(session) == 100


def test_undo_takes_back_one_decision_after_another(desk) -> None:  # type: ignore[no-untyped-def]
    before = on_disk(desk)
    session = ReviewSession(desk.refs_path)
    session.accept()
    session.correct("狗")
    session.reject()
    for number in (100, 1, 0):
        session.undo()
        assert shown(session) == number
    assert on_disk(desk) == before
    with pytest.raises(UserError, match="no decision"):
        session.undo()


def test_the_same_words_again_are_an_acceptance(desk) -> None:  # type: ignore[no-untyped-def]
    session = ReviewSession(desk.refs_path)
    session.correct(" 译0 ")
    assert on_disk(desk)["0"]["status"] == "accepted"
    session.back()
    session.correct("狗")
    session.back()
    session.accept()
    assert (on_disk(desk)["0"]["status"], on_disk(desk)["0"]["machine"]) == ("corrected", "译0")


def test_a_rejected_sentence_can_be_taken_back(desk) -> None:  # type: ignore[no-untyped-def]
    session = ReviewSession(desk.refs_path)
    session.reject()
    session.back()
    assert session.current
    assert session.current.chinese == "译0"
    session.accept()
    assert on_disk(desk)["0"]["sent"] == "译0"
    assert "rejected" not in on_disk(desk)["0"]


def test_two_reviewers_cannot_overwrite_each_other(desk) -> None:  # type: ignore[no-untyped-def]
    mine, theirs = ReviewSession(desk.refs_path), ReviewSession(desk.refs_path)
    theirs.correct("他们的")
    before = on_disk(desk)
    with pytest.raises(UserError, match="changed by somebody else"):
        mine.accept()
    assert on_disk(desk) == before
    assert shown(mine) == 0, "nothing has moved"
    assert mine.counts.decided == 0
    mine.reload()
    assert mine.current
    assert (mine.current.chinese, mine.current.status) == ("他们的", "corrected")
    mine.skip()
    mine.accept()
    assert on_disk(desk)["0"]["sent"] == "他们的"
    assert on_disk(desk)["1"]["status"] == "accepted"


def test_a_failed_translation_can_be_written_by_hand_but_not_accepted(desk) -> None:  # type: ignore[no-untyped-def]
    file = open_translations(desk.folder / "refs(unc).zh.json")
    file.put(0, Translation("", "me", "failed", reason="ValueError: no"))
    file.save()
    session = ReviewSession(desk.refs_path)
    assert session.current
    assert session.current.reason == "ValueError: no"
    with pytest.raises(UserError, match="no Chinese sentence to accept"):
        session.accept()
    with pytest.raises(UserError, match="needs words"):
        session.correct("  ")
    session.correct("左边的狗")
    assert on_disk(desk)["0"]["sent"] == "左边的狗"
    assert "reason" not in on_disk(desk)["0"]


def test_a_decision_about_another_english_sentence_is_asked_for_again(desk) -> None:  # type: ignore[no-untyped-def]
    ReviewSession(desk.refs_path).accept()
    desk.refs[0]["sentences"][0]["sent"] = "right dog"
    desk.write()
    session = ReviewSession(desk.refs_path)
    assert session.current
    assert (session.current.status, session.current.chinese) == ("outdated", "译0")
    session.accept()
    assert on_disk(desk)["0"]["english_sha256"] == english_hash("right dog")
    assert ReviewSession(desk.refs_path).counts.accepted == 1


def test_one_split_can_be_reviewed_alone(desk) -> None:  # type: ignore[no-untyped-def]
    session = ReviewSession(desk.refs_path, split="testA")
    assert (shown(session), session.counts.total) == (200, 1)
    with pytest.raises(UserError, match="no split 'test': choose one of testA"):
        ReviewSession(desk.refs_path, split="test")


def test_without_translations_it_says_how_to_make_them(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    with pytest.raises(UserError, match=r"nothing to review.*data translate"):
        ReviewSession(mini.refs_path)


def test_a_full_disk_leaves_the_sentence_undecided(desk, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    session = ReviewSession(desk.refs_path)

    def full(*_: object) -> None:
        raise UserError("cannot write: no space left")

    monkeypatch.setattr("refseg_lib.data.translation_file.write_atomically", full)
    with pytest.raises(UserError, match="no space"):
        session.accept()
    assert (shown(session), session.counts.decided, session.can_undo) == (0, 0, False)
    monkeypatch.undo()
    session.accept()
    assert on_disk(desk)["0"]["status"] == "accepted"
