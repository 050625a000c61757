from pathlib import Path
from typing import Any

from refseg_lib.reproduction.index import command_for, page_name, write_index
from refseg_lib.reproduction.planning import Choices


def test_the_index_counts_the_claims_of_all_tables_and_passes_over_what_was_not_run(
    tmp_path: Path, render: Any, line: Any
) -> None:
    render(tmp_path, "cmsa-3", {})
    levels = {"no-attention": [0.4], "word-attention": [0.5, 0.6], "pixel-attention": [0.3]}
    render(tmp_path, "cmsa-2", levels)
    page = write_index(tmp_path).read_text()
    cells = line(page, "[cmsa-2](cmsa-2_parkref_unc.md)")
    assert cells[2:5] == ["3 of 5", "4", "1 to 2"]
    assert cells[-3:] == ["1", "1", "0"]
    assert "1 holds, 1 the other way, 0 cannot be told" in page
    assert "cmsa-3" not in page


def test_the_index_lists_what_became_of_the_central_claims_and_of_no_others(
    tmp_path: Path, render: Any, line: Any
) -> None:
    levels = {"no-attention": [0.4], "word-attention": [0.5], "cross-modal-attention": [0.6]}
    table = render(tmp_path, "cmsa-2", levels)
    page = write_index(tmp_path).read_text()
    assert line(page, "cmsa-2")[2] == "cross-modal self-attention"
    assert line(page, "cmsa-2")[-1] == "holds"
    assert "attention over words" not in page
    assert "**cross-modal self-attention**" in table
    assert "| attention over words |" in table


def test_the_page_says_how_it_was_made(tmp_path: Path, render: Any) -> None:
    page = render(tmp_path, "cmsa-2", {})
    assert "`refseg reproduce --table cmsa-2 --data parkref_unc --seeds 0,1,2`" in page


def test_other_recipes_have_a_page_of_their_own_and_more_seeds_have_not() -> None:
    plain = Choices("parkref_unc")
    assert page_name("cmsa-2", plain) == "cmsa-2_parkref_unc"
    for same in (
        Choices("parkref_unc", seeds=(0, 1), crf=True, splits=("val",)),
        Choices("parkref_unc", settings=(("cache", "disk"),)),
    ):
        assert page_name("cmsa-2", same) == "cmsa-2_parkref_unc"
    short = Choices("parkref_unc", "paper", (("steps", "400"),), vectors="../my glove.npz", limit=5)
    told = page_name("cmsa-2", short)
    assert told == "cmsa-2_parkref_unc_paper_steps-400_vectors-my-glove_limit-5"


def test_the_command_repeats_every_choice_that_changes_a_number() -> None:
    choices = Choices(
        "refcoco", "paper", (("steps", "9"), ("cache", "disk")), (0, 1), crf=True, limit=5
    )
    told = command_for("cmsa-1", choices)
    for flag in ("--data refcoco", "--preset paper", "--set steps=9", "--seeds 0,1", "--crf"):
        assert flag in told
    assert "--limit 5" in told
    assert "cache" not in told, "changes the speed and no number"
