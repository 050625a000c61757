"""A reproduced table as a page of Markdown, with its figure."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from refseg_lib.files import write_atomically
from refseg_lib.reproduction.columns import Column
from refseg_lib.reproduction.drawing import draw_columns
from refseg_lib.reproduction.errata import ERRATA
from refseg_lib.reproduction.index import claim_cells, command_for, digest, page_name
from refseg_lib.reproduction.judging import Compared, compare
from refseg_lib.reproduction.markdown import table_row
from refseg_lib.reproduction.measuring import Cell, Measured, measure
from refseg_lib.reproduction.planning import Choices
from refseg_lib.reproduction.published import PAPERS
from refseg_lib.reproduction.rows import MAIN
from refseg_lib.reproduction.running import Places

METRICS = ("P@0.5", "P@0.7", "P@0.9")
"""Shown beside oIoU where a table has one column and prints them."""


def write_table(table: str, choices: Choices, places: Places) -> Path:
    """Write a table's page, its figures as JSON, and a picture where there are runs.

    All three are named as :func:`refseg_lib.reproduction.index.page_name` says.

    Returns:
        The page.

    Raises:
        UserError: A record cannot be read, or the disk is full.
    """
    measured = measure(table, choices, places)
    compared = [
        compare(column, cells)
        for column, cells in zip(measured.columns, measured.cells, strict=True)
    ]
    name = page_name(table, choices)
    page = places.results / f"{name}.md"
    picture = None
    if any(one.entries for one in compared):
        picture = places.results / f"{name}.png"
        draw_columns(
            [(one.title, one.entries, one.drawn) for one in compared if one.drawn is not None],
            picture,
        )
    told = digest(table, choices, measured, compared)
    write_atomically(page, _page(table, choices, measured, compared, told["columns"], picture))
    flat = json.dumps(told, ensure_ascii=False, indent=1)
    write_atomically(places.results / f"{name}.json", flat + "\n")
    return page


def _page(
    table: str,
    choices: Choices,
    measured: Measured,
    compared: list[Compared],
    judged: Sequence[dict[str, Any]],
    picture: Path | None,
) -> str:
    parts = [f"# {_heading(table)}, on {choices.data}", _what(table, measured)]
    if len(compared) == 1:
        parts.append(_one_column(measured.columns[0], measured.cells[0]))
    else:
        parts.append(_many_columns(measured))
    if picture is not None:
        parts.append(f"![{_alt(compared)}]({picture.name})")
    parts += [told for told in map(_agreement, compared) if told]
    parts += [told for told in map(_claims, judged) if told]
    parts.append(_notes(table, choices, measured))
    return "\n\n".join(filter(None, parts)) + "\n"


def _heading(table: str) -> str:
    if table == MAIN:
        return "Main results: five systems and a baseline"
    system, number = table.split("-")
    paper = next(paper for paper, name in PAPERS.items() if name == system)
    return f"{table}: paper {paper[:3]}, Table {number}"


def _what(table: str, measured: Measured) -> str:
    ids = sorted({column.data for column in measured.columns})
    drawn = all(name.startswith("parkref") for name in ids)
    moved = [column for column in measured.columns if not column.matching]
    told = [
        "The printed numbers are of photographs (RefCOCO and others), the measured ones of the"
        " drawn scenes of ParkRef, by small networks after short training: **compare orders and"
        " signs, never values**."
        if drawn
        else "Measured on the data set that the papers name, under the protocol `strict`."
    ]
    told += [
        f"{_which(column)} is not in this table: its {column.measured_split} stands beside the"
        f" column {column.dataset} {column.split}."
        for column in moved
    ]
    return " ".join(told)


def _which(column: Column) -> str:
    chinese = column.dataset.startswith("Chinese")
    return f"The Chinese of {column.data}" if chinese else column.data


def _one_column(column: Column, cells: Sequence[Cell]) -> str:
    with_crf = any(cell.scores(column, "oIoU", crf=True) for cell in cells)
    heads = ["row", "printed oIoU", "measured oIoU", *(["with CRF"] if with_crf else [])]
    metrics = [metric for metric in METRICS if any(metric in cell.published for cell in cells)]
    heads += [f"{kind} {metric}" for metric in metrics for kind in ("printed", "measured")]
    heads += ["seeds", "steps", "minutes a run"]
    lines = [table_row(heads), table_row(["---"] + ["---:"] * (len(heads) - 1))]
    for cell in cells:
        values = [_printed(cell, "oIoU"), _spread(cell.scores(column, "oIoU"))]
        values += [_spread(cell.scores(column, "oIoU", crf=True))] if with_crf else []
        for metric in metrics:
            values += [_printed(cell, metric), _spread(cell.scores(column, metric))]
        abouts = [record.about for record in cell.records.values()]
        steps = " / ".join(sorted({str(about["steps"]) for about in abouts}))
        minutes = [float(about["minutes of training"]) for about in abouts]
        values += [str(len(abouts) or ""), steps, f"{np.mean(minutes):.1f}" if minutes else ""]
        lines.append(table_row([_mark(cell), *values]))
    return "\n".join(lines)


def _many_columns(measured: Measured) -> str:
    heads = ["row", *(f"{c.dataset} {c.split}" for c in measured.columns), "seeds"]
    lines = [table_row(heads), table_row(["---"] + ["---:"] * (len(heads) - 1))]
    for cells in zip(*measured.cells, strict=True):
        values = []
        for column, cell in zip(measured.columns, cells, strict=True):
            found = _spread(cell.scores(column, "oIoU"))
            crf = _spread(cell.scores(column, "oIoU", crf=True))
            values.append(
                f"{_printed(cell, 'oIoU')} · **{found or '–'}**" + (f" · {crf}" if crf else "")
                if found or cell.published
                else ""
            )
        seeds = max(len(cell.records) for cell in cells)
        lines.append(table_row([_mark(cells[0]), *values, str(seeds or "")]))
    told = "Each cell: oIoU printed · **measured without CRF** · measured with CRF, where it was."
    return told + "\n\n" + "\n".join(lines)


def _mark(cell: Cell) -> str:
    # A star would begin italics.
    name = cell.row.method.replace("*", "\\*").replace("|", "\\|")
    return name if cell.row.network is not None else f"{name} (not built)"


def _printed(cell: Cell, metric: str) -> str:
    value = cell.published.get(metric)
    return "–" if value is None else f"{value:.2f}"


def _spread(scores: Sequence[float]) -> str:
    if not scores:
        return ""
    mean = f"{np.mean(scores):.2f}"
    return mean if len(scores) == 1 else f"{mean} ± {np.std(scores, ddof=1):.2f}"


def _alt(compared: Sequence[Compared]) -> str:
    told = []
    for one in compared:
        if one.entries:
            best = max(one.entries, key=lambda entry: entry.mean)
            told.append(f"{one.title}: best measured {best.method} with {best.mean:.1f}")
    return "Printed and measured oIoU of each row. " + "; ".join(told)


def _agreement(one: Compared) -> str:
    found = one.ranks
    if found is None:
        return ""
    return (
        f"**Order of rows on {one.title}**: Kendall's τ = {found.tau:.2f}"
        f" [{found.low:.2f}, {found.high:.2f}]; {found.same} of {found.pairs} pairs of rows differ"
        " in the printed direction."
    )


def _claims(column: dict[str, Any]) -> str:
    claims = column["claims"]
    if not claims:
        return ""
    heads = ["claim", "rows", "printed gain", "measured gain [95 %]", "seeds", "verdict"]
    lines = [table_row(heads), table_row(["---", "---", "---:", "---:", "---:", "---"])]
    for claim in claims:
        idea = f"**{claim['idea']}**" if claim["central"] else claim["idea"]
        verdict = claim["verdict"] + (" (one seed)" if claim["seeds"] == 1 else "")
        lines.append(table_row([idea, *claim_cells(claim), verdict]))
    central = any(claim["central"] for claim in claims)
    bold = " (bold: what the paper's title or abstract names)" if central else ""
    return f"Claims of the table on {column['name']}{bold}:\n\n" + "\n".join(lines)


def _notes(table: str, choices: Choices, measured: Measured) -> str:
    notes: list[str] = []
    seen: set[str] = set()
    strangers: dict[str, None] = {}
    for cells in measured.cells:
        for cell in cells:
            told = cell.why_not or cell.row.note
            if cell.row.network is None:
                strangers[cell.row.method] = None
            elif told and cell.row.method not in seen:
                seen.add(cell.row.method)
                notes.append(f"{cell.row.method}: {'not run: ' if cell.why_not else ''}{told}")
    if strangers:
        notes.append(f"not built here: {', '.join(strangers)}")
    for record in measured.records:
        notes += [f"{record.about['run']}: {note}" for note in record.about["notes"]]
        for row in record.rows:
            if any("CRF" in note for note in row.notes):
                notes += [note for note in row.notes if "CRF" in note]
    notes += [f"Erratum: {told}" for told in ERRATA.get(table, ())]
    changed = ", ".join(f"{key}={value}" for key, value in choices.telling.items()) or "none"
    runs = len(measured.records)
    networks = [cell.row.network for cells in measured.cells for cell in cells]
    if choices.vectors == "none" and any(network and network.glove for network in networks):
        notes.append(
            "without word vectors: rows that the paper starts from GloVe start at random, so that"
            " rows which differ in nothing else are one network"
        )
    notes.append(
        f"{runs} runs, one JSON file each in `runs/`; preset {choices.preset}, changes to the"
        f" recipes: {changed}. Intervals: 95 %, from drawing pictures (and seeds, where there"
        " are several) anew."
    )
    listed = "\n".join(f"- {note}".replace("*", "\\*") for note in dict.fromkeys(notes))
    return f"{listed}\n\nMade by `{command_for(table, choices)}`."
