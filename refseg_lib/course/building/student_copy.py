"""Running a student's copy with answers put into it, as a student would who typed them."""

import copy
from collections.abc import Mapping
from pathlib import Path

from refseg_lib.course.building.executing import LONGEST, execute
from refseg_lib.course.building.notebook_file import Notebook, read_notebook
from refseg_lib.errors import UserError


def run_student_copy(
    path: Path,
    answers: Mapping[str, str],
    *,
    timeout: float = LONGEST,
    environment: Mapping[str, str] | None = None,
) -> Notebook:
    """Fill in some exercises and run every cell; the file stays as it is.

    Args:
        path: A built student's copy; its folder is the working folder.
        answers: Exercise name -> source of the whole cell. Exercises not named keep their stub.
        timeout: Seconds for the whole notebook.
        environment: Variables on top of this process's own.

    Returns:
        The executed notebook.

    Raises:
        UserError: No such exercise there, or a cell raised.
    """
    notebook = copy.deepcopy(read_notebook(path))
    cells = {cell.get("id"): cell for cell in notebook["cells"]}
    for name, source in answers.items():
        cell = cells.get(f"exercise-{name}")
        if cell is None:
            there = [str(i)[9:] for i in cells if str(i).startswith("exercise-")]
            raise UserError(
                f"{path} has no exercise {name!r} to answer; it has {', '.join(there) or 'none'}"
            )
        cell["source"] = source
    return execute(notebook, path.parent, str(path), timeout=timeout, environment=environment)[0]
