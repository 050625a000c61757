import json
import os
from pathlib import Path
from typing import Any

from refseg_lib.course.grading import submission
from refseg_lib.course.grading.submission import find_submissions, read_submission

WANTED = ("masked-softmax", "pooled")


def written(tmp_path: Path, *cells: dict[str, Any]) -> Path:
    path = tmp_path / "ada.ipynb"
    path.write_text(json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4}))
    return path


def code(source: Any, name: str | None = None, **metadata: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "source": source, "metadata": metadata, "outputs": []}
    return {**cell, "id": name} if name else cell


def test_exercise_cells_are_taken_by_id_and_others_are_not(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"cell_type": "markdown", "id": "exercise-pooled", "source": "not code", "metadata": {}},
        code("import os", "05-start-001"),
        code(["def pooled():\n", "    return 1\n"], "exercise-pooled"),
        code("def masked_softmax(): return 2", "exercise-masked-softmax"),
    )
    read = read_submission(path, "ada", WANTED)
    assert read.cells == {
        "pooled": "def pooled():\n    return 1\n",
        "masked-softmax": "def masked_softmax(): return 2",
    }
    assert read.remarks == ()


def test_nbgraders_id_counts_where_an_editor_gave_the_cell_a_new_one(tmp_path: Path) -> None:
    cell = code("def pooled(): pass", "a1b2", nbgrader={"grade_id": "exercise-pooled"})
    assert read_submission(written(tmp_path, cell), "ada", ["pooled"]).cells.keys() == {"pooled"}


def test_a_cell_without_any_id_is_found_by_its_function_and_remarked(tmp_path: Path) -> None:
    read = read_submission(written(tmp_path, code("def pooled(x):\n    return x")), "a", ["pooled"])
    assert "pooled" in read.cells
    assert read.remarks == ("pooled: its cell has lost its id; found by the function's name",)


def test_two_nameless_cells_that_could_be_it_are_neither(tmp_path: Path) -> None:
    path = written(tmp_path, code("def pooled(): pass"), code("def pooled(): return 1"))
    read = read_submission(path, "ada", ["pooled"])
    assert read.cells == {}
    assert read.remarks == ("pooled: several cells could be it; none counts",)


def test_of_two_cells_with_one_id_the_first_counts_and_it_is_remarked(tmp_path: Path) -> None:
    path = written(tmp_path, code("first", "exercise-pooled"), code("second", "exercise-pooled"))
    read = read_submission(path, "ada", ["pooled"])
    assert read.cells == {"pooled": "first"}
    assert read.remarks == ("pooled: 2 cells with its id; the first counts",)


def test_missing_and_unknown_cells_are_remarked(tmp_path: Path) -> None:
    read = read_submission(written(tmp_path, code("x", "exercise-poled")), "ada", ["pooled"])
    assert read.cells == {}
    assert set(read.remarks) == {"unknown exercise cell 'poled'", "pooled: its cell is missing"}


def test_a_huge_file_or_cell_or_notebook_is_refused_with_its_size(
    tmp_path: Path, monkeypatch: Any
) -> None:
    path = written(tmp_path, code("x" * 300, "exercise-pooled"))
    monkeypatch.setattr(submission, "MOST_SOURCE", 200)
    assert "300 characters" in read_submission(path, "ada", ["pooled"]).remarks[0]
    monkeypatch.setattr(submission, "MOST_CELLS", 0)
    assert "more than 0 cells" in read_submission(path, "ada", ["pooled"]).remarks[0]
    monkeypatch.setattr(submission, "MOST_BYTES", 10)
    assert "at most" in read_submission(path, "ada", ["pooled"]).remarks[0]


def test_links_pipes_folders_and_rubbish_are_empty_submissions_with_a_reason(
    tmp_path: Path,
) -> None:
    honest = written(tmp_path, code("def pooled(): pass", "exercise-pooled"))
    (tmp_path / "link.ipynb").symlink_to(honest)
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "rubbish.ipynb").write_bytes(b"\x00\xff")
    (tmp_path / "numbers.ipynb").write_text('{"cells": [1]}')
    for name in ("link", "pipe", "folder", "rubbish", "numbers", "absent"):
        read = read_submission(tmp_path / f"{name}.ipynb", name, ["pooled"])
        assert read.cells == {}, name
        assert len(read.remarks) == 1, name


def test_students_are_files_or_folders_and_checkpoints_are_not_handed_in(tmp_path: Path) -> None:
    for place in (
        "ada.ipynb", "bob/05_attention.ipynb", "bob/06_gates.ipynb", "eve/ps5/05_x.ipynb",
        "bob/.ipynb_checkpoints/05_attention.ipynb", "notes.txt", "a/b/c/05_deep.ipynb",
    ):  # fmt: skip
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("{}")
    found = [(who, path.name) for who, path in find_submissions(tmp_path)]
    assert sorted(found) == [
        ("ada", "ada.ipynb"), ("bob", "05_attention.ipynb"), ("bob", "06_gates.ipynb"),
        ("eve", "05_x.ipynb"),
    ]  # fmt: skip
    only = {(who, path.name) for who, path in find_submissions(tmp_path, "05_")}
    assert ("bob", "06_gates.ipynb") not in only
    assert ("ada", "ada.ipynb") in only
