"""From result rows on disk to the tables that people read. No number is typed by hand."""

import json
from collections.abc import Sequence
from pathlib import Path

from refseg_lib.errors import UserError
from refseg_lib.evaluation.result_row import ResultRow

BEGIN, END = "<!-- results: made by `refseg results` -->", "<!-- end of results -->"
SCORES = ("oIoU", "mIoU", "P@0.5", "P@0.7", "P@0.9")


def read_rows(folder: Path) -> list[ResultRow]:
    """Read every result row below a folder, in the order of their file names.

    Files with no protocol (benchmarks) are no result rows and are passed over.

    Raises:
        UserError: A file is not JSON.
    """
    rows = []
    for path in sorted(folder.rglob("*.json")):
        try:
            flat = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UserError(f"{path} is not JSON ({error}): write it again") from error
        if isinstance(flat, dict) and "protocol" in flat:
            rows.append(ResultRow.from_dict(flat))
    return rows


def markdown_table(rows: Sequence[ResultRow]) -> str:
    """Render rows as a Markdown table, one line each."""
    lines = [
        "| data | split | model | backbone | n | " + " | ".join(SCORES) + " |",
        "|---|---|---|---|---:|" + "---:|" * len(SCORES),
    ]
    for row in rows:
        # English is what is not said.
        language = "Chinese" if row.language == "zh" else None
        crf = "dense CRF" if row.crf else None
        protocol = f"protocol {row.protocol}" if row.protocol != "strict" else None
        model = ", ".join(filter(None, (row.model, language, crf, protocol, row.control)))
        scores = " | ".join(f"{row.scores[name]:.2f}" for name in SCORES)
        backbone = "" if row.backbone == "none" else f"{row.backbone} ({row.pretraining})"
        data = Path(row.dataset.removeprefix("folder:")).name
        lines.append(
            f"| {data} | {row.split} | {model} | {backbone} | {row.scores['n']} | {scores} |"
        )
    return "\n".join(lines)


def fill(text: str, table: str) -> str:
    """Put a table between the two marks of a page.

    Raises:
        UserError: The page has no such marks.
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise UserError(f"the page has no place for a table: it needs {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{table}\n\n{END}{tail}"
