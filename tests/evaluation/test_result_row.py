"""A result row keeps a number together with all that is needed to compare it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from refseg_lib.errors import UserError
from refseg_lib.evaluation.metrics import score
from refseg_lib.evaluation.result_row import ResultRow


def make_row() -> ResultRow:
    return ResultRow(
        dataset="refcocog_umd",
        split="val",
        language="en",
        model="cmsa",
        variant="paper",
        preset="laptop",
        backbone="laptop",
        pretraining="parkref-semantic",
        protocol="strict",
        seed=3,
        scores=score([1, 2], [3, 4]),
        notes=("first 2 of 9 sentences only",),
        limit=2,
    )


def test_the_flat_row_names_everything_a_reader_needs() -> None:
    named = set(make_row().to_dict())
    assert named >= {
        "dataset", "split", "language", "model", "variant", "preset", "backbone", "pretraining",
        "protocol", "crf", "seed", "control", "limit", "notes", "git", "versions",
        "n", "oIoU", "mIoU", "P@0.5", "P@0.6", "P@0.7", "P@0.8", "P@0.9",
    }  # fmt: skip


def test_a_row_comes_back_from_disk_as_it_went(tmp_path: Path) -> None:
    row = make_row()
    row.save(tmp_path / "row.json")
    back = ResultRow.load(tmp_path / "row.json")
    assert back.to_dict() == row.to_dict()
    assert back.notes == row.notes
    assert back.scores["oIoU"] == pytest.approx(300 / 7, abs=1e-4)


def test_the_json_is_one_line_with_percents_as_numbers() -> None:
    line = make_row().to_json()
    assert "\n" not in line
    assert json.loads(line)["mIoU"] == pytest.approx((100 / 3 + 50) / 2, abs=1e-4)


def test_a_row_from_before_word_vectors_were_recorded_still_loads() -> None:
    flat = make_row().to_dict()
    del flat["vectors"]
    assert ResultRow.from_dict(flat).vectors is None


def test_the_rows_of_this_repository_load(repository: Path) -> None:
    paths = list((repository / "results").rglob("*.json"))
    rows = [path for path in paths if "protocol" in json.loads(path.read_text(encoding="utf-8"))]
    assert len(rows) >= 10
    for path in rows:
        ResultRow.load(path)


def test_what_the_word_table_started_from_comes_back_from_disk(tmp_path: Path) -> None:
    for vectors in ({"source": "glove.txt", "words_found": 3}, "none (glove.txt not found)"):
        replace(make_row(), vectors=vectors).save(tmp_path / "row.json")
        assert ResultRow.load(tmp_path / "row.json").vectors == vectors


@pytest.mark.parametrize("lost", ["protocol", "n", "pretraining", "git"])
def test_a_number_without_its_circumstances_is_refused(lost: str) -> None:
    flat = make_row().to_dict()
    del flat[lost]
    with pytest.raises(UserError, match=lost):
        ResultRow.from_dict(flat)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '{"oIoU": 70}'])
def test_a_file_that_is_no_row_is_named_in_the_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(UserError, match=r"odd\.json"):
        ResultRow.load(tmp_path / "odd.json")


def test_an_absent_file_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.json"):
        ResultRow.load(tmp_path / "gone.json")
