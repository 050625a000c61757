"""Running: what goes wrong is told by notebook, cell and the line a reader wrote."""

import nbclient
import pytest
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from refseg_lib.course.building.executing import execute
from refseg_lib.errors import UserError

SETTING = """\
import os
assert os.path.samefile(os.getcwd(), os.environ["FOLDER"])
assert os.environ["PYTHONHASHSEED"] == "0"
assert os.environ["REFSEG_PROGRESS"] != "mine.json"
"""


def test_an_exception_is_told_with_the_line_of_the_notebook_where_it_was_raised(
    make, tmp_path, monkeypatch
):
    """The raising line stands in another cell than the call, and under it a library's frames.

    The cell before looks at where it runs, and would be the one told.
    """
    monkeypatch.setenv("REFSEG_PROGRESS", "mine.json")
    notebook = make(
        " # Title",
        "import json\n\ndef broken(x):\n    return json.loads(x)",
        SETTING,
        'print("before")\nbroken("{")',
        "never = 1",
    )
    seen = []
    with pytest.raises(UserError) as refused:
        execute(
            notebook, tmp_path, "05_a", environment={"FOLDER": str(tmp_path)}, on_cell=seen.append
        )
    said = str(refused.value)
    assert said.startswith("05_a, cell 4 (c4): JSONDecodeError: ")
    assert said.endswith("at line 4 of cell 2 (c2): `return json.loads(x)`")
    assert seen == [1, 2, 3]
    assert notebook["cells"][3]["outputs"] == [], "what was handed in stays as it is"


def test_each_cell_gets_what_is_left_of_the_notebooks_time(make, tmp_path, monkeypatch):
    left = []

    class Client:
        def __init__(self, node, timeout_func, **rest):
            self.node, self.timeout = node, timeout_func

        def execute(self, **rest):
            clock[0] += 10
            left.append(self.timeout(self.node.cells[0]))
            clock[0] += 500
            left.append(self.timeout(self.node.cells[0]))

    clock = [1000.0]
    monkeypatch.setattr(nbclient, "NotebookClient", Client)
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    _, seconds = execute(make("a = 1"), tmp_path, "05_a", timeout=60)
    assert left == [50, 1], "never nothing: nbclient takes that for no limit"
    assert seconds == 510


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CellTimeoutError("late"), r"05_a, cell 2 \(c2\): still running.* 60 s were over"),
        (DeadKernelError("dead"), r"05_a, cell 2 \(c2\): the kernel died"),
        (NoSuchKernel("python3"), r"05_a: there is no kernel python3.*pip install ipykernel"),
    ],
)
def test_a_kernel_that_fails_is_told_with_the_cell(make, tmp_path, monkeypatch, error, said):
    class Client:
        def __init__(self, node, on_cell_start, **rest):
            self.node, self.start = node, on_cell_start

        def execute(self, **rest):
            self.start(cell=self.node.cells[1], cell_index=1)
            raise error

    monkeypatch.setattr(nbclient, "NotebookClient", Client)
    with pytest.raises(UserError, match=said):
        execute(make("a", "b"), tmp_path, "05_a", timeout=60)


def test_an_interrupted_run_is_told_as_one(make, tmp_path, monkeypatch):
    """What nbclient raises after Ctrl-C was seen in a real run: its own missing kernel."""

    class Client:
        def __init__(self, *given, **rest):
            pass

        def execute(self, **rest):
            raise AssertionError

    monkeypatch.setattr(nbclient, "NotebookClient", Client)
    with pytest.raises(KeyboardInterrupt):
        execute(make("a"), tmp_path, "05_a")
