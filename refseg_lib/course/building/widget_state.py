"""Widgets in a notebook that nobody has run: kept while small, under names that stay the same."""

import copy
import json
from typing import Any

from refseg_lib.course.building.notebook_file import Notebook
from refseg_lib.course.building.outputs import map_texts

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
LARGEST = 100_000
"""Characters of widget state that a notebook may carry."""


def settle_widgets(notebook: Notebook, largest: int = LARGEST) -> Notebook:
    """Return the notebook with its widgets settled.

    Model ids are drawn at random by ipywidgets; here they become running numbers. State beyond
    ``largest`` characters goes, and the views with it, which would only say that they are loading:
    the picture beside a widget has to speak for it.
    """
    settled = copy.deepcopy(notebook)
    kept = settled["metadata"].get("widgets", {}).get(STATE)
    if kept is None:
        return settled
    if len(json.dumps(kept)) > largest:
        del settled["metadata"]["widgets"]
        for cell in settled["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = [o for output in cell["outputs"] for o in _without_view(output)]
        return settled
    names = {old: f"{number:032x}" for number, old in enumerate(kept["state"], start=1)}
    kept["state"] = {names[old]: model for old, model in kept["state"].items()}

    def rename(text: str) -> str:
        for old, new in names.items():
            text = text.replace(old, new)
        return text

    for cell in settled["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = map_texts(cell["outputs"], rename)
    settled["metadata"]["widgets"] = map_texts(settled["metadata"]["widgets"], rename)
    return settled


def _without_view(output: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the output without its widget; nothing where only the widget's name would be left."""
    data = output.get("data", {})
    if VIEW not in data:
        return [output]
    rest = {kind: value for kind, value in data.items() if kind != VIEW}
    return [output | {"data": rest}] if set(rest) > {"text/plain"} else []
