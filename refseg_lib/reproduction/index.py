"""One page about all reproduced tables: which printed orders and claims hold here."""

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from refseg_lib.files import write_atomically
from refseg_lib.reproduction.judging import Compared, judge
from refseg_lib.reproduction.markdown import table_row
from refseg_lib.reproduction.measuring import Measured
from refseg_lib.reproduction.planning import Choices
from refseg_lib.text.vectors import KUMO

VERDICTS = ("holds", "the other way", "cannot be told")


def digest(
    table: str, choices: Choices, measured: Measured, compared: Sequence[Compared]
) -> dict[str, Any]:
    """Gather what the index of all tables says about one, ready for JSON."""
    rows = {cell.row.method for cells in measured.cells for cell in cells if not cell.why_not}
    run = {entry.method for one in compared for entry in one.entries}
    return {
        "table": table,
        "data": choices.data,
        "rows": len(rows),
        "rows run": len(run),
        "runs": len(measured.records),
        "seeds": sorted({len(c.records) for cells in measured.cells for c in cells} - {0}),
        "steps": sorted({record.about["steps"] for record in measured.records}),
        "columns": [
            {
                "name": one.title,
                "tau": None if (found := one.ranks) is None else dataclasses.asdict(found),
                "claims": [
                    {
                        **dataclasses.asdict(claim),
                        **dataclasses.asdict(by),
                        "seeds": seeds,
                        "verdict": by.verdict,
                    }
                    for claim, by, seeds in judge(table, one)
                ],
            }
            for one in compared
            if one.entries
        ],
        "command": command_for(table, choices),
    }


def claim_cells(claim: Mapping[str, Any]) -> list[str]:
    """Tell of one claim of a digest: its rows, the printed and the measured gain, its seeds."""
    return [
        f"{claim['better']} > {claim['worse']}".replace("*", "\\*"),
        f"{claim['published']:+.2f}",
        f"{claim['measured']:+.2f} [{claim['low']:+.2f}, {claim['high']:+.2f}]",
        str(claim["seeds"]),
    ]


def command_for(table: str, choices: Choices) -> str:
    """Write down the command that makes a table."""
    command = f"refseg reproduce --table {table} --data {choices.data}"
    command += "" if choices.preset == "laptop" else f" --preset {choices.preset}"
    command += "".join(f" --set {key}={value}" for key, value in choices.telling.items())
    command += "" if choices.vectors == KUMO else f" --vectors {choices.vectors}"
    command += f" --seeds {','.join(map(str, choices.seeds))}" if choices.seeds != (0,) else ""
    command += f" --splits {','.join(choices.splits)}" if choices.splits else ""
    command += "" if choices.limit is None else f" --limit {choices.limit}"
    return command + (" --crf" if choices.crf else "")


def page_name(table: str, choices: Choices) -> str:
    """Name the files of a table: other recipes are another page, more seeds or a CRF are not."""
    parts = [table, choices.data]
    parts += [] if choices.preset == "laptop" else [choices.preset]
    parts += [f"{key}-{value}" for key, value in sorted(choices.telling.items())]
    parts += [] if choices.vectors == KUMO else [f"vectors-{Path(choices.vectors).stem}"]
    parts += [] if choices.limit is None else [f"limit-{choices.limit}"]
    return re.sub(r"[^\w.-]", "-", "_".join(parts))


def write_index(folder: Path) -> Path:
    """Write ``README.md`` of a folder of reproduced tables from the ``.json`` file of each.

    Returns:
        The page.

    Raises:
        UserError: The disk is full.
    """
    digests = [
        {**json.loads(path.read_text(encoding="utf-8")), "page": path.stem}
        for path in sorted(folder.glob("*.json"))
    ]
    page = folder / "README.md"
    write_atomically(page, _page([digest for digest in digests if digest["runs"]]))
    return page


def _page(digests: Sequence[dict[str, Any]]) -> str:
    lines = [
        "| table | data | rows run | runs | seeds a row | steps | Kendall's τ [95 %] | holds |"
        " the other way | cannot be told |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    total: Counter[str] = Counter()
    for digest in digests:
        claims = [claim for column in digest["columns"] for claim in column["claims"]]
        counts = Counter(claim["verdict"] for claim in claims)
        total += counts
        taus = [column["tau"] for column in digest["columns"] if column["tau"] is not None]
        tau = "; ".join(f"{t['tau']:.2f} [{t['low']:.2f}, {t['high']:.2f}]" for t in taus)
        told = [
            f"[{digest['table']}]({digest['page']}.md)",
            digest["data"],
            f"{digest['rows run']} of {digest['rows']}",
            str(digest["runs"]),
            " to ".join(map(str, dict.fromkeys((digest["seeds"][0], digest["seeds"][-1])))),
            " / ".join(f"{steps:,}" for steps in digest["steps"]),
            tau,
            *(str(counts[verdict]) if claims else "" for verdict in VERDICTS),
        ]
        lines.append(table_row(told))
    summed = ", ".join(f"{total[verdict]} {verdict}" for verdict in VERDICTS)
    return (
        "# Published tables, run here\n\nNone of this is RefCOCO where the data is called"
        " `parkref`: those numbers need the real data"
        " ([how](../../docs/reproduction.md)). Written by `refseg reproduce`, one page a table.\n\n"
        + "\n".join(lines)
        + f"\n\nClaims of all tables: {summed}. Each claim with its gain and interval stands on its"
        " table's page. A τ with one seed a row knows nothing of what other seeds would do.\n"
        + _central(digests)
    )


def _central(digests: Sequence[dict[str, Any]]) -> str:
    """Tabulate the claims about what the papers are named after."""
    lines = [
        "| table | on | claim | rows | printed gain | measured gain [95 %] | seeds | verdict |",
        "| --- | --- | --- | --- | ---: | ---: | ---: | --- |",
    ]
    for digest in digests:
        for column in digest["columns"]:
            for claim in column["claims"]:
                if claim["central"]:
                    where = [digest["table"], column["name"], claim["idea"]]
                    lines.append(table_row([*where, *claim_cells(claim), claim["verdict"]]))
    if len(lines) == 2:
        return ""
    heading = "\n## Ideas that a paper's title or abstract names\n\n"
    return heading + "\n".join(lines) + "\n"
