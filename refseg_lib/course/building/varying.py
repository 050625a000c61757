"""A cohort's notebooks: the students' copies with other conventions in some exercises."""

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

from refseg_lib.course.building.digest import refuse_edited, seal
from refseg_lib.course.building.notebook_file import Notebook, notebook_text, read_notebook
from refseg_lib.course.exercise import Variant
from refseg_lib.course.registry import find_exercise
from refseg_lib.course.variants import variant_for
from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically

_USUAL = re.compile(r"True at\s+(?:real\s+)?words")
_BRACKETS = re.compile(r"\([^()]*\)")
_GLUE = "\x00"
_WIDTH = 88
"""As wide as the stubs: more would be cut on a narrow screen."""


def vary_all(notebooks: Path, out: Path, seed: int, only: Sequence[str]) -> list[str]:
    """Write a cohort's notebooks.

    Args:
        notebooks: Folder of the built students' copies; they stay as they are.
        out: Where the cohort's go.
        seed: Of the cohort, the one for ``refseg grade --varied --seed``.
        only: Numbers of the notebooks to write, such as ``05``; empty for all.

    Returns:
        One line per notebook, and one per exercise that is asked otherwise.

    Raises:
        UserError: No such notebook, or somebody has worked in one that would be written over.
    """
    files = sorted(notebooks.glob("[0-9][0-9]_*.ipynb"))
    chosen = [file for file in files if not only or file.name[:2] in only]
    missing = set(only) - {file.name[:2] for file in files}
    if missing or not chosen:
        wanted = ", ".join(sorted(missing)) or "at all"
        raise UserError(f"{notebooks} holds no notebook {wanted}: it has {[f.name for f in files]}")
    if out.resolve() == notebooks.resolve():
        raise UserError(f"{out} holds the usual notebooks: choose another folder for the cohort's")
    refuse_edited(out / file.name for file in chosen)
    lines = []
    for file in chosen:
        notebook, changed = vary(read_notebook(file), seed)
        write_atomically(out / file.name, notebook_text(notebook))
        lines.append(f"wrote {out / file.name}")
        lines += [f"  {name}: {variant.says}" for name, variant in changed.items()]
    return lines


def vary(notebook: Notebook, seed: int) -> tuple[Notebook, dict[str, Variant]]:
    """Return a student's copy as a cohort gets it, and which exercises are asked otherwise."""
    changed: dict[str, Variant] = {}
    cells = []
    for cell in notebook["cells"]:
        role, _, name = cell["id"].partition("-")
        if role in ("exercise", "check") and "nbgrader" in cell["metadata"]:
            variant = variant_for(find_exercise(name), seed)
            if variant is not None:
                changed[name] = variant
                change = _told if role == "exercise" else _checked
                cell = cell | {"source": change(cell["source"], variant)}
        cells.append(cell)
    return seal(notebook | {"cells": cells}), changed


def _told(stub: str, variant: Variant) -> str:
    """Say the convention in a stub's docstring, its lines broken anew."""
    parts = stub.split("\n\n")
    (place,) = (number for number, part in enumerate(parts) if _USUAL.search(part))
    told = _USUAL.sub(variant.wording, parts[place])
    indent = " " * (len(told) - len(told.lstrip(" ")))
    # A shape such as (B, P, T) stays on one line.
    whole = _BRACKETS.sub(lambda found: found[0].replace(" ", _GLUE), " ".join(told.split()))
    broken = textwrap.fill(
        whole, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
    parts[place] = broken.replace(_GLUE, " ")
    return "\n\n".join(parts)


def _checked(source: str, variant: Variant) -> str:
    head, bracket, rest = source.rpartition(")")
    return f'{head}, variant="{variant.name}"{bracket}{rest}'
