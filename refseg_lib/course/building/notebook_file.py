"""Notebook files: read whole, written the same way every time.

Between reading and writing a notebook is a plain dictionary as the format 4.5 lays it out, with
every source and every text one string.
"""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

from refseg_lib.errors import UserError

Notebook = dict[str, Any]


def read_notebook(path: Path) -> Notebook:
    """Read a notebook.

    Raises:
        UserError: The file cannot be read or is no notebook.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        found = json.loads(text)
        if found["nbformat"] != 4 or not isinstance(found["cells"], list):
            raise ValueError("it has no cells, or another format than 4")
        problem: dict[str, Exception] = {}
        node = _nbformat().reads(text, as_version=4, capture_validation_error=problem)
        if problem:
            raise ValueError(str(*problem.values()).split("\n")[0])
        return plain(node)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is no notebook ({type(error).__name__}: {error}): restore it or delete it"
        ) from None


def notebook_text(notebook: Notebook) -> str:
    """Return what the file of a notebook holds: sorted keys, Unix line ends, one at the end."""
    nbformat = _nbformat()
    node = nbformat.from_dict(notebook)
    nbformat.validate(node)
    return nbformat.writes(node) + "\n"


def plain(node: Any) -> Notebook:
    """Return nbformat's objects as plain dictionaries and lists."""
    return json.loads(json.dumps(node))


def cell_label(notebook: Notebook, index: int) -> str:
    """Name a cell so that a person finds it: ``cell 8 (05-attention-007)``; counted from 1."""
    cell = notebook["cells"][index]
    return f"cell {index + 1} ({cell['id']})" if "id" in cell else f"cell {index + 1}"


def _nbformat() -> ModuleType:
    try:
        import nbformat
    except ImportError as error:
        raise UserError(
            "notebooks are read and written by the package nbformat, which is not installed:"
            " run `pip install nbformat`"
        ) from error
    return nbformat
