"""Who made each Chinese sentence is kept, and nobody's work is overwritten."""

import json
from pathlib import Path

import pytest

from refseg_lib.data.chinese import read_chinese
from refseg_lib.data.translation_file import Translation, english_hash, open_translations
from refseg_lib.errors import UserError

FULL = Translation(
    sent="红色的“狗”",
    provenance="file:a.csv",
    status="corrected",
    english_sha256="0123456789abcdef",
    reason="",
    machine="红狗",
    rejected=("红", "狗"),
    reviewer="Li",
    other={"note": [1, None]},
)


def test_what_is_put_in_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "refs(x).zh.json"
    file = open_translations(path, {"source": "refs(x).p"})
    file.put(17, FULL)
    file.put(3, Translation("狗"))
    file.save()
    again = open_translations(path)
    assert (again.get(17), again.get(3), again.get(4)) == (FULL, Translation("狗"), None)
    assert again.header == {"language": "zh", "source": "refs(x).p"}
    assert read_chinese(path) == {3: "狗", 17: "红色的“狗”"}


def test_an_empty_file_is_one_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zh.json"
    open_translations(path).save()
    assert json.loads(path.read_bytes()) == {"language": "zh", "sentences": {}}


def test_saving_writes_the_same_bytes_whatever_the_order_of_work(tmp_path: Path) -> None:
    contents = []
    for order in ((1, 2, 10), (10, 2, 1)):
        path = tmp_path / f"{order}.json"
        file = open_translations(path)
        for number in order:
            file.put(number, Translation(f"狗{number}"))
        file.save()
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]
    assert contents[0].decode().count("\n") == 5, "one sentence on each line"


def test_fields_and_headers_of_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.zh.json"
    entry = {"sent": "狗", "provenance": "me", "status": "seen", "score": 0.5}
    path.write_text(json.dumps({"licence": "CC0", "sentences": {"5": entry}}))
    file = open_translations(path)
    file.put(6, Translation("猫"))
    file.save()
    data = json.loads(path.read_bytes())
    assert data["licence"] == "CC0"
    assert data["sentences"]["5"] == entry


def test_a_file_changed_by_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.zh.json"
    mine, theirs = open_translations(path), open_translations(path)
    theirs.put(1, Translation("狗"))
    theirs.save()
    before = path.read_bytes()
    mine.put(1, Translation("猫"))
    assert mine.changed_on_disk()
    with pytest.raises(UserError, match="changed by somebody else"):
        mine.save()
    assert path.read_bytes() == before
    theirs.put(2, Translation("树"))
    theirs.save()
    assert not theirs.changed_on_disk()


def test_a_change_of_the_same_length_at_the_same_moment_is_noticed(tmp_path: Path) -> None:
    """Hence the content is compared, not size and time."""
    import os

    path = tmp_path / "a.zh.json"
    file = open_translations(path)
    file.put(1, Translation("狗"))
    file.save()
    status = path.stat()
    path.write_bytes(path.read_bytes().replace("狗".encode(), "猫".encode()))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.changed_on_disk()


def test_only_what_a_person_decided_becomes_outdated(tmp_path: Path) -> None:
    file = open_translations(tmp_path / "a.zh.json")
    old, new = "left dog", "right dog"
    for number, status in enumerate(("machine", "accepted", "corrected", "rejected", "failed")):
        file.put(number, Translation("狗", status=status, english_sha256=english_hash(old)))
    file.put(9, Translation("狗", status="accepted"))
    file.notice_changes((number, old) for number in range(10))
    assert file.get(1).status == "accepted"  # type: ignore[union-attr]
    file.notice_changes((number, new) for number in range(10))
    found = [file.get(number).status for number in (0, 1, 2, 3, 4, 9)]  # type: ignore[union-attr]
    assert found == ["machine", "outdated", "outdated", "rejected", "failed", "accepted"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[]", "must hold"),
        ('{"sentences": {"1": "狗"}}', "sent_id 1 is malformed"),
        ('{"sentences": {"1": {"sent": null}}}', "sent_id 1 is malformed"),
        ('{"sentences": {"1": {"sent": "狗", "rejected": "猫"}}}', "sent_id 1 is malformed"),
        ('{"sentences": {"one": {"sent": "狗"}}}', "'one' is no sent_id"),
        ('{"sentences": {"1"', "no complete JSON"),
    ],
)
def test_a_damaged_file_is_told_and_not_touched(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "a.zh.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=told):
        open_translations(path)
    assert path.read_text(encoding="utf-8") == content
