"""Every exercise has one check cell behind it, and every check cell checks its own exercise."""

import ast
from collections.abc import Mapping, Sequence

from refseg_lib.course.building.exercise_cell import take_apart
from refseg_lib.course.building.lesson import Cell
from refseg_lib.errors import UserError


def match_checks(cells: Sequence[Cell], points: Mapping[str, int], place: str) -> None:
    """Make sure that exercise and check cells of one lesson belong together.

    Args:
        cells: Of the lesson, in order.
        points: Name -> points of every exercise that exists.
        place: The lesson's file, for messages.

    Raises:
        UserError: An unknown, doubled or unchecked exercise, a check before its exercise, or a
            check cell whose last line does not check it.
    """
    functions: dict[str, str] = {}
    checked: set[str] = set()
    for cell in cells:
        name = cell.exercise
        if cell.role not in ("exercise", "check"):
            continue
        if name not in points:
            known = ", ".join(sorted(points)) or "none yet"
            raise UserError(f"{cell.place}: unknown exercise {name!r}; the registry has {known}")
        if cell.role == "exercise":
            if name in functions:
                raise UserError(f"{cell.place}: exercise {name!r} stands here a second time")
            functions[name] = take_apart(cell).function
        else:
            if name not in functions or name in checked:
                why = "is checked already" if name in checked else "has no exercise cell above"
                raise UserError(f"{cell.place}: {name!r} {why}; an exercise has one check, below")
            _checks(cell, functions[name])
            checked.add(name)
    for name in functions:
        if name not in checked:
            raise UserError(
                f'{place}: exercise {name!r} is never checked; add a cell `# %% check="{name}"`'
            )


def _checks(cell: Cell, function: str) -> None:
    """Refuse a check cell whose last line is not ``check(name, function)``."""
    wanted = f'check("{cell.exercise}", {function})'
    try:
        statements = ast.parse(cell.source).body
    except SyntaxError as error:
        raise UserError(
            f"{cell.place}: the check cell is no Python ({error.msg}, line {error.lineno});"
            f" its last line must be `{wanted}`"
        ) from None
    last = statements[-1] if statements else None
    if (
        not isinstance(last, ast.Expr)
        or not isinstance(last.value, ast.Call)
        or ast.unparse(last.value.func) != "check"
        or [ast.unparse(a) for a in last.value.args] != [repr(cell.exercise), function]
    ):
        got = f"got `{ast.unparse(last)}`" if last is not None else "got nothing"
        raise UserError(f"{cell.place}: the last line must be `{wanted}`, {got}")
