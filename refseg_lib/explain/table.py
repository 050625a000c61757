"""A small table of numbers for a notebook."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Literal

from refseg_lib.errors import UserError
from refseg_lib.explain.fragment import Fragment

Cell = str | int | float | None
Best = Literal["highest", "lowest"]
CELL = "padding:4px 12px;border-bottom:1px solid rgb(150,150,150);vertical-align:top"


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    caption: str,
    *,
    best: Mapping[str, Best] | None = None,
    digits: int = 1,
) -> Fragment:
    """Lay out rows whose first cell names them.

    Args:
        columns: Heads, that of the names included.
        rows: A cell per column: text, a number (floats are rounded), or None for "not measured".
        caption: What the table shows, and in which unit.
        best: Column to which of its numbers are printed bold: the ``"highest"`` or ``"lowest"``,
            all of them where rounded numbers are equal.
        digits: Decimals of the floats.

    Returns:
        An HTML table, numbers to the right; its text is the table in plain characters.

    Raises:
        UserError: A row has not a cell per column, there is no row, the caption is empty, or
            ``best`` names no column.
    """
    if not rows or not caption.strip():
        raise UserError(
            f"a table of {len(rows)} rows with the caption {caption!r}: give at least one row, and"
            " say what the table shows"
        )
    for row in rows:
        if len(row) != len(columns):
            raise UserError(
                f"the table has {len(columns)} columns, but this row has {len(row)} cells:"
                f" {list(row)}"
            )
    unknown = set(best or {}) - set(columns)
    if unknown:
        raise UserError(
            f"best names {', '.join(sorted(unknown))}, the columns are {', '.join(columns)}"
        )
    shown = [[_told(cell, digits) for cell in row] for row in rows]
    numeric = [any(_is_number(row[c]) for row in rows) for c in range(len(columns))]
    bold = [_best([row[c] for row in rows], (best or {}).get(columns[c]), digits)
            for c in range(len(columns))]  # fmt: skip
    head = "".join(
        _cell("th", escape(name), right, ' scope="col"')
        for name, right in zip(columns, numeric, strict=True)
    )
    lines = []
    for r, row in enumerate(shown):
        cells = []
        for c, text in enumerate(row):
            inside = f"<strong>{escape(text)}</strong>" if r in bold[c] else escape(text)
            tag, scope = ("td", "") if c else ("th", ' scope="row"')
            cells.append(_cell(tag, inside, numeric[c], scope))
        lines.append(f"<tr>{''.join(cells)}</tr>")
    html = (
        '<table style="border-collapse:collapse;margin:8px 0">'
        f'<caption style="caption-side:top;text-align:left;padding:0 12px 4px 12px">'
        f"{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
    )
    return Fragment(html, "\n".join([caption, *_plain([list(columns), *shown], numeric)]))


def _cell(tag: str, inside: str, right: bool, scope: str) -> str:
    align = "right" if right else "left"
    weight = ";font-weight:600" if tag == "th" and "col" in scope else ";font-weight:400"
    return f'<{tag}{scope} style="{CELL};text-align:{align}{weight}">{inside}</{tag}>'


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _told(cell: Cell, digits: int) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.{digits}f}"
    return f"{cell:,}" if _is_number(cell) else str(cell)


def _best(cells: list[Cell], which: Best | None, digits: int) -> set[int]:
    """Return the rows to print bold: those that read the same as the best one."""
    numbers = {r: round(cell, digits) for r, cell in enumerate(cells)
               if isinstance(cell, int | float) and cell == cell}  # fmt: skip
    if which is None or not numbers:
        return set()
    wanted = max(numbers.values()) if which == "highest" else min(numbers.values())
    return {r for r, number in numbers.items() if number == wanted}


def _plain(rows: list[list[str]], numeric: list[bool]) -> list[str]:
    widths = [max(len(row[c]) for row in rows) for c in range(len(numeric))]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in rows
    ]
