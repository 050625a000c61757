"""Headings in order: one title, and no level left out on the way down."""

import re

from refseg_lib.course.building.notebook_file import Notebook, cell_label

_FENCED = re.compile(r"^(```|~~~).*?^\1", flags=re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.*)$|^<h([1-6])\b[^>]*>(.*?)</h", flags=re.MULTILINE)


def disordered_headings(name: str, notebook: Notebook) -> list[str]:
    """List the headings that come out of order, a line each.

    Who listens to a page jumps from heading to heading: a level that is left out sounds like
    something missed.

    Args:
        name: What the lines call the notebook.
        notebook: Run or not.
    """
    lines, level = [], 0
    for index, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "markdown":
            continue
        for marks, text, digit, html in _HEADING.findall(_FENCED.sub("", cell["source"])):
            depth = len(marks) or int(digit)
            place = f"{name}, {cell_label(notebook, index)}: heading {text.strip() or html!r}"
            if depth > level + 1:
                lines.append(f"{place} has level {depth} after level {level}; use {level + 1}")
            elif depth == 1 and level:
                lines.append(f"{place} has level 1, as the title has; use 2")
            level = depth
    return lines
