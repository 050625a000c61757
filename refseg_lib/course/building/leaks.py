"""No piece of a solution in what a student is given: no run of eight Python tokens."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator

from refseg_lib.course.building.exercise_cell import take_apart
from refseg_lib.course.building.lesson import Lesson
from refseg_lib.course.building.notebook_file import Notebook, cell_label

LONGEST = 7
"""Tokens in a row that a student's notebook may share with a solution."""

_SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
_CODE = re.compile(r"^(?:```|~~~)[^\n]*\n(.*?)^(?:```|~~~)|`([^`\n]+)`", re.DOTALL | re.MULTILINE)


def solutions_of(lessons: Iterable[Lesson]) -> dict[str, list[str]]:
    """Return exercise name -> tokens of its solution, for all lessons."""
    return {
        cell.exercise: python_tokens(take_apart(cell).solution)
        for lesson in lessons
        for cell in lesson.exercise_cells
    }


def leaks(name: str, notebook: Notebook, solutions: dict[str, list[str]]) -> list[str]:
    """List where a student's notebook repeats a solution, a line each.

    Looked at are code cells, the texts within them (a docstring may quote code), and code in
    Markdown. Comments, line ends and indentation do not count; a text is one token.

    Args:
        name: What the lines call the notebook.
        notebook: A student's copy.
        solutions: Exercise name -> tokens.
    """
    runs: dict[tuple[str, ...], str] = {}
    for exercise, tokens in solutions.items():
        for start in range(len(tokens) - LONGEST):
            runs.setdefault(tuple(tokens[start : start + LONGEST + 1]), exercise)
    lines = []
    for index, cell in enumerate(notebook["cells"]):
        for tokens in _streams(cell["cell_type"] == "code", cell["source"]):
            found = _longest_shared(tokens, runs)
            if found:
                exercise, shared = found
                lines.append(
                    f"{name}, {cell_label(notebook, index)}: repeats {len(shared)} tokens of the"
                    f" solution of {exercise!r}: `{' '.join(shared)}`; say it another way"
                )
    return lines


def python_tokens(text: str) -> list[str]:
    """Cut Python into tokens, without comments, line ends and indentation.

    Text that is not quite Python (a magic, a sentence with code in it) is cut line by line, and a
    line up to where it stops being Python.
    """
    try:
        return [*_tokens(text)]
    except (tokenize.TokenError, SyntaxError):
        return [token for line in text.split("\n") for token in _tokens_while_python(line)]


def _tokens(text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _SILENT:
            yield token.string


def _tokens_while_python(line: str) -> Iterator[str]:
    try:
        yield from _tokens(line.strip())
    except (tokenize.TokenError, SyntaxError):
        return


def _streams(is_code: bool, source: str) -> Iterator[list[str]]:
    """Give the token runs in which a leak is looked for: code, then each text that may quote it."""
    if not is_code:
        for fenced, inline in _CODE.findall(source):
            yield python_tokens(fenced or inline)
        return
    tokens = python_tokens(source)
    yield tokens
    for token in tokens:
        if token[-1] in "\"'":
            yield python_tokens(_text_of(token))


def _text_of(token: str) -> str:
    try:
        text = ast.literal_eval(token)
    except (ValueError, SyntaxError):
        return token.strip("\"'")
    return text if isinstance(text, str) else ""


def _longest_shared(
    tokens: list[str], runs: dict[tuple[str, ...], str]
) -> tuple[str, list[str]] | None:
    """Find the longest stretch of ``tokens`` whose every window is a run of a solution."""
    best: tuple[str, list[str]] | None = None
    start = 0
    while start + LONGEST < len(tokens):
        end = start
        while tuple(tokens[end : end + LONGEST + 1]) in runs:
            end += 1
        if end > start:
            shared = tokens[start : end + LONGEST]
            if best is None or len(shared) > len(best[1]):
                best = (runs[tuple(shared[: LONGEST + 1])], shared)
        start = max(end, start + 1)
    return best
