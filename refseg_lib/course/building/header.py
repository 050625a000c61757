"""The first cell of a lesson: what it promises, read from `key: value` lines, drawn as a card."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from refseg_lib.course.building.run_times import RunTime
from refseg_lib.errors import UserError

KEYS = ("learn", "need", "minutes")


@dataclass(frozen=True)
class Header:
    """What the author says about a lesson.

    Attributes:
        title: Text of the only first-level heading, with its number: ``05 Attention``.
        learn: What a reader will learn, one sentence each; at least one.
        need: What to know or have before; at least one.
        minutes: For reading and doing.
    """

    title: str
    learn: tuple[str, ...]
    need: tuple[str, ...]
    minutes: int


def read_header(text: str, number: str, place: str) -> Header:
    """Read the header cell.

    Args:
        text: The Markdown: a title line ``# 05 Title``, then lines ``key: value`` in any order. A
            line that starts with two blanks goes on with the value above it.
        number: Of the file, ``05``; the title must carry the same.
        place: Where the cell stands, for messages.

    Raises:
        UserError: No title or another number, an unknown line, a key that is missing.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    title = re.fullmatch(r"# +(\d\d +\S.*?) *", lines[0]) if lines else None
    if not title or not title[1].startswith(f"{number} "):
        raise UserError(f"{place}: the header must begin with the title, `# {number} What it is`")
    found: dict[str, list[str]] = {key: [] for key in KEYS}
    last = ""
    for line in lines[1:]:
        entry = re.fullmatch(r"(\w+): *(\S.*?) *", line)
        if entry and entry[1] in found:
            last = entry[1]
            found[last].append(entry[2])
        elif last and line.startswith("  "):
            found[last][-1] += " " + line.strip()
        else:
            raise UserError(
                f"{place}: header line {line!r} is none of `learn: …`, `need: …`, `minutes: …`;"
                " put other text into a cell of its own"
            )
    for key in KEYS:
        if not found[key]:
            raise UserError(f"{place}: the header says nothing about {key!r}; add `{key}: …`")
    if len(found["minutes"]) > 1 or not re.fullmatch(r"[1-9]\d*", found["minutes"][0]):
        raise UserError(
            f"{place}: got {', '.join(found['minutes'])!r} minutes; write one whole number"
        )
    minutes = int(found["minutes"][0])
    return Header(title[1], tuple(found["learn"]), tuple(found["need"]), minutes)


def header_card(header: Header, exercises: Mapping[str, int], run: RunTime | None) -> str:
    """Draw the header as Markdown.

    Args:
        header: What the author says.
        exercises: Name -> points, in the order of the lesson.
        run: How long all cells took; None when that was never measured.
    """
    time = f"**It takes** about {header.minutes} minutes."
    if run is not None:
        time += f" All its cells run in {run}."
    parts = [
        f"# {header.title}",
        "**You will learn**",
        "\n".join(f"- {line}" for line in header.learn),
        "**You need**",
        "\n".join(f"- {line}" for line in header.need),
        time,
    ]
    if exercises:
        count = f"{len(exercises)} exercise{'s' * (len(exercises) != 1)}"
        parts += [
            f"**{count}, {_points(sum(exercises.values()))}**",
            "\n".join(f"1. {name}: {_points(points)}" for name, points in exercises.items()),
        ]
    return "\n\n".join(parts)


def _points(points: int) -> str:
    return f"{points} point{'s' * (points != 1)}"
