"""From result rows on disk to the tables that people read. No number is typed by hand."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from refseg_lib.errors import UserError
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.files import write_atomically
from refseg_lib.reproduction.markdown import table_row

BEGIN, END = "<!-- results: made by `refseg results` -->", "<!-- end of results -->"
SCORES = ("oIoU", "mIoU", "P@0.5", "P@0.7", "P@0.9")
# What the table of shipped models shows, by what it is called there.
SHIPPED_COLUMNS = {
    "val": "val",
    "P@0.5": "val, P@0.5",
    "val, CRF": "val, with dense CRF",
    "testA": "testA",
    "testB": "testB",
}
SHIPPED = "parkref_unc"
"""Folder of the results of the shipped models; the data set has the same name."""


def write_tables(results: Path, page: Path) -> list[Path]:
    """Put the shipped models into a page, and every row into ``ROWS.md`` of the results' folder.

    Args:
        results: Folder of result rows.
        page: Has the two marks between which the table belongs.

    Returns:
        What was written.

    Raises:
        UserError: A file is not JSON, the page has no marks, or the disk is full.
    """
    rows = read_rows(results)
    shipped = [row for path, row in rows.items() if path.startswith(f"{SHIPPED}/")]
    text = fill(page.read_text(encoding="utf-8"), shipped_table(shipped))
    everything = results / "ROWS.md"
    write_atomically(everything, _rows_page(rows))
    write_atomically(page, text)
    return [page, everything]


def read_rows(folder: Path) -> dict[str, ResultRow]:
    """Read every result row below a folder: path inside it to row, in the order of their paths.

    Files with no protocol (benchmarks) are no result rows and are passed over.

    Raises:
        UserError: A file is not JSON.
    """
    rows = {}
    for path in sorted(folder.rglob("*.json")):
        try:
            flat = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UserError(f"{path} is not JSON ({error}): write it again") from error
        if isinstance(flat, dict) and "protocol" in flat:
            rows[path.relative_to(folder).as_posix()] = ResultRow.from_dict(flat)
    return rows


def shipped_table(rows: Sequence[ResultRow]) -> str:
    """Render the oIoU of models as a Markdown table, a line each; best on val first.

    Only rows of the data set :data:`SHIPPED` under the protocol ``strict`` with nobody's sentences
    swapped count.
    """
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if (row.dataset, row.protocol, row.control) == (SHIPPED, "strict", None):
            one = found.setdefault(_model(row), {})
            one[f"{row.split}{', CRF' if row.crf else ''}"] = row.scores["oIoU"]
            if row.split == "val" and not row.crf:
                one["P@0.5"] = row.scores["P@0.5"]
    lines = [
        table_row([f"{SHIPPED}, oIoU in percent", *SHIPPED_COLUMNS.values()]),
        "|---|" + "---:|" * len(SHIPPED_COLUMNS),
    ]
    for model, scores in sorted(found.items(), key=lambda pair: -pair[1].get("val", 0.0)):
        told = [f"{scores[name]:.2f}" if name in scores else "" for name in SHIPPED_COLUMNS]
        lines.append(table_row([model, *told]))
    return "\n".join(lines)


def all_rows_table(rows: Mapping[str, ResultRow]) -> str:
    """Render rows as a Markdown table, one line each, with the file of each."""
    lines = [
        table_row(["data", "split", "model", "backbone", "n", *SCORES, "file"]),
        "|---|---|---|---|---:|" + "---:|" * len(SCORES) + "---|",
    ]
    for path, row in rows.items():
        crf = "dense CRF" if row.crf else None
        protocol = f"protocol {row.protocol}" if row.protocol != "strict" else None
        model = ", ".join(filter(None, (_model(row), crf, protocol, row.control)))
        scores = [f"{row.scores[name]:.2f}" for name in SCORES]
        backbone = "" if row.backbone == "none" else f"{row.backbone} ({row.pretraining})"
        data = Path(row.dataset.removeprefix("folder:")).name
        about = [data, row.split, model, backbone, str(row.scores["n"])]
        lines.append(table_row([*about, *scores, f"[{Path(path).stem}]({path})"]))
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


def _model(row: ResultRow) -> str:
    # English is what is not said.
    return f"{row.model}, Chinese" if row.language == "zh" else row.model


def _rows_page(rows: Mapping[str, ResultRow]) -> str:
    return (
        "# Every result row\n\nMade by `refseg results` from the JSON files in this folder; what"
        " each is about stands in [README.md](README.md). `refcoco_unc val` here means 188 real"
        " sentences about 70 photographs, never the benchmark's split. Percent.\n\n"
        f"{all_rows_table(rows)}\n"
    )
