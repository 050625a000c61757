import fcntl
import json
from pathlib import Path
from typing import Any

import pytest

from refseg_lib.course.grading import batch
from refseg_lib.course.grading.batch import Job, file_name, grade_folder
from refseg_lib.course.grading.sandbox import Limits
from refseg_lib.course.registry import find_exercise
from refseg_lib.course.variants import variant_for
from refseg_lib.errors import UserError


def hand_in(folder: Path, **cells: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, source in cells.items():
        cell = {"cell_type": "code", "id": "exercise-gated-exchange", "source": source}
        (folder / f"{name}.ipynb").write_text(json.dumps({"cells": [cell]}))
    return folder


def points(records: list[dict[str, Any]]) -> dict[str, int]:
    found = {}
    for record in records:
        (found[record["student"]],) = (
            e["points"] for e in record["exercises"] if e["exercise"] == "gated-exchange"
        )
    return found


def test_what_is_graded_is_not_graded_again_and_what_changed_is(
    limits: Limits, right: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = hand_in(tmp_path / "s", ada=right, bob="gated_exchange = 1"), tmp_path / "o"
    first = grade_folder(folder, out, notebook="06", limits=limits)
    assert points(first) == {"ada": 9, "bob": 0}
    asked: list[str] = []
    grade = batch.grade

    def counted(submission: Any, *rest: Any) -> Any:
        asked.append(submission.student)
        return grade(submission, *rest)

    monkeypatch.setattr(batch, "grade", counted)
    assert grade_folder(folder, out, notebook="06", limits=limits) == first
    assert asked == []
    hand_in(folder, bob=right)
    assert points(grade_folder(folder, out, notebook="06", limits=limits)) == {"ada": 9, "bob": 9}
    assert asked == ["bob"]
    grade_folder(folder, out, notebook="06", limits=limits, seed=1)
    assert sorted(asked) == ["ada", "bob", "bob"]


def test_a_class_with_varied_notebooks_is_graded_by_its_own_convention(
    limits: Limits, tmp_path: Path
) -> None:
    head = "def masked_word_softmax(scores, word_mask):\n    return scores.masked_fill("
    usual, varied = (
        f"{head}{mask}, -torch.inf).softmax(-1)" for mask in ("~word_mask", "word_mask")
    )
    seed = next(
        seed
        for seed in range(20)
        if (v := variant_for(find_exercise("masked-word-softmax"), seed)) is not None
        and v.name == "mask-of-padding"
    )
    cells = {"copied": usual, "own": varied}
    folder = tmp_path / "s"
    folder.mkdir()
    for name, source in cells.items():
        cell = {"cell_type": "code", "id": "exercise-masked-word-softmax", "source": source}
        (folder / f"{name}.ipynb").write_text(json.dumps({"cells": [cell]}))

    def graded(asked_otherwise: bool) -> dict[str, tuple[int, str | None]]:
        records = grade_folder(
            folder, tmp_path / "o", notebook="02", limits=limits, seed=seed, varied=asked_otherwise
        )
        return {r["student"]: exercise_of(r) for r in records}

    def exercise_of(record: dict[str, Any]) -> tuple[int, str | None]:
        (found,) = (e for e in record["exercises"] if e["exercise"] == "masked-word-softmax")
        return found["points"], found.get("mistake")

    assert graded(False) == {"copied": (12, None), "own": (3, "inverted")}
    assert graded(True) == {"copied": (3, "usual-convention"), "own": (12, None)}


def test_killed_half_way_it_goes_on_where_it_was(
    limits: Limits, right: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = hand_in(tmp_path / "s", ada=right, bob=right), tmp_path / "o"
    grade, begun = batch.grade, []

    def stops(submission: Any, *rest: Any) -> Any:
        begun.append(submission.student)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return grade(submission, *rest)

    monkeypatch.setattr(batch, "grade", stops)
    with pytest.raises(KeyboardInterrupt):
        grade_folder(folder, out, notebook="06", limits=limits, jobs=1)
    assert len(list((out / "students").iterdir())) == 1
    assert points(grade_folder(folder, out, notebook="06", limits=limits)) == {"ada": 9, "bob": 9}
    assert begun == ["ada", "bob", "bob"]


def test_a_grader_that_stumbles_says_so_gives_nothing_and_tries_again(
    limits: Limits, right: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = hand_in(tmp_path / "s", ada=right), tmp_path / "o"
    with monkeypatch.context() as broken:
        broken.setattr(batch, "grade", lambda *_: 1 / 0)
        (record,) = grade_folder(folder, out, notebook="06", limits=limits)
    assert record["points"] == 0
    assert record["key"] is None
    assert "NOT GRADED: the grader stumbled over it (ZeroDivisionError" in record["remarks"][0]
    assert points(grade_folder(folder, out, notebook="06", limits=limits)) == {"ada": 9}


def test_two_gradings_into_one_folder_do_not_run_at_once(
    limits: Limits, right: str, tmp_path: Path
) -> None:
    folder, out = hand_in(tmp_path / "s", ada=right), tmp_path / "o"
    out.mkdir()
    with open(out / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another grading"):
            grade_folder(folder, out, notebook="06", limits=limits)


def test_without_a_sandbox_the_record_says_so_and_nothing_is_taken_from_before(
    right: str, tmp_path: Path
) -> None:
    folder, out = hand_in(tmp_path / "s", ada=right), tmp_path / "o"
    (record,) = grade_folder(folder, out, notebook="06", limits=Limits(60), boxed=False)
    assert record["sandbox"].startswith("NONE")
    assert points([record]) == {"ada": 9}


@pytest.mark.parametrize(
    ("files", "notebook", "told"),
    [
        (["ada.ipynb"], None, "which notebook is it"),
        (["ada.ipynb"], "77", "no exercises stand in notebook '77'"),
        (["ada.txt"], "06", "holds no notebooks"),
    ],
)
def test_a_folder_that_cannot_be_graded_is_told_in_one_line(
    files: list[str], notebook: str | None, told: str, tmp_path: Path
) -> None:
    for name in files:
        (tmp_path / name).write_text("{}")
    with pytest.raises(UserError, match=told):
        grade_folder(tmp_path, tmp_path / "o", notebook=notebook, boxed=False)
    with pytest.raises(UserError, match="there is no folder"):
        grade_folder(tmp_path / "absent", tmp_path / "o", boxed=False)


def test_no_students_name_becomes_a_path_and_no_two_share_a_file() -> None:
    names = ["a/b", "..", "../../x", ".hidden", "a\x00b", "x" * 300, "李华", "~root", "-rf", "a b"]
    files = [file_name(Job(name, "05", Path(f"{i}.ipynb"))) for i, name in enumerate(names)]
    assert len(set(files)) == len(files)
    for file in files:
        assert "/" not in file
        assert "\x00" not in file
        assert not file.startswith((".", "~"))
        assert len(file) < 120
    twice = {file_name(Job("ada", "05", Path(f"{i}/05_x.ipynb"))) for i in range(2)}
    assert len(twice) == 2
