"""Reading a submission: a notebook is data, and only its exercise cells are of interest."""

import ast
import json
import os
import re
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_BYTES = 20 * 2**20
MOST_CELLS = 5_000
MOST_SOURCE = 100_000
"""Characters of one exercise cell."""


@dataclass(frozen=True)
class Submission:
    """What was handed in by one student.

    Attributes:
        student: Who; from the file's or the folder's name.
        path: The notebook.
        cells: Exercise name to the source of its cell.
        remarks: What an instructor should know, one line each: missing and doubled cells, …
        digest: Of the file's bytes.
    """

    student: str
    path: Path
    cells: Mapping[str, str]
    remarks: tuple[str, ...]
    digest: str


def read_submission(path: Path, student: str, wanted: Collection[str]) -> Submission:
    """Take the exercise cells out of a notebook, by their ids.

    A cell counts under the id ``exercise-NAME``, or, where an editor gave new ids, under nbgrader's
    ``grade_id`` of that form, or, last, where it is the only cell that defines the function asked
    for; the remarks say so. Nothing is executed, and a damaged file is an empty submission with a
    remark, never an exception.

    Args:
        path: The notebook.
        student: Whose it is.
        wanted: Names of the exercises.
    """
    import hashlib

    def empty(remark: str, digest: str = "") -> Submission:
        return Submission(student, path, {}, (remark,), digest)

    try:
        # Not followed: a link could point at another student's work, or at the solutions.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        return empty(f"cannot be opened: {error.strerror or type(error).__name__}")
    try:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode):
            return empty("is not a plain file")
        if about.st_size > MOST_BYTES:
            return empty(f"has {about.st_size / 2**20:.0f} MB; at most {MOST_BYTES >> 20} are read")
        with os.fdopen(file, "rb", closefd=False) as opened:
            raw = opened.read(MOST_BYTES + 1)
    finally:
        os.close(file)
    digest = hashlib.sha256(raw).hexdigest()
    if len(raw) > MOST_BYTES:
        return empty(f"has more than {MOST_BYTES >> 20} MB", digest)
    try:
        notebook = json.loads(raw)
        listed = notebook["cells"]
        code = [cell for cell in listed if cell.get("cell_type") == "code"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, MemoryError):
        return empty("is not a notebook: its JSON cannot be read as one", digest)
    if not isinstance(listed, list) or len(listed) > MOST_CELLS:
        return empty(f"has more than {MOST_CELLS} cells", digest)
    cells, remarks = _choose(code, wanted)
    return Submission(student, path, cells, tuple(remarks), digest)


def _choose(
    code: list[dict[str, Any]], wanted: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    by_name: dict[str, list[str]] = {}
    unknown: list[str] = []
    anonymous: list[str] = []
    for cell in code:
        source = _source(cell)
        name = _name(cell)
        if name in wanted:
            by_name.setdefault(str(name), []).append(source)
        elif name is not None:
            unknown.append(name)
        else:
            anonymous.append(source)
    cells: dict[str, str] = {}
    remarks = [f"unknown exercise cell {name[:60]!r}" for name in sorted(set(unknown))]
    for name in sorted(wanted):
        found = by_name.get(name, [])
        if len(found) > 1:
            remarks.append(f"{name}: {len(found)} cells with its id; the first counts")
        if not found:
            found = [s for s in anonymous if _defines(s, name.replace("-", "_"))]
            if len(found) != 1:
                several = (
                    "several cells could be it; none counts" if found else "its cell is missing"
                )
                remarks.append(f"{name}: {several}")
                continue
            remarks.append(f"{name}: its cell has lost its id; found by the function's name")
        if len(found[0]) > MOST_SOURCE:
            remarks.append(f"{name}: its cell has {len(found[0])} characters; not graded")
            continue
        cells[name] = found[0]
    return cells, remarks


def _name(cell: dict[str, Any]) -> str | None:
    """Return the exercise that a cell says it is, from its id or from nbgrader's."""
    for given in (cell.get("id"), _grade_id(cell)):
        if isinstance(given, str) and given.startswith("exercise-"):
            return given.removeprefix("exercise-")
    return None


def _grade_id(cell: dict[str, Any]) -> Any:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def _defines(source: str, function: str) -> bool:
    """Tell whether a cell defines a function, at its outermost level; it is only parsed."""
    if len(source) > MOST_SOURCE or not re.search(rf"\bdef\s+{re.escape(function)}\b", source):
        return False
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in body)


def find_submissions(folder: Path, notebook: str | None = None) -> list[tuple[str, Path]]:
    """List (student, notebook) in a folder of submissions.

    Either ``STUDENT.ipynb``, or nbgrader's ``STUDENT/ASSIGNMENT/NAME.ipynb``, or
    ``STUDENT/NAME.ipynb``. Links are listed and refused when read; what lies deeper is not looked
    for.

    Args:
        folder: The submissions.
        notebook: Only files whose name contains this, such as ``"05_"``; for students who handed
            in several.
    """
    found = []
    patterns = ("*.ipynb", "*/*.ipynb", "*/*/*.ipynb")
    for path in sorted({path for pattern in patterns for path in folder.glob(pattern)}):
        *folders, _ = path.relative_to(folder).parts
        if ".ipynb_checkpoints" in folders:
            continue
        if folders and notebook is not None and notebook not in path.name:
            continue
        student = folders[0] if folders else path.stem
        found.append((student, path))
    return found
