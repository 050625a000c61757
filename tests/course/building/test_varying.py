import json
from pathlib import Path
from typing import Any

import pytest

from refseg_lib.course.building.digest import is_untouched
from refseg_lib.course.building.notebook_file import read_notebook
from refseg_lib.course.building.student_copy import run_student_copy
from refseg_lib.course.building.varying import vary, vary_all
from refseg_lib.course.registry import all_exercises, find_exercise
from refseg_lib.course.variants import variant_for
from refseg_lib.errors import UserError

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"
LESSON = "05_cross_modal_self_attention.ipynb"


def by_id(notebook: Any) -> dict[str, str]:
    return {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}


@pytest.mark.parametrize("seed", range(6))
def test_every_stub_and_check_of_a_cohort_says_its_convention_and_nothing_else_changes(
    seed: int,
) -> None:
    seen = set()
    for file in sorted(NOTEBOOKS.glob("*.ipynb")):
        usual = read_notebook(file)
        varied, changed = vary(usual, seed)
        assert is_untouched(varied)
        seen |= set(changed)
        before, after = by_id(usual), by_id(varied)
        touched = {name for name in before if before[name] != after[name]}
        assert touched == {f"{kind}-{name}" for name in changed for kind in ("exercise", "check")}
        for name, variant in changed.items():
            stub = after[f"exercise-{name}"]
            assert variant.wording in " ".join(stub.split())
            assert "True at real words" not in " ".join(stub.split())
            told = stub.split('"""')[1]
            assert max(map(len, told.splitlines())) <= 88
            assert sorted(stub.split()) != sorted(before[f"exercise-{name}"].split())
            assert f', variant="{variant.name}")' in after[f"check-{name}"]
    assert seen == {exercise.name for exercise in all_exercises() if exercise.variants}


def test_a_shape_is_not_broken_over_two_lines() -> None:
    varied, _ = vary(read_notebook(NOTEBOOKS / LESSON), 7)
    for name, source in by_id(varied).items():
        if name.startswith("exercise-"):
            assert not any(line.rstrip().endswith("(B,") for line in source.splitlines())


def test_a_cohorts_copy_somebody_worked_in_is_not_written_over(tmp_path: Path) -> None:
    assert vary_all(NOTEBOOKS, tmp_path, 1, ["05"])[0].startswith("wrote ")
    vary_all(NOTEBOOKS, tmp_path, 2, ["05"])
    file = tmp_path / LESSON
    worked = json.loads(file.read_text())
    worked["cells"][3]["source"] = "mine"
    file.write_text(json.dumps(worked))
    with pytest.raises(UserError, match="edited by hand"):
        vary_all(NOTEBOOKS, tmp_path, 1, ["05"])
    with pytest.raises(UserError, match="holds no notebook 77"):
        vary_all(NOTEBOOKS, tmp_path, 1, ["77"])
    with pytest.raises(UserError, match="choose another folder"):
        vary_all(NOTEBOOKS, NOTEBOOKS, 1, [])


@pytest.mark.usefixtures("parkref")
def test_a_cohorts_notebook_runs_to_its_end_with_answers_in_its_conventions(tmp_path: Path) -> None:
    vary_all(NOTEBOOKS, tmp_path, 7, ["05"])
    solved = by_id(read_notebook(NOTEBOOKS.parent / "solutions" / LESSON))
    answers = {}
    for name, source in solved.items():
        if not name.startswith("exercise-"):
            continue
        exercise = find_exercise(name.removeprefix("exercise-"))
        variant = variant_for(exercise, 7)
        function = exercise.name.replace("-", "_")
        if variant is not None:
            source += (
                "\n\nfrom refseg_lib.course.variants import usual_form, variant_named"
                "\nfrom refseg_lib.course.registry import find_exercise"
                f"\n{function} = usual_form({function}, variant_named(find_exercise("
                f"{exercise.name!r}), {variant.name!r}), back=True)"
            )
        answers[exercise.name] = source
    ran = run_student_copy(tmp_path / LESSON, answers)
    shown = {}
    for cell in ran["cells"]:
        if cell["id"].startswith("check-"):
            (result,) = (o for o in cell["outputs"] if o["output_type"] == "execute_result")
            shown[cell["id"].removeprefix("check-")] = int(result["data"]["text/plain"])
    assert shown == {name: find_exercise(name).points for name in answers}
    text = json.dumps(ran["cells"])
    assert "yours has not passed its check yet" not in text
