from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from refseg_lib.evaluation.metrics import score
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.files import write_atomically
from refseg_lib.reproduction.index import write_index
from refseg_lib.reproduction.planning import Choices, Task, plan
from refseg_lib.reproduction.rendering import write_table
from refseg_lib.reproduction.running import Places, Record

NOTHING = dict.fromkeys(("variant", "preset", "backbone", "pretraining"), "none")


def write(places: Places, task: Task, level: float, crf: float | None = None) -> None:
    """Write a record whose every picture has one IoU."""
    rows, images = [], []
    for one, value in ((False, level), (True, crf)):
        if value is not None:
            found, union = np.full(9, int(1000 * value)), np.full(9, 1000)
            scores = score(list(found), list(union))
            rows.append(
                ResultRow(
                    dataset=task.data, split="val", language="en", model="x", protocol="strict",
                    crf=one, scores=scores, **NOTHING,
                )
            )  # fmt: skip
            images.append((found, union))
    about = {
        "run": task.name, "data": task.data, "steps": 7, "minutes of training": 1.5, "notes": []
    }  # fmt: skip
    write_atomically(places.record(task), Record(about, tuple(rows), tuple(images)).text())


def rendered(tmp_path: Path, table: str, levels: dict[str, list[float]]) -> str:
    """Render a table whose rows scored so, one number per seed; others were not run."""
    places = Places(results=tmp_path)
    choices = Choices("parkref_unc", seeds=(0, 1, 2))
    for task in plan([table], choices):
        values = levels.get(task.network.ablation or "", [])
        if task.seed < len(values):
            write(places, task, values[task.seed])
    return write_table(table, choices, places).read_text()


def line(page: str, start: str) -> list[str]:
    found = [text for text in page.splitlines() if text.startswith(f"| {start} |")]
    assert len(found) == 1, start
    return [cell.strip() for cell in found[0].strip("|").split("|")]


def test_printed_and_measured_stand_in_one_line_with_mean_and_spread(tmp_path: Path) -> None:
    page = rendered(tmp_path, "cmsa-2", {"no-attention": [0.40, 0.42, 0.44]})
    cells = line(page, "No attention")
    assert cells[1:3] == ["45.63", "42.00 ± 2.00"]
    assert cells[-3:] == ["3", "7", "1.5"]
    assert line(page, "Word attention")[1:3] == ["47.01", ""]


def test_a_claim_is_judged_by_its_interval_and_says_when_there_was_one_seed(
    tmp_path: Path,
) -> None:
    levels = {"no-attention": [0.4], "word-attention": [0.5], "pixel-attention": [0.3]}
    page = rendered(tmp_path, "cmsa-2", levels)
    word = line(page, "attention over words")
    assert word[2:] == ["+1.38", "+10.00 [+10.00, +10.00]", "1", "holds (one seed)"]
    assert line(page, "attention over pixels")[-1] == "the other way (one seed)"
    assert "the whole of it" not in page, "a row that was not run is not judged"


def test_the_order_of_rows_is_compared_over_those_that_were_run(tmp_path: Path) -> None:
    levels = {"no-attention": [0.1], "word-attention": [0.2], "pixel-attention": [0.3]}
    page = rendered(tmp_path, "cmsa-2", levels)
    assert "Kendall's τ = 1.00 [1.00, 1.00]; 3 of 3 pairs" in page


def test_a_table_printed_with_crf_is_compared_with_it_once_all_its_runs_have_it(
    tmp_path: Path,
) -> None:
    places, choices = Places(results=tmp_path), Choices("parkref_unc", crf=True)
    tasks = {task.network.ablation: task for task in plan(["cmsa-3"], choices)}
    write(places, tasks["cross-modal-attention"], 0.5, crf=0.7)
    write(places, tasks["cmsa-s"], 0.6, crf=0.6)
    page = write_table("cmsa-3", choices, places).read_text()
    assert line(page, "words instead of one sentence vector")[3].startswith("+10.00")
    write(places, tasks["cmsa-s"], 0.6)
    page = write_table("cmsa-3", choices, places).read_text()
    assert line(page, "words instead of one sentence vector")[3].startswith("-10.00")


def test_errata_and_rows_without_a_network_are_told_below_the_table(tmp_path: Path) -> None:
    page = rendered(tmp_path, "cmpc-1", {})
    assert "Erratum: The paper's text (§4.2) says" in page
    assert "not built here: LSTM-CNN, RMI, DMN" in page


def test_stars_of_printed_names_make_no_italics(tmp_path: Path) -> None:
    assert "row6\\*: multi-level baseline" in rendered(tmp_path, "cmpc-2", {})


def test_the_page_says_how_it_was_made(tmp_path: Path) -> None:
    page = rendered(tmp_path, "cmsa-2", {})
    assert "`refseg reproduce --table cmsa-2 --data parkref_unc --seeds 0,1,2`" in page


def test_the_figure_shows_something_for_every_row(tmp_path: Path) -> None:
    levels = {"no-attention": [0.40], "word-attention": [0.6, 0.61]}
    rendered(tmp_path, "cmsa-2", levels)
    picture = np.asarray(Image.open(tmp_path / "cmsa-2_parkref_unc.png").convert("RGB")).astype(int)
    vermilion = np.abs(picture - np.array([0xD5, 0x5E, 0x00])).sum(axis=2) < 40
    rows = np.flatnonzero(vermilion.any(axis=1))
    groups = 1 + int((np.diff(rows) > 3).sum())
    assert groups == 2


@pytest.mark.parametrize("data", ["parkref_unc", "parkref_gref"])
def test_a_data_set_that_the_table_lacks_is_said_to_stand_beside_another(
    tmp_path: Path, data: str
) -> None:
    page = write_table("cmsa-2", Choices(data), Places(results=tmp_path)).read_text()
    assert ("is not in this table" in page) == (data == "parkref_gref")


def test_the_index_counts_the_claims_of_all_tables_and_passes_over_what_was_not_run(
    tmp_path: Path,
) -> None:
    rendered(tmp_path, "cmsa-3", {})
    levels = {"no-attention": [0.4], "word-attention": [0.5], "pixel-attention": [0.3]}
    rendered(tmp_path, "cmsa-2", levels)
    page = write_index(tmp_path).read_text()
    cells = line(page, "[cmsa-2](cmsa-2_parkref_unc.md)")
    assert cells[2:4] == ["3 of 5", "3"]
    assert cells[-3:] == ["1", "1", "0"]
    assert "1 holds, 1 the other way, 0 cannot be told" in page
    assert "cmsa-3" not in page
