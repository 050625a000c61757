"""Running a notebook from top to bottom in a kernel of its own; the only place that does."""

import math
import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from refseg_lib.course.building.notebook_file import Notebook, cell_label, plain
from refseg_lib.errors import UserError

LONGEST = 600.0
"""Seconds a notebook may take when nothing else is said."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# A cell with a syntax error has no name but that of a file that nobody finds.
_CELL_FILE = re.compile(r" \(\d+\.py, line \d+\)")
_FRAME = re.compile(r"Cell In\s?\[(\d+)\], line (\d+)")


def execute(
    notebook: Notebook,
    folder: Path,
    name: str,
    *,
    timeout: float = LONGEST,
    environment: Mapping[str, str] | None = None,
    on_cell: Callable[[int], None] = lambda index: None,
) -> tuple[Notebook, float]:
    """Run all cells.

    The kernel is ``python3``. It hashes without chance, so that sets print the same every time,
    and keeps progress in a file of its own: a run by the builder is nobody's attempt.

    Args:
        notebook: Not changed.
        folder: Working folder of the kernel.
        name: What messages call the notebook.
        timeout: Seconds for the whole notebook, kernel start included.
        environment: Variables on top of this process's own.
        on_cell: Called with the index of each code cell before it runs.

    Returns:
        The notebook with outputs, and the seconds it took.

    Raises:
        UserError: A cell raised or ran out of time, the kernel died or does not exist, or nbclient
            is not installed.
    """
    try:
        import nbformat
        from jupyter_client.kernelspec import NoSuchKernel
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    except ImportError as error:
        raise UserError(
            "notebooks are run by the packages nbclient and ipykernel, which are not installed:"
            " run `pip install nbclient ipykernel`"
        ) from error
    # from_dict copies: what was handed in stays as it is.
    node: Any = nbformat.from_dict(notebook)
    begun = time.monotonic()
    current = 0

    def starting(cell: Any, cell_index: int) -> None:
        nonlocal current
        current = cell_index
        if cell["cell_type"] == "code":
            on_cell(cell_index)

    client = NotebookClient(
        node,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        # What the kernel says about itself would stand between the lines of the build.
        extra_arguments=["--log-level=50"],
        # nbclient's own limit is per cell: hand each what is left of the whole.
        timeout_func=lambda cell: max(1, math.ceil(begun + timeout - time.monotonic())),
        on_cell_start=starting,
    )
    with tempfile.TemporaryDirectory() as aside:
        variables = {**os.environ, "PYTHONHASHSEED": "0"}
        variables["REFSEG_PROGRESS"] = str(Path(aside) / "progress.json")
        try:
            client.execute(env={**variables, **(environment or {})})
        except CellExecutionError:
            raise UserError(f"{name}, {_raised(plain(node))}") from None
        except CellTimeoutError:
            raise UserError(
                f"{name}, {cell_label(node, current)}: still running when the notebook's"
                f" {timeout:g} s were over; make it cheaper"
            ) from None
        except DeadKernelError:
            raise UserError(
                f"{name}, {cell_label(node, current)}: the kernel died, mostly because memory"
                " ran out; make the cell smaller"
            ) from None
        except AssertionError:
            # nbclient answers Ctrl-C by ending the kernel, and then trips over its absence.
            raise KeyboardInterrupt from None
        except NoSuchKernel:
            raise UserError(
                f"{name}: there is no kernel python3 to run it: run `pip install ipykernel`"
            ) from None
    return plain(node), time.monotonic() - begun


def _raised(notebook: Notebook) -> str:
    """Say which cell raised what, and at which line of the notebook: the reader's, not ours."""
    code = {i: c for i, c in enumerate(notebook["cells"]) if c["cell_type"] == "code"}
    index, error = next(
        (index, output)
        for index, cell in code.items()
        for output in cell["outputs"]
        if output["output_type"] == "error"
    )
    value = _CELL_FILE.sub("", error["evalue"])[:300]
    told = f"{cell_label(notebook, index)}: {error['ename']}{': ' * bool(value)}{value}"
    frames = _FRAME.findall(_COLOUR.sub("", "\n".join(error["traceback"])))
    if not frames:
        return told
    # The deepest frame in a cell: a function defined further up may be where it went wrong.
    count, line = (int(number) for number in frames[-1])
    where = next((i for i, cell in code.items() if cell["execution_count"] == count), None)
    lines = code[where]["source"].split("\n") if where is not None else []
    if where is None or line > len(lines):
        return told
    there = "" if where == index else f" of {cell_label(notebook, where)}"
    return f"{told}, at line {line}{there}: `{lines[line - 1].strip()}`"
