"""How far a student is: a small JSON file beside the data, and a table of it."""

import html
import json
import os
from pathlib import Path
from typing import Any

from refseg_lib.course.registry import all_exercises
from refseg_lib.course.setting import data_folder
from refseg_lib.course.verdict import Verdict
from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically


def progress_file() -> Path:
    """Return where progress is kept: what REFSEG_PROGRESS names, else `progress.json` of data/."""
    return Path(os.environ.get("REFSEG_PROGRESS") or data_folder() / "progress.json")


def load_progress() -> dict[str, dict[str, Any]]:
    """Read exercise name -> best points, points of the last try, number of tries.

    Raises:
        UserError: The file is damaged.
    """
    file = progress_file()
    if not file.exists():
        return {}
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): dict(entry) for name, entry in kept.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(
            f"{file} is not a progress file ({error}): mend it, or delete it to start anew"
        ) from None


def remember(verdict: Verdict) -> int:
    """Write a verdict down; the best result of an exercise stays.

    Returns:
        How often this exercise was tried so far; an untouched stub is no try.
    """
    kept = load_progress()
    before = kept.get(verdict.exercise.name, {})
    attempts = int(before.get("attempts", 0)) + int(verdict.started)
    if verdict.started:
        kept[verdict.exercise.name] = {
            "best": max(verdict.points, int(before.get("best", 0))),
            "last": verdict.points,
            "attempts": attempts,
        }
        write_atomically(progress_file(), json.dumps(kept, indent=1, sort_keys=True) + "\n")
    return attempts


def progress_table() -> str:
    """Return the progress as lines of text, one per exercise, and a sum per notebook."""
    kept, lines, notebook = load_progress(), [], None
    for exercise in all_exercises():
        if exercise.notebook != notebook:
            notebook = exercise.notebook
            earned, of = _sum(notebook, kept)
            lines.append(f"{notebook}  {earned} of {of} points")
        entry = kept.get(exercise.name)
        tries = f"{entry['attempts']} tries" if entry else "not tried"
        best = int(entry["best"]) if entry else 0
        lines.append(f"    {exercise.name:<32} {best:>2} of {exercise.points:<2}  {tries}")
    return "\n".join(lines)


class ProgressCard:
    """The progress, one bar per notebook; displays in a notebook."""

    def __repr__(self) -> str:
        return progress_table()

    def _repr_html_(self) -> str:
        kept, rows = load_progress(), []
        for notebook in sorted({exercise.notebook for exercise in all_exercises()}):
            earned, of = _sum(notebook, kept)
            named = ", ".join(
                html.escape(e.name) + (" ✓" if _best(kept, e.name) == e.points else "")
                for e in all_exercises()
                if e.notebook == notebook
            )
            about = f'aria-label="points of notebook {notebook}"'
            bar = f'<progress value="{earned}" max="{of}" {about}></progress>'
            rows.append(
                f'<tr><th scope="row" style="text-align:left;vertical-align:top">{notebook}</th>'
                f'<td style="vertical-align:top">{bar}</td>'
                f'<td style="vertical-align:top;white-space:nowrap">{earned} of {of}</td>'
                f'<td style="text-align:left">{named}</td></tr>'
            )
        return f"<table><caption>Your points</caption><tbody>{''.join(rows)}</tbody></table>"


def _best(kept: dict[str, dict[str, Any]], name: str) -> int:
    return int(kept.get(name, {}).get("best", 0))


def _sum(notebook: str, kept: dict[str, dict[str, Any]]) -> tuple[int, int]:
    chosen = [exercise for exercise in all_exercises() if exercise.notebook == notebook]
    return sum(_best(kept, e.name) for e in chosen), sum(e.points for e in chosen)
