"""Records made by hand, and tables rendered from them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from refseg_lib.evaluation.metrics import score
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.files import write_atomically
from refseg_lib.reproduction.planning import Choices, Task, plan
from refseg_lib.reproduction.rendering import write_table
from refseg_lib.reproduction.running import Places, Record

NOTHING = dict.fromkeys(("variant", "preset", "backbone", "pretraining"), "none")


def write(places: Places, task: Task, level: float, crf: float | None = None) -> None:
    """Write a record whose every picture has one IoU."""
    rows, images = [], []
    for one, value in ((False, level), (True, crf)):
        if value is not None:
            found, union = np.full(9, int(1000 * value)), np.full(9, 1000)
            scores = score(list(found), list(union))
            rows.append(
                ResultRow(
                    dataset=task.data, split="val", language="en", model="x", protocol="strict",
                    crf=one, scores=scores, **NOTHING,
                )
            )  # fmt: skip
            images.append((found, union))
    about = {
        "run": task.name, "data": task.data, "steps": 7, "minutes of training": 1.5, "notes": []
    }  # fmt: skip
    write_atomically(places.record(task), Record(about, tuple(rows), tuple(images)).text())


def rendered(tmp_path: Path, table: str, levels: dict[str, list[float]]) -> str:
    """Render a table whose rows scored so, one number per seed; others were not run."""
    places = Places(results=tmp_path)
    choices = Choices("parkref_unc", seeds=(0, 1, 2))
    for task in plan([table], choices):
        values = levels.get(task.network.ablation or "", [])
        if task.seed < len(values):
            write(places, task, values[task.seed])
    return write_table(table, choices, places).read_text()


@pytest.fixture
def write_record() -> Callable[..., None]:
    """See :func:`write`."""
    return write


@pytest.fixture
def render() -> Callable[..., str]:
    """See :func:`rendered`."""
    return rendered


@pytest.fixture
def line() -> Callable[[str, str], list[str]]:
    """Find the cells of the one line of a page's tables that begins so."""

    def find(page: str, start: str) -> list[str]:
        found = [text for text in page.splitlines() if text.startswith(f"| {start} |")]
        assert len(found) == 1, start
        return [cell.strip() for cell in found[0].strip("|").split("|")]

    return find
