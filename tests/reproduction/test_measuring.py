from pathlib import Path
from typing import Any

from refseg_lib.reproduction.measuring import measure
from refseg_lib.reproduction.planning import Choices, plan
from refseg_lib.reproduction.running import Places


def test_runs_stand_in_every_row_that_is_their_network_and_in_no_other(
    tmp_path: Path, write_record: Any
) -> None:
    places, choices = Places(results=tmp_path), Choices("parkref_unc", seeds=(0, 1))
    tasks = plan(["cmpc-2"], choices)
    for task in tasks:
        if task.network.ablation == "single-ep-rar" and not task.network.glove:
            write_record(places, task, 0.3 + 0.1 * task.seed)
    rows = {
        cell.row.method: cell
        for table in ("cmpc-2", "cmpc-4")
        for cell in measure(table, choices, places).cells[0]
    }
    with_runs = {method for method, cell in rows.items() if cell.records}
    assert with_runs == {"row4: EP+RAR", "CMPC with 1 graph-conv layers"}
    table = measure("cmpc-4", choices, places)
    cell = next(c for c in table.cells[0] if c.records)
    assert cell.scores(table.columns[0], "oIoU") == [30.0, 40.0]
    assert cell.scores(table.columns[0], "oIoU", crf=True) == []
    assert cell.published["oIoU"] == 55.38
    assert len(table.records) == 2


def test_a_row_that_was_not_run_has_nothing_to_compare(tmp_path: Path) -> None:
    table = measure("cmsa-2", Choices("parkref_unc"), Places(results=tmp_path))
    assert {cell.entry(table.columns[0]) for cell in table.cells[0]} == {None}
