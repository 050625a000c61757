"""All that is wrong with the course's notebooks, a line each; nothing is run."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from refseg_lib.course.building.drift import drift
from refseg_lib.course.building.headings import disordered_headings
from refseg_lib.course.building.leaks import leaks, solutions_of
from refseg_lib.course.building.notebook_file import Notebook, read_notebook
from refseg_lib.course.building.pictures import silent_pictures
from refseg_lib.course.building.publishing import local_paths, too_large
from refseg_lib.course.building.reading import read_lessons
from refseg_lib.course.building.run_times import load_run_times
from refseg_lib.errors import UserError

RUN_TIMES = "minutes.json"
"""File in the folder of solutions."""


def check_all(
    sources: Path, notebooks: Path, solutions: Path, points: Mapping[str, int]
) -> list[str]:
    """Look for drift, solutions given away, silent pictures, headings out of order, and paths.

    Every notebook in the two folders is looked at, built or not.

    Args:
        sources: Folder of the lessons, ``NN_slug.py``.
        notebooks: Folder of the students' copies.
        solutions: Folder of the executed solutions.
        points: Name -> points of every exercise.

    Returns:
        One line per problem; empty when all is well.

    Raises:
        UserError: A lesson that cannot be read.
    """
    lessons = read_lessons(sources, points)
    times = load_run_times(solutions / RUN_TIMES)
    lines = [str(entry) for entry in drift(lessons, notebooks, solutions, points, times)]
    answers = solutions_of(lessons)
    for path in sorted(notebooks.glob("*.ipynb")):
        notebook = read_notebook(path)
        lines += written_badly(str(path), notebook) + leaks(str(path), notebook, answers)
    for path in sorted(solutions.glob("*.ipynb")):
        lines += written_badly(str(path), read_notebook(path))
        lines += unpublishable(str(path), read_notebook(path), sources.resolve().parent)
    return lines


def written_badly(name: str, notebook: Notebook) -> list[str]:
    """List what a reader would stumble over, run or not."""
    return disordered_headings(name, notebook) + silent_pictures(name, notebook)


def unpublishable(name: str, notebook: Notebook, repository: Path) -> list[str]:
    """List what must not be published of an executed notebook."""
    return local_paths(name, notebook, repository) + too_large(name, notebook)


def refuse(problems: Iterable[str]) -> None:
    """Stop at the first problem, saying how many there are.

    Raises:
        UserError: There is one.
    """
    problems = list(problems)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise UserError(problems[0] + more)
