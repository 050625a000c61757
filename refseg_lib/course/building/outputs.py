"""Outputs without what differs from run to run: order of writing, addresses, time stamps."""

import copy
import re
from collections.abc import Callable
from typing import Any

from refseg_lib.course.building.notebook_file import Notebook

_ADDRESS = re.compile(r"(?<=\bat )0x[0-9a-fA-F]{6,16}\b")
_OVERWRITTEN = re.compile(r"[^\n]*\r(?=[^\n])")


def tidy_outputs(notebook: Notebook) -> Notebook:
    """Return the notebook with its outputs settled.

    Neighbouring pieces of the same stream become one, progress bars keep only their last state,
    addresses in ``<… at 0x7f…>`` become ``0x...`` (in widgets, too), time stamps go.
    """
    tidy = copy.deepcopy(notebook)
    for cell in tidy["cells"]:
        cell["metadata"].pop("execution", None)
        if cell["cell_type"] == "code":
            cell["outputs"] = [_tidied(output) for output in _merged(cell["outputs"])]
    if "widgets" in tidy["metadata"]:
        tidy["metadata"]["widgets"] = map_texts(tidy["metadata"]["widgets"], _without_addresses)
    return tidy


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return ``value``, any nest of lists and dictionaries, with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: map_texts(entry, change) for key, entry in value.items()}
    if isinstance(value, list):
        return [map_texts(entry, change) for entry in value]
    return value


def _merged(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    merged: list[dict[str, Any]] = []
    for output in outputs:
        last = merged[-1] if merged else {}
        if output["output_type"] == last.get("output_type") == "stream" and (
            output["name"] == last["name"]
        ):
            last["text"] += output["text"]
        else:
            merged.append(output)
    return merged


def _tidied(output: dict[str, Any]) -> dict[str, Any]:
    if output["output_type"] == "stream":
        text = output["text"].replace("\r\n", "\n")
        output = output | {"text": _OVERWRITTEN.sub("", text)}
    return map_texts(output, _without_addresses)


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub("0x...", text)
