"""From a lesson to its two notebooks, not yet run: the student's copy and the solution."""

from collections.abc import Mapping
from typing import Any

from refseg_lib.course.building.digest import seal
from refseg_lib.course.building.exercise_cell import take_apart
from refseg_lib.course.building.header import header_card
from refseg_lib.course.building.lesson import Cell, Lesson
from refseg_lib.course.building.notebook_file import Notebook
from refseg_lib.course.building.run_times import RunTime

METADATA: dict[str, Any] = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    # No version: it would change with the machine that builds.
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}
"""Metadata of every notebook, before it is sealed."""


def student_notebook(lesson: Lesson, points: Mapping[str, int], run: RunTime | None) -> Notebook:
    """Build the notebook a student opens: stubs for solutions, nothing run.

    Args:
        lesson: From :func:`~refseg_lib.course.building.reading.read_lesson`.
        points: Name -> points of every exercise.
        run: How long the solution took; None leaves it out of the header.
    """
    cells = []
    for cell in lesson.cells:
        if cell.role == "solution_only":
            continue
        source = cell.source
        if cell.role == "exercise":
            source = take_apart(cell).stub(cell.exercise)
        cells.append(_cell(lesson, cell, source, points, run))
    return seal(_notebook(cells))


def solution_notebook(lesson: Lesson, points: Mapping[str, int], run: RunTime | None) -> Notebook:
    """Build the solution, not yet run: every cell as the source has it.

    Args:
        lesson: From :func:`~refseg_lib.course.building.reading.read_lesson`.
        points: Name -> points of every exercise.
        run: How long it took; None leaves it out of the header.
    """
    cells = [_cell(lesson, cell, cell.source, points, run) for cell in lesson.cells]
    return seal(_notebook(cells))


def _notebook(cells: list[dict[str, Any]]) -> Notebook:
    metadata = {key: dict(value) for key, value in METADATA.items()}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cell(
    lesson: Lesson, cell: Cell, source: str, points: Mapping[str, int], run: RunTime | None
) -> dict[str, Any]:
    if cell.role == "header":
        worth = {c.exercise: points[c.exercise] for c in lesson.exercise_cells}
        source = header_card(lesson.header, worth, run)
    kind = "markdown" if cell.markdown else "code"
    built: dict[str, Any] = {"cell_type": kind, "id": cell.id, "metadata": {}, "source": source}
    if cell.role in ("exercise", "check"):
        built["metadata"] = {"nbgrader": _nbgrader(cell, points[cell.exercise])}
    if not cell.markdown:
        built |= {"execution_count": None, "outputs": []}
    return built


def _nbgrader(cell: Cell, points: int) -> dict[str, Any]:
    """Say what nbgrader (metadata schema 3) needs to know of an exercise or check cell."""
    graded = cell.role == "check"
    said = {
        "grade": graded,
        "grade_id": cell.id,
        "locked": graded,
        "schema_version": 3,
        "solution": not graded,
        "task": False,
    }
    return said | {"points": points} if graded else said
