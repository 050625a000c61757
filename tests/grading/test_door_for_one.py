"""``pytest tests/grading --submission``, used as an instructor types it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from bank import EXERCISE, HONEST, cell, notebook

from refseg_lib.course.checking import examine
from refseg_lib.course.grading.sandbox import why_no_sandbox
from refseg_lib.course.registry import find_exercise


def outcomes(repository: Path, *arguments: str) -> tuple[dict[str, str], str]:
    """Run pytest as asked; return what became of each requirement, and everything printed."""
    command = [sys.executable, "-m", "pytest", "tests/grading", "-p", "no:cacheprovider", "-rA"]
    ran = subprocess.run(
        [*command, *arguments], cwd=repository, capture_output=True, text=True, check=False
    )
    found = re.findall(rf"^(PASSED|FAILED) \S+\[{EXERCISE}: (\S+)\]", ran.stdout, re.MULTILINE)
    return {name: outcome for outcome, name in found}, ran.stdout + ran.stderr


@pytest.mark.skipif(why_no_sandbox() is not None, reason=f"no sandbox here: {why_no_sandbox()}")
def test_the_requirements_that_a_mistake_breaks_fail_and_no_others(
    repository: Path, tmp_path: Path
) -> None:
    exercise = find_exercise(EXERCISE)
    mutant = next(m for m in exercise.mutants if m.name == "no-tanh")
    broken = {r.requirement.name for r in examine(exercise, mutant.function).results if r.finding}
    file = tmp_path / "06_ada.ipynb"
    file.write_text(notebook(cell(HONEST.replace("torch.tanh(g)", "g"))))
    found, said = outcomes(repository, "--submission", str(file), "-m", EXERCISE)
    assert {name for name, outcome in found.items() if outcome == "FAILED"} == broken
    assert set(found) == {requirement.name for requirement in exercise.requirements}
    assert mutant.says in said


def test_a_missing_file_or_an_unnamed_notebook_is_told_in_one_line(
    repository: Path, tmp_path: Path
) -> None:
    assert "there is no submission" in outcomes(repository, "--submission", "06_not_there.ipynb")[1]
    file = tmp_path / "ada.ipynb"
    file.write_text(notebook(cell(HONEST)))
    said = outcomes(repository, "--submission", str(file))[1]
    assert "which notebook is it? Add --notebook 05" in said
    assert "Traceback" not in said
