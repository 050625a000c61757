import json
import shutil
from pathlib import Path

import pytest

from refseg_lib.errors import UserError
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.reproduction.tables import (
    BEGIN,
    END,
    all_rows_table,
    fill,
    read_rows,
    shipped_table,
    write_tables,
)


def row(**changes: object) -> ResultRow:
    fields = {
        "dataset": "parkref_unc",
        "split": "val",
        "language": "en",
        "model": "cmsa",
        "variant": "paper",
        "preset": "laptop",
        "backbone": "laptop",
        "pretraining": "parkref-semantic",
        "protocol": "strict",
        "scores": {
            "n": 7, "oIoU": 12.345, "mIoU": 1.0, "P@0.5": 2.0, "P@0.6": 2.0,
            "P@0.7": 3.0, "P@0.8": 3.0, "P@0.9": 4.0,
        },
    }  # fmt: skip
    return ResultRow(**(fields | changes))  # type: ignore[arg-type]


def test_every_number_in_the_readme_stands_in_a_result_file(
    repository: Path, tmp_path: Path
) -> None:
    shutil.copytree(repository / "results", tmp_path / "results")
    shutil.copy(repository / "README.md", tmp_path)
    write_tables(tmp_path / "results", tmp_path / "README.md")
    for page in ("README.md", "results/ROWS.md"):
        assert (tmp_path / page).read_text() == (repository / page).read_text(), (
            "run `refseg results`"
        )


def test_rows_come_back_from_disk_and_benchmarks_are_passed_over(tmp_path: Path) -> None:
    row().save(tmp_path / "a" / "one.json")
    (tmp_path / "bench.json").write_text(json.dumps({"seconds": 3}))
    found = read_rows(tmp_path)
    assert {path: one.scores["n"] for path, one in found.items()} == {"a/one.json": 7}


def test_a_control_is_never_shown_as_the_model_itself() -> None:
    controlled = row(control="shuffled sentences, seed 0")
    table = all_rows_table({"one.json": controlled})
    assert "| cmsa, shuffled sentences, seed 0 |" in table
    assert "| 12.35 |" in table or "| 12.34 |" in table
    assert "| cmsa" not in shipped_table([controlled])


def test_the_same_model_in_another_language_is_another_row() -> None:
    rows = [row(model="bilingual"), row(model="bilingual", language="zh")]
    for table in (all_rows_table(dict(zip("ab", rows, strict=True))), shipped_table(rows)):
        assert "| bilingual |" in table
        assert "| bilingual, Chinese |" in table


def test_masks_refined_by_a_crf_are_never_shown_as_the_models_own() -> None:
    assert "| cmsa, dense CRF |" in all_rows_table({"a.json": row(crf=True)})
    assert "CRF" not in all_rows_table({"a.json": row()})
    assert "| cmsa |  |  | 12.35 |  |  |" in shipped_table([row(crf=True)]).replace(
        "12.34", "12.35"
    )


def test_a_score_under_another_protocol_says_which() -> None:
    assert "| cmsa, protocol cris |" in all_rows_table({"a.json": row(protocol="cris")})
    assert "protocol" not in all_rows_table({"a.json": row()})
    assert "| cmsa" not in shipped_table([row(protocol="cris")])


def test_two_rows_that_read_alike_are_told_apart_by_their_files() -> None:
    table = all_rows_table({"x/long.json": row(), "x/short.json": row()})
    assert "[long](x/long.json)" in table
    assert "[short](x/short.json)" in table


def test_the_best_model_on_val_stands_first() -> None:
    rows = [
        row(model=name, scores={**row().scores, "oIoU": score})
        for name, score in (("a", 10.0), ("b", 30.0), ("c", 20.0))
    ]
    lines = shipped_table(rows).splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == ["| b", "| c", "| a"]


def test_a_page_without_marks_is_left_alone() -> None:
    with pytest.raises(UserError, match="no place for a table"):
        fill("# Title", "| a |")
    assert fill(f"x {BEGIN} old {END} y", "| a |") == f"x {BEGIN}\n\n| a |\n\n{END} y"


def test_a_damaged_result_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text('{"protocol": ')
    with pytest.raises(UserError, match=r"torn\.json"):
        read_rows(tmp_path)
