import json
from pathlib import Path

import pytest

from refseg_lib.errors import UserError
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.reproduction.tables import BEGIN, END, fill, markdown_table, read_rows


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


def test_every_number_in_the_readme_stands_in_a_result_file(repository: Path) -> None:
    table = markdown_table(read_rows(repository / "results"))
    readme = (repository / "README.md").read_text(encoding="utf-8")
    assert fill(readme, table) == readme, "run `refseg results`"


def test_rows_come_back_from_disk_and_benchmarks_are_passed_over(tmp_path: Path) -> None:
    row().save(tmp_path / "a" / "one.json")
    (tmp_path / "bench.json").write_text(json.dumps({"seconds": 3}))
    assert [found.scores["n"] for found in read_rows(tmp_path)] == [7]


def test_a_control_is_never_shown_as_the_model_itself() -> None:
    table = markdown_table([row(control="shuffled sentences, seed 0")])
    assert "| cmsa, shuffled sentences, seed 0 |" in table
    assert "| 12.35 |" in table or "| 12.34 |" in table


def test_the_same_model_in_another_language_is_another_row() -> None:
    table = markdown_table([row(model="bilingual"), row(model="bilingual", language="zh")])
    assert "| bilingual |" in table
    assert "| bilingual, Chinese |" in table


def test_masks_refined_by_a_crf_are_never_shown_as_the_models_own() -> None:
    assert "| cmsa, dense CRF |" in markdown_table([row(crf=True)])
    assert "CRF" not in markdown_table([row()])


def test_a_score_under_another_protocol_says_which() -> None:
    assert "| cmsa, protocol cris |" in markdown_table([row(protocol="cris")])
    assert "protocol" not in markdown_table([row()])


def test_a_page_without_marks_is_left_alone() -> None:
    with pytest.raises(UserError, match="no place for a table"):
        fill("# Title", "| a |")
    assert fill(f"x {BEGIN} old {END} y", "| a |") == f"x {BEGIN}\n\n| a |\n\n{END} y"


def test_a_damaged_result_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text('{"protocol": ')
    with pytest.raises(UserError, match=r"torn\.json"):
        read_rows(tmp_path)
