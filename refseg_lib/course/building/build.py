"""Building the notebooks: what `refseg course build` does."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from refseg_lib.course.building import executing
from refseg_lib.course.building.assembling import solution_notebook, student_notebook
from refseg_lib.course.building.auditing import RUN_TIMES, refuse, unpublishable, written_badly
from refseg_lib.course.building.digest import refuse_edited
from refseg_lib.course.building.leaks import leaks, solutions_of
from refseg_lib.course.building.lesson import Lesson
from refseg_lib.course.building.notebook_file import Notebook, notebook_text, read_notebook
from refseg_lib.course.building.outputs import tidy_outputs
from refseg_lib.course.building.reading import read_lessons
from refseg_lib.course.building.run_times import RunTime, load_run_times, save_run_times, steady
from refseg_lib.course.building.widget_state import settle_widgets
from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically


def build_all(
    sources: Path,
    notebooks: Path,
    solutions: Path,
    points: Mapping[str, int],
    execute: bool,
    overwrite: bool,
    only: Sequence[str],
) -> list[str]:
    """Build the student's copy and the solution of every lesson; progress goes to stderr.

    Everything that can be refused without running is refused before anything runs or is written.
    Run lessons are written one by one, so that an interrupted build keeps what it has finished.

    Args:
        sources: Folder of the lessons, ``NN_slug.py``.
        notebooks: Folder of the students' copies.
        solutions: Folder of the executed solutions and of ``minutes.json``.
        points: Name -> points of every exercise.
        execute: Run the solutions and measure them. Without it, a solution whose code did not
            change keeps its outputs, and one whose code did is left as it is.
        overwrite: Build over notebooks that a person has edited.
        only: Lessons to build, by number (``05``) or name; empty for all.

    Returns:
        One line per file: what was done with it.

    Raises:
        UserError: A lesson that cannot be built, a notebook that a person has edited, a cell that
            raised, or an output that must not be published.
    """
    lessons = read_lessons(sources, points)
    chosen = [lesson for lesson in lessons if _is_meant(lesson, only, lessons)]
    names = {lesson.name for lesson in lessons}
    times = {n: t for n, t in load_run_times(solutions / RUN_TIMES).items() if n in names}
    answers = solutions_of(lessons)
    problems, targets = [], []
    for lesson in chosen:
        student = student_notebook(lesson, points, None)
        name = str(notebooks / f"{lesson.name}.ipynb")
        problems += written_badly(name, student) + leaks(name, student, answers)
        problems += written_badly(str(lesson.path), solution_notebook(lesson, points, None))
        targets += [folder / f"{lesson.name}.ipynb" for folder in (notebooks, solutions)]
    refuse(problems)
    if not overwrite:
        refuse_edited(targets)
    lines = []
    for number, lesson in enumerate(chosen, start=1):
        solved = None
        if execute:
            solved, run = _run(lesson, points, solutions, f"{number}/{len(chosen)}")
            refuse(unpublishable(str(lesson.path), solved, sources.resolve().parent))
            refuse(written_badly(str(lesson.path), solved))
            times[lesson.name] = steady(times.get(lesson.name), run)
            save_run_times(solutions / RUN_TIMES, times)
        lines += _write(lesson, points, times.get(lesson.name), notebooks, solutions, solved)
    return lines


def _is_meant(lesson: Lesson, only: Sequence[str], lessons: Sequence[Lesson]) -> bool:
    for name in only:
        if not any(_names(name, other) for other in lessons):
            known = ", ".join(other.name for other in lessons)
            raise UserError(f"no lesson {name!r}: choose from {known}, or their numbers")
    return not only or any(_names(name, lesson) for name in only)


def _names(name: str, lesson: Lesson) -> bool:
    return name in (lesson.name, lesson.name[:2])


def _run(
    lesson: Lesson, points: Mapping[str, int], folder: Path, which: str
) -> tuple[Notebook, RunTime]:
    """Run a solution where it will lie; return it with settled outputs, and the time it took."""
    from rich.console import Console
    from rich.progress import Progress

    notebook = solution_notebook(lesson, points, None)
    console = Console(stderr=True)
    title = f"{which} {lesson.name}"
    if not console.is_terminal:
        print(f"running {title}", file=sys.stderr, flush=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=len(notebook["cells"]))
        done, seconds = executing.execute(
            notebook,
            folder,
            str(lesson.path),
            on_cell=lambda index: bar.update(task, completed=index),
        )
    settled = settle_widgets(tidy_outputs(done))
    run = RunTime(max(1, round(seconds)), _cores())
    return settled, run


def _write(
    lesson: Lesson,
    points: Mapping[str, int],
    run: RunTime | None,
    notebooks: Path,
    solutions: Path,
    solved: Notebook | None,
) -> list[str]:
    """Write both notebooks of a lesson; say what was done."""
    file = notebooks / f"{lesson.name}.ipynb"
    lines = [_save(file, student_notebook(lesson, points, run))]
    file = solutions / f"{lesson.name}.ipynb"
    fresh = solution_notebook(lesson, points, run)
    if solved is None and file.exists():
        solved = read_notebook(file)
    if solved is None or _code(solved) != _code(fresh):
        return [*lines, f"{file}: needs a run, left as it is; build without --no-run"]
    return [*lines, _save(file, _with_outputs(fresh, solved))]


def _code(notebook: Notebook) -> list[str]:
    return [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _with_outputs(fresh: Notebook, solved: Notebook) -> Notebook:
    """Return ``fresh`` with the outputs of ``solved``, whose code cells are the same."""
    outputs = iter([cell for cell in solved["cells"] if cell["cell_type"] == "code"])
    cells = []
    for cell in fresh["cells"]:
        if cell["cell_type"] == "code":
            run = next(outputs)
            cell = cell | {key: run[key] for key in ("execution_count", "outputs")}
        cells.append(cell)
    widgets = {k: v for k, v in solved["metadata"].items() if k == "widgets"}
    return fresh | {"cells": cells, "metadata": fresh["metadata"] | widgets}


def _save(file: Path, notebook: Notebook) -> str:
    text = notebook_text(notebook)
    if file.exists() and file.read_bytes() == text.encode():
        return f"{file}: unchanged"
    write_atomically(file, text)
    return f"{file}: written"


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
