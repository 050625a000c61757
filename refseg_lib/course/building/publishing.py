"""What must not be published in an executed notebook: paths of this machine, and megabytes."""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from refseg_lib.course.building.notebook_file import Notebook, cell_label, notebook_text

LARGEST = 1_000_000
"""Bytes of a notebook: code-hosting pages draw no larger ones."""

# Homes of other people's machines: a committed notebook is examined elsewhere, too.
_HOMES = (r"/home/[\w.-]+", r"/Users/[\w.-]+", r"[A-Za-z]:\\Users\\[^\\\s]+", "/root")


def local_paths(name: str, notebook: Notebook, repository: Path) -> list[str]:
    """List the cells whose outputs show a path of this machine, a line each.

    Args:
        name: What the lines call the notebook.
        notebook: Executed.
        repository: Root of the checkout; its path, the home, the temporary folder and the folder
            of Python must not appear. Pictures are not looked into.
    """
    own = (repository.resolve(), Path.home(), Path(tempfile.gettempdir()), Path(sys.prefix))
    names = [re.escape(str(path)) for path in own if len(path.parts) > 1]
    # Not within another path or a word: "notes/root" is no home.
    pattern = re.compile(rf"(?:(?<![\w+/=.~-])|(?<=//))(?:{'|'.join([*names, *_HOMES])})(?![\w-])")
    lines = []
    for index, cell in enumerate(notebook["cells"]):
        if found := pattern.search("\n".join(_texts(cell.get("outputs")))):
            lines.append(
                f"{name}, {cell_label(notebook, index)}: its output shows {found[0]!r}, a path of"
                " this machine; print relative paths, and mend what warns"
            )
    if found := pattern.search("\n".join(_texts(notebook["metadata"].get("widgets")))):
        lines.append(f"{name}: a widget shows {found[0]!r}, a path of this machine")
    return lines


def too_large(name: str, notebook: Notebook, largest: int = LARGEST) -> list[str]:
    """Return one line when the file would have more than ``largest`` bytes, naming what is big."""
    size = len(notebook_text(notebook).encode())
    if size <= largest:
        return []
    sizes = [
        (sum(len(text.encode()) for text in _texts(cell, pictures=True)), cell_label(notebook, i))
        for i, cell in enumerate(notebook["cells"])
    ]
    biggest = ", ".join(
        f"{label} {bytes_ / 1000:.0f} kB" for bytes_, label in sorted(sizes, reverse=True)[:3]
    )
    return [
        f"{name} would have {size / 1000:.0f} kB, {largest / 1000:.0f} are allowed; biggest:"
        f" {biggest}: show smaller or fewer pictures"
    ]


def _texts(value: Any, pictures: bool = False) -> Iterator[str]:
    """Give every text within lists and dictionaries; base64 of pictures only when asked for."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, entry in value.items():
            if pictures or not str(key).startswith("image/") or key == "image/svg+xml":
                yield from _texts(entry, pictures)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry, pictures)
