"""Result rows as an HTML table: the numbers, and beside them what they depend on."""

from collections.abc import Sequence
from html import escape

from refseg_lib.evaluation.result_row import ResultRow

NOTES_HEAD = '<th scope="col">Notes</th>'
NUMBERS = ("oIoU", "mIoU", "P@0.5", "P@0.7", "P@0.9")


def score_table(rows: Sequence[ResultRow]) -> str:
    """Lay result rows out, one per line, scores in percent.

    Args:
        rows: In the order in which to show them.

    Returns:
        An HTML ``<table>`` inside a box that scrolls where the screen is narrow.
    """
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Model", "Data", "Backbone"))
    head += "".join(f'<th scope="col" class="number">{name}</th>' for name in (*NUMBERS, "n"))
    # An empty column would only push the numbers off a narrow screen.
    noted = any(_notes(row) for row in rows)
    body = "\n".join(_line(row, noted) for row in rows)
    protocols = ", ".join(sorted({row.protocol for row in rows}))
    caption = (
        f"Percent; n sentences, each counted once. Protocol: {protocols}."
        " Compare only rows on the same data."
    )
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Scores">'
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}{NOTES_HEAD if noted else ''}</tr></thead>\n<tbody>{body}</tbody>"
        "</table></div>"
    )


def _line(row: ResultRow, noted: bool) -> str:
    data = f"{row.dataset} {row.split}" + ("" if row.language == "en" else f" ({row.language})")
    backbone = row.backbone
    if row.pretraining != "none":
        backbone += f", {row.pretraining}"
    cells = f"<td>{escape(data)}</td><td>{escape(backbone)}</td>"
    cells += "".join(f'<td class="number">{row.scores[name]:.1f}</td>' for name in NUMBERS)  # type: ignore[literal-required]
    cells += f'<td class="number">{row.scores["n"]}</td>'
    notes = f'<td class="notes">{escape(_notes(row))}</td>' if noted else ""
    return f'<tr><th scope="row">{escape(row.model)}</th>{cells}{notes}</tr>'


def _notes(row: ResultRow) -> str:
    """Join what a reader must know of a row: controls, fallbacks, a CRF."""
    notes = [row.control] if row.control else []
    return "; ".join([*notes, *row.notes, *(["dense CRF"] if row.crf else [])])
