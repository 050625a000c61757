"""An exercise cell taken apart: the stub a student gets, and the solution kept from them."""

import ast
import re
from dataclasses import dataclass

from refseg_lib.course.building.lesson import Cell
from refseg_lib.errors import UserError

BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"


@dataclass(frozen=True)
class ExerciseCode:
    """The pieces of an exercise cell.

    Attributes:
        function: Name of the one function it defines.
        above: Lines up to the first marker: ``def``, docstring, given code.
        solution: Lines between the markers.
        below: Lines after the second marker, given code again.
        indent: Blanks before the first marker.
        docstring_lines: Lines that the docstring takes.
    """

    function: str
    above: str
    solution: str
    below: str
    indent: str
    docstring_lines: int

    def stub(self, name: str) -> str:
        """Return what stands in the student's copy of exercise ``name``."""
        call = f'{self.indent}raise NotImplementedError("{name}: write me")'
        return "\n".join(part for part in (self.above, call, self.below) if part)


def take_apart(cell: Cell) -> ExerciseCode:
    """Find the function, the docstring and the markers of an exercise cell.

    Raises:
        UserError: The cell is no Python, holds anything but one function, lacks a docstring, or
            its markers do not enclose a solution.
    """
    place = f"{cell.place}, exercise {cell.exercise!r}"
    function = _only_function(cell.source, place)
    lines = cell.source.split("\n")
    begin, end = _markers(lines, place)
    docstring = function.body[0]
    if ast.get_docstring(function) is None or (docstring.end_lineno or 0) > begin:
        raise UserError(
            f"{place}: the function has no docstring above `{BEGIN}`; say what it computes, the"
            " shapes, and a hint"
        )
    code = ExerciseCode(
        function=function.name,
        above="\n".join(lines[:begin]),
        solution="\n".join(lines[begin + 1 : end]),
        below="\n".join(lines[end + 1 :]),
        indent=lines[begin][: -len(lines[begin].lstrip())],
        docstring_lines=(docstring.end_lineno or 0) - docstring.lineno + 1,
    )
    if not any(
        line.strip() and not line.strip().startswith("#") for line in lines[begin + 1 : end]
    ):
        raise UserError(
            f"{place}: nothing stands between `{BEGIN}` and `{END}`; write the solution"
        )
    try:
        ast.parse(code.stub(cell.exercise))
    except SyntaxError as error:
        raise UserError(
            f"{place}: without its solution the cell is no Python ({error.msg}, line"
            f" {error.lineno}); let the markers enclose whole statements"
        ) from None
    return code


def _only_function(source: str, place: str) -> ast.FunctionDef:
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise UserError(f"{place}: no Python ({error.msg}, line {error.lineno}): mend it") from None
    functions = [s for s in statements if isinstance(s, ast.FunctionDef)]
    if len(functions) != 1:
        names = ", ".join(f.name for f in functions) or "none"
        raise UserError(
            f"{place}: the cell must define one function, got {len(functions)} ({names}); give"
            " every other one a cell of its own"
        )
    for statement in statements:
        if statement is not functions[0]:
            line = source.split("\n")[statement.lineno - 1].strip()
            raise UserError(
                f"{place}: the cell must hold its function alone; move `{line}` to a cell above"
            )
    return functions[0]


def _markers(lines: list[str], place: str) -> tuple[int, int]:
    """Return the indices of the two marker lines."""
    found = [
        (index, line.strip())
        for index, line in enumerate(lines)
        if re.fullmatch(rf"\s+({BEGIN}|{END})\s*", line)
    ]
    if [text for _, text in found] != [BEGIN, END]:
        got = ", ".join(f"`{text}`" for _, text in found) or "neither"
        raise UserError(
            f"{place}: needs one line `{BEGIN}` and after it one line `{END}`, inside the function;"
            f" got {got}"
        )
    return found[0][0], found[1][0]
