"""Notebooks that are not what their lessons would build today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from refseg_lib.course.building.assembling import solution_notebook, student_notebook
from refseg_lib.course.building.digest import is_built
from refseg_lib.course.building.lesson import Lesson
from refseg_lib.course.building.notebook_file import (
    Notebook,
    cell_label,
    notebook_text,
    read_notebook,
)
from refseg_lib.course.building.run_times import RunTime

_COMPARED = ("id", "cell_type", "source", "metadata")


@dataclass(frozen=True)
class Drift:
    """A file that differs from what would be built, and where it first does."""

    file: Path
    difference: str

    def __str__(self) -> str:
        """Say it in one line, with what to do."""
        return f"{self.file}: {self.difference}; build the notebooks anew"


def drift(
    lessons: Sequence[Lesson],
    notebooks: Path,
    solutions: Path,
    points: Mapping[str, int],
    times: Mapping[str, RunTime],
) -> list[Drift]:
    """List the notebooks that are missing, outdated, or left over from a lesson that is gone.

    A student's copy must be what would be built to the byte (line ends apart), so it holds no
    outputs either. Of a solution the cells are compared, not what running them gave.

    Args:
        lessons: All lessons.
        notebooks: Folder of the students' copies. Notebooks that were never built may lie there.
        solutions: Folder of the executed solutions.
        points: Name -> points of every exercise.
        times: Lesson name -> run time.
    """
    found = []
    for lesson in lessons:
        run = times.get(lesson.name)
        file = notebooks / f"{lesson.name}.ipynb"
        found += _against(file, student_notebook(lesson, points, run), to_the_byte=True)
        file = solutions / f"{lesson.name}.ipynb"
        found += _against(file, solution_notebook(lesson, points, run), to_the_byte=False)
    names = {lesson.name for lesson in lessons}
    for folder in (notebooks, solutions):
        for file in sorted(folder.glob("*.ipynb")):
            if file.stem not in names and is_built(read_notebook(file)):
                found.append(Drift(file, "its lesson is gone: delete it"))
    return found


def first_difference(there: Notebook, wanted: Notebook) -> str | None:
    """Name the first cell whose id, kind, source or metadata differ; None when none does."""
    pairs = zip(there["cells"], wanted["cells"], strict=False)
    for index, (mine, theirs) in enumerate(pairs):
        for key in _COMPARED:
            if mine.get(key) != theirs[key]:
                what = "text" if key == "source" else key
                return f"{cell_label(there, index)} differs in its {what}"
    if len(there["cells"]) != len(wanted["cells"]):
        return f"has {len(there['cells'])} cells instead of {len(wanted['cells'])}"
    return None


def _against(file: Path, wanted: Notebook, to_the_byte: bool) -> list[Drift]:
    if not file.exists():
        return [Drift(file, "was never built")]
    there = read_notebook(file)
    difference = first_difference(there, wanted)
    if difference is None and to_the_byte:
        text = file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        if text != notebook_text(wanted):
            difference = "its cells hold outputs, or its metadata differ"
    elif difference is None:
        metadata = {k: v for k, v in there["metadata"].items() if k != "widgets"}
        if metadata != wanted["metadata"]:
            difference = "its metadata differ"
        elif not all(c["execution_count"] for c in there["cells"] if c["cell_type"] == "code"):
            difference = "was not run"
    return [] if difference is None else [Drift(file, difference)]
