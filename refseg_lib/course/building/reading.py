"""Reading a lesson: jupytext's percent format, with the few options this course gives cells."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from refseg_lib.course.building.exercise_cell import take_apart
from refseg_lib.course.building.header import read_header
from refseg_lib.course.building.lesson import Cell, Lesson, Role
from refseg_lib.course.building.pairing import match_checks
from refseg_lib.errors import UserError

LONGEST = 25
"""Lines of a cell; what a reader takes in without scrolling."""

_OPTIONS = {"exercise", "check", "solution_only"}
# jupytext's own: blank lines behind a cell, and words after the `# %%`.
_IGNORED = {"lines_to_next_cell", "title"}
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FILE = re.compile(r"\d\d(_[a-z0-9]+)+")
# Cell ids may have 64 characters.
_LONGEST_NAME = 50


def read_lessons(sources: Path, points: Mapping[str, int]) -> list[Lesson]:
    """Read all lessons of a folder, by number.

    Args:
        sources: Folder of ``NN_slug.py`` files.
        points: Name -> points of every exercise that exists.

    Raises:
        UserError: No lesson there, an exercise in two lessons, or what :func:`read_lesson` refuses.
    """
    lessons = [read_lesson(path, points) for path in sorted(sources.glob("*.py"))]
    if not lessons:
        raise UserError(f"no lesson in {sources}: expected files like 05_attention.py")
    home: dict[str, Lesson] = {}
    for lesson in lessons:
        for cell in lesson.exercise_cells:
            if cell.exercise in home:
                raise UserError(
                    f"{cell.place}: exercise {cell.exercise!r} stands in"
                    f" {home[cell.exercise].path} already"
                )
            home[cell.exercise] = lesson
    return lessons


def read_lesson(path: Path, points: Mapping[str, int]) -> Lesson:
    """Read one lesson and make sure that it can be built.

    Args:
        path: ``NN_slug.py``, jupytext's percent format, UTF-8; Windows line ends are fine.
        points: Name -> points of every exercise that exists.

    Returns:
        The lesson. Ids of exercise and check cells carry the exercise's name, those of other cells
        the lesson's name and their position in the source, from 1.

    Raises:
        UserError: Anything that is not as the builder needs it, with the file and the line.
    """
    if not _FILE.fullmatch(path.stem) or len(path.stem) > _LONGEST_NAME:
        raise UserError(f"{path}: a lesson's file is named like 05_attention.py, in small letters")
    text = _read_text(path)
    raw = _split(text)
    places = _places(path, text, len(raw))
    slug = path.stem.replace("_", "-")
    cells = []
    for number, (cell, place) in enumerate(zip(raw, places, strict=True), start=1):
        role, name = _role(cell, number, place)
        cell_id = f"{role}-{name}" if name else f"{slug}-{number:03d}"
        markdown = cell["cell_type"] == "markdown"
        # jupytext has cut trailing blank lines; inner ones are the author's.
        cells.append(Cell(role, cell_id, cell["source"], markdown, place, name))
    if not cells or cells[0].role != "header":
        raise UserError(
            f"{path}: the first cell must be the header, `# %% [markdown]` with the title"
            f" `# {path.stem[:2]} …`"
        )
    header = read_header(cells[0].source, path.stem[:2], cells[0].place)
    match_checks(cells, points, str(path))
    for cell in cells[1:]:
        _refuse_long(cell)
    return Lesson(path, header, tuple(cells))


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 ({error.reason} at byte {error.start})") from None


def _split(text: str) -> list[dict[str, Any]]:
    try:
        import jupytext
    except ImportError as error:
        raise UserError(
            "lessons are read by the package jupytext, which is not installed:"
            " run `pip install jupytext`"
        ) from error
    return jupytext.reads(text, fmt="py:percent").cells


def _places(path: Path, text: str, cells: int) -> list[str]:
    """Say where each cell begins, by line where the markers can be told, else by number."""
    lines = [n for n, line in enumerate(text.split("\n"), start=1) if re.match(r"# ?%%", line)]
    if len(lines) == cells:
        return [f"{path} line {line}" for line in lines]
    return [f"{path} cell {number}" for number in range(1, cells + 1)]


def _role(cell: dict[str, Any], number: int, place: str) -> tuple[Role, str]:
    options = {key: value for key, value in cell["metadata"].items() if key not in _IGNORED}
    if not set(options) <= _OPTIONS or len(options) > 1:
        # jupytext keeps what it cannot read under a name of its own.
        got = options.pop("incorrectly_encoded_metadata", None) or ", ".join(options)
        raise UserError(
            f"{place}: cannot use the cell's options `{got}`; expected nothing or one of"
            ' exercise="name", check="name", solution_only=true'
        )
    if cell["cell_type"] not in ("code", "markdown"):
        raise UserError(f"{place}: a {cell['cell_type']} cell; use `# %%` or `# %% [markdown]`")
    if not cell["source"].strip():
        raise UserError(f"{place}: the cell is empty; delete it")
    code = cell["cell_type"] == "code"
    if number == 1 and not code and not options:
        return "header", ""
    if not options:
        return "plain", ""
    key, value = options.popitem()
    if key == "solution_only":
        if value is not True:
            raise UserError(f"{place}: got solution_only={value!r}; write solution_only=true")
        return "solution_only", ""
    if not code or not isinstance(value, str) or not _NAME.fullmatch(value):
        raise UserError(
            f"{place}: got {key}={value!r} on a {cell['cell_type']} cell; expected a code cell and"
            ' a name in small letters, like "masked-softmax"'
        )
    if len(value) > _LONGEST_NAME:
        raise UserError(f"{place}: {value!r} has more than {_LONGEST_NAME} letters; shorten it")
    return ("exercise" if key == "exercise" else "check"), value


def _refuse_long(cell: Cell) -> None:
    lines = cell.source.count("\n") + 1
    if cell.role == "exercise":
        # What a student scrolls through is the docstring; what is counted is the work.
        lines -= take_apart(cell).docstring_lines + 2
    if lines > LONGEST:
        free = " without docstring and markers" if cell.role == "exercise" else ""
        raise UserError(
            f"{cell.place}: the cell has {lines} lines{free}, {LONGEST} are allowed: divide it"
        )
