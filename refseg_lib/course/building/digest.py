"""Telling a notebook that was built from one that a person has worked in."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from refseg_lib.course.building.notebook_file import Notebook, read_notebook
from refseg_lib.errors import UserError


def digest(notebook: Notebook) -> str:
    """Return 64 hex digits that change when the source of a cell does.

    Outputs, counters, ids and metadata do not count: running, folding and scrolling is nobody's
    work. Nor do blank cells, as JupyterLab adds one when the last cell is run.
    """
    sources = [
        [cell["cell_type"], cell["source"]] for cell in notebook["cells"] if cell["source"].strip()
    ]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()


def seal(notebook: Notebook) -> Notebook:
    """Return the notebook with its digest in ``metadata.refseg.built``."""
    metadata = notebook["metadata"] | {"refseg": {"built": digest(notebook)}}
    return notebook | {"metadata": metadata}


def is_built(notebook: Notebook) -> bool:
    """Tell whether the builder wrote this notebook, whatever became of it since."""
    return "built" in notebook["metadata"].get("refseg", {})


def is_untouched(notebook: Notebook) -> bool:
    """Tell whether the builder wrote the sources as they stand now."""
    return is_built(notebook) and notebook["metadata"]["refseg"]["built"] == digest(notebook)


def refuse_edited(files: Iterable[Path]) -> None:
    """Refuse to go on when building would destroy a person's work.

    Raises:
        UserError: One of the files exists and was not built as it is, or is no notebook.
    """
    edited = [path for path in files if path.exists() and not is_untouched(read_notebook(path))]
    if edited:
        raise UserError(
            f"{', '.join(map(str, edited))}: edited by hand, so nothing was built; keep the work"
            " under another name (or move a change meant for all into the lesson's .py), then"
            " build with --overwrite"
        )
