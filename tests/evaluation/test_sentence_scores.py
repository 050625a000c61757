"""I and U of every sentence survive the disk, so any metric can be recomputed."""

import json
from pathlib import Path

import pytest

from refseg_lib.errors import UserError
from refseg_lib.evaluation.sentence_scores import (
    SentenceScore,
    read_jsonl,
    score_sentences,
    write_jsonl,
)

ROWS = [
    SentenceScore(11, 1, 5, "the left dog", 30, 40),
    SentenceScore(12, 1, 5, "左边的狗\u2028 \"quoted\"\nnext line", 0, 40),
    SentenceScore(13, 2, 6, "nothing", 0, 0),
]  # fmt: skip


def test_scores_recomputed_from_disk_equal_those_in_memory(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", ROWS)
    back = read_jsonl(tmp_path / "a.jsonl")
    assert back == ROWS
    assert score_sentences(back)["oIoU"] == pytest.approx(100 * 30 / 80)


def test_each_line_carries_its_own_iou(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", ROWS)
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").strip().split("\n")
    assert [json.loads(line)["IoU"] for line in lines] == [0.75, 0.0, 1.0]


def test_a_failing_sentence_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write_jsonl(path, ROWS)
    before = path.read_bytes()

    def broken():
        yield ROWS[0]
        raise RuntimeError("the model died")

    with pytest.raises(RuntimeError):
        write_jsonl(path, broken())
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


@pytest.mark.parametrize("line", ["{", "[]", '{"sent_id": 1}', "3"])
def test_a_damaged_line_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.jsonl"
    write_jsonl(path, ROWS[:1])
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(UserError, match="line 2"):
        read_jsonl(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.jsonl"):
        read_jsonl(tmp_path / "gone.jsonl")
