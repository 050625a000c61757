"""A reproduced table as a page of Markdown, with its figure."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from refseg_lib.files import write_atomically
from refseg_lib.reproduction.claims import CLAIMS, Claim
from refseg_lib.reproduction.comparing import Entry, Gain, Ranks, draw_scores, gain, ranks
from refseg_lib.reproduction.drawing import draw_columns
from refseg_lib.reproduction.errata import ERRATA
from refseg_lib.reproduction.measuring import Cell, Measured, measure
from refseg_lib.reproduction.planning import Choices, Column
from refseg_lib.reproduction.published import PAPERS
from refseg_lib.reproduction.rows import MAIN
from refseg_lib.reproduction.running import Places

METRICS = ("P@0.5", "P@0.7", "P@0.9")
"""Shown beside oIoU where a table has one column and prints them."""


@dataclass(frozen=True)
class Compared:
    """One column, ready for text and figure.

    Attributes:
        column: Which.
        entries: Its rows with runs.
        drawn: Their scores under other pictures and seeds, see
            :func:`refseg_lib.reproduction.comparing.draw_scores`; None without runs.
        crf: Whether all of this was scored with a dense CRF.
    """

    column: Column
    entries: list[Entry]
    drawn: np.ndarray | None
    crf: bool


class Judged(NamedTuple):
    """One claim, what was found, and by how many seeds."""

    claim: Claim
    by: Gain
    seeds: int


def write_table(table: str, choices: Choices, places: Places) -> Path:
    """Write ``TABLE_DATA.md``, its figures as ``.json``, and a ``.png`` where there are runs.

    Returns:
        The page.

    Raises:
        UserError: A record cannot be read, or the disk is full.
    """
    measured = measure(table, choices, places)
    compared = [
        _compare(column, cells)
        for column, cells in zip(measured.columns, measured.cells, strict=True)
    ]
    name = f"{table}_{choices.data}"
    page = places.results / f"{name}.md"
    picture = None
    if any(one.entries for one in compared):
        picture = places.results / f"{name}.png"
        draw_columns(
            [(_title(one), one.entries, one.drawn) for one in compared if one.drawn is not None],
            picture,
        )
    write_atomically(page, _page(table, choices, measured, compared, picture))
    digest = json.dumps(_digest(table, choices, measured, compared), ensure_ascii=False, indent=1)
    write_atomically(page.with_suffix(".json"), digest + "\n")
    return page


def _compare(column: Column, cells: Sequence[Cell]) -> Compared:
    run = [cell for cell in cells if cell.entry(column)]
    # A table that was printed with a CRF is compared with one, once all of its runs have one.
    crf = bool(run) and all(cell.row.crf and cell.entry(column, crf=True) for cell in run)
    entries = [entry for cell in run if (entry := cell.entry(column, crf))]
    return Compared(column, entries, draw_scores(entries) if entries else None, crf)


def _page(
    table: str, choices: Choices, measured: Measured, compared: list[Compared], picture: Path | None
) -> str:
    parts = [f"# {_heading(table)}, on {choices.data}", _what(table, measured)]
    if len(compared) == 1:
        parts.append(_one_column(measured.columns[0], measured.cells[0]))
    else:
        parts.append(_many_columns(measured))
    if picture is not None:
        parts.append(f"![{_alt(compared)}]({picture.name})")
    parts += [told for told in map(_agreement, compared) if told]
    parts += [told for one in compared if (told := _claims(table, one))]
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
        f"{column.data} is not in this table: its {column.measured_split} stands beside the column"
        f" {column.dataset} {column.split}."
        for column in moved
    ]
    return " ".join(told)


def _one_column(column: Column, cells: Sequence[Cell]) -> str:
    with_crf = any(cell.scores(column, "oIoU", crf=True) for cell in cells)
    heads = ["row", "printed oIoU", "measured oIoU", *(["with CRF"] if with_crf else [])]
    metrics = [metric for metric in METRICS if any(metric in cell.published for cell in cells)]
    heads += [f"{kind} {metric}" for metric in metrics for kind in ("printed", "measured")]
    heads += ["seeds", "steps", "minutes a run"]
    lines = [_line(heads), _line(["---"] + ["---:"] * (len(heads) - 1))]
    for cell in cells:
        values = [_printed(cell, "oIoU"), _spread(cell.scores(column, "oIoU"))]
        values += [_spread(cell.scores(column, "oIoU", crf=True))] if with_crf else []
        for metric in metrics:
            values += [_printed(cell, metric), _spread(cell.scores(column, metric))]
        abouts = [record.about for record in cell.records.values()]
        steps = " / ".join(sorted({str(about["steps"]) for about in abouts}))
        minutes = [float(about["minutes of training"]) for about in abouts]
        values += [str(len(abouts) or ""), steps, f"{np.mean(minutes):.1f}" if minutes else ""]
        lines.append(_line([_mark(cell), *values]))
    return "\n".join(lines)


def _many_columns(measured: Measured) -> str:
    heads = ["row", *(f"{c.dataset} {c.split}" for c in measured.columns), "seeds"]
    lines = [_line(heads), _line(["---"] + ["---:"] * (len(heads) - 1))]
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
        lines.append(_line([_mark(cells[0]), *values, str(seeds or "")]))
    told = "Each cell: oIoU printed · **measured without CRF** · measured with CRF, where it was."
    return told + "\n\n" + "\n".join(lines)


def _line(values: Sequence[str]) -> str:
    return "| " + " | ".join(values) + " |"


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


def _title(one: Compared) -> str:
    crf = ", CRF" if one.crf else ""
    return f"{one.column.data} {one.column.measured_split}{crf}"


def _alt(compared: Sequence[Compared]) -> str:
    told = []
    for one in compared:
        if one.entries:
            best = max(one.entries, key=lambda entry: entry.mean)
            told.append(f"{_title(one)}: best measured {best.method} with {best.mean:.1f}")
    return "Printed and measured oIoU of each row. " + "; ".join(told)


def _agreement(one: Compared) -> str:
    found = _ranks(one)
    if found is None:
        return ""
    return (
        f"**Order of rows on {_title(one)}**: Kendall's τ = {found.tau:.2f}"
        f" [{found.low:.2f}, {found.high:.2f}]; {found.same} of {found.pairs} pairs of rows differ"
        " in the printed direction."
    )


def _ranks(one: Compared) -> Ranks | None:
    return None if one.drawn is None else ranks(one.entries, one.drawn)


def _judged(table: str, one: Compared) -> list[Judged]:
    if one.drawn is None:
        return []
    place = {entry.method: n for n, entry in enumerate(one.entries)}
    found = []
    for claim in CLAIMS.get(table, ()):
        if claim.better not in place or claim.worse not in place:
            continue
        if claim.dataset not in (None, one.column.dataset):
            continue
        better, worse = place[claim.better], place[claim.worse]
        by = gain(one.entries, one.drawn, better, worse)
        if by is not None:
            seeds = min(len(one.entries[n].runs) for n in (better, worse))
            found.append(Judged(claim, by, seeds))
    return found


def _claims(table: str, one: Compared) -> str:
    judged = _judged(table, one)
    if not judged:
        return ""
    heads = ["claim", "rows", "printed gain", "measured gain [95 %]", "seeds", "verdict"]
    lines = [_line(heads), _line(["---", "---", "---:", "---:", "---:", "---"])]
    for claim, by, seeds in judged:
        better, worse = (text.replace("*", "\\*") for text in (claim.better, claim.worse))
        lines.append(
            _line(
                [
                    claim.idea,
                    f"{better} > {worse}",
                    f"{by.published:+.2f}",
                    f"{by.measured:+.2f} [{by.low:+.2f}, {by.high:+.2f}]",
                    str(seeds),
                    by.verdict + (" (one seed)" if seeds == 1 else ""),
                ]
            )
        )
    return f"Claims of the table on {_title(one)}:\n\n" + "\n".join(lines)


def _digest(
    table: str, choices: Choices, measured: Measured, compared: Sequence[Compared]
) -> dict[str, Any]:
    """Gather what the index of all tables says about this one."""
    rows = {cell.row.method for cells in measured.cells for cell in cells if not cell.why_not}
    run = {entry.method for one in compared for entry in one.entries}
    return {
        "table": table,
        "data": choices.data,
        "rows": len(rows),
        "rows run": len(run),
        "runs": len(measured.records),
        "seeds": sorted({seed for cells in measured.cells for c in cells for seed in c.records}),
        "steps": sorted({record.about["steps"] for record in measured.records}),
        "columns": [
            {
                "name": _title(one),
                "tau": None if (found := _ranks(one)) is None else dataclasses.asdict(found),
                "claims": [
                    {
                        **dataclasses.asdict(claim),
                        **dataclasses.asdict(by),
                        "seeds": seeds,
                        "verdict": by.verdict,
                    }
                    for claim, by, seeds in _judged(table, one)
                ],
            }
            for one in compared
            if one.entries
        ],
        "command": _command(table, choices),
    }


def _command(table: str, choices: Choices) -> str:
    command = f"refseg reproduce --table {table} --data {choices.data}"
    command += "" if choices.preset == "laptop" else f" --preset {choices.preset}"
    command += "".join(f" --set {key}={value}" for key, value in choices.settings)
    command += f" --seeds {','.join(map(str, choices.seeds))}" if choices.seeds != (0,) else ""
    command += "" if choices.limit is None else f" --limit {choices.limit}"
    return command + (" --crf" if choices.crf else "")


def _notes(table: str, choices: Choices, measured: Measured) -> str:
    notes: list[str] = []
    seen: set[str] = set()
    for cells in measured.cells:
        for cell in cells:
            told = cell.why_not or cell.row.note
            if told and cell.row.method not in seen:
                seen.add(cell.row.method)
                notes.append(f"{cell.row.method}: {'not run: ' if cell.why_not else ''}{told}")
    other = "another system, which this library has not"
    strangers = [note.split(": not run")[0] for note in notes if note.endswith(other)]
    notes = [note for note in notes if not note.endswith(other)]
    if strangers:
        notes.append(f"not built here: {', '.join(strangers)}")
    for record in measured.records:
        notes += [f"{record.about['run']}: {note}" for note in record.about["notes"]]
        for row in record.rows:
            if any("CRF" in note for note in row.notes):
                notes += [note for note in row.notes if "CRF" in note]
    notes += [f"Erratum: {told}" for told in ERRATA.get(table, ())]
    changed = ", ".join(f"{key}={value}" for key, value in choices.settings) or "none"
    runs = len(measured.records)
    notes.append(
        f"{runs} runs, one JSON file each in `runs/`; preset {choices.preset}, changes to the"
        f" recipes: {changed}. Intervals: 95 %, from drawing pictures (and seeds, where there"
        " are several) anew."
    )
    listed = "\n".join(f"- {note}".replace("*", "\\*") for note in dict.fromkeys(notes))
    return f"{listed}\n\nMade by `{_command(table, choices)}`."
