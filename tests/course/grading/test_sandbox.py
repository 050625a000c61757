import subprocess
import sys

import pytest

from refseg_lib.course.grading import sandbox
from refseg_lib.course.grading.sandbox import Limits, boxed_command, require_sandbox
from refseg_lib.errors import UserError


def inside(limits: Limits, program: str) -> str:
    """Run a line of Python where a worker would run."""
    command = boxed_command(7, limits, 0, 1)
    start = command.index("-s") - 1
    done = subprocess.run(
        [*command[:start], sys.executable, "-c", program], capture_output=True, text=True
    )
    return done.stdout + done.stderr.strip()[-300:]


def test_without_bubblewrap_nothing_is_graded_and_the_reason_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda _: None)
    with pytest.raises(UserError, match=r"bubblewrap is not installed.*--unsafe-no-sandbox"):
        require_sandbox()


def test_where_no_box_can_be_made_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(program: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess([program], 1, "", "bwrap: No permissions\n")

    monkeypatch.setattr(sandbox.shutil, "which", lambda _: "/usr/bin/bwrap")
    monkeypatch.setattr(sandbox, "_try_box", refuses)
    with pytest.raises(UserError, match="No permissions"):
        require_sandbox()


def test_inside_there_is_no_course_no_home_no_environment_and_nobody_else(limits: Limits) -> None:
    said = inside(
        limits,
        "import os, pathlib as p; lib = p.Path('/worker/refseg_lib');"
        "print(sorted(str(f.relative_to(lib)) for f in lib.rglob('*.py')));"
        "print(os.listdir(os.environ['HOME']), sorted(os.environ));"
        "print(len([n for n in os.listdir('/proc') if n.isdigit()]) < 6)",
    ).splitlines()
    assert said[0] == str(sorted(sandbox._SHOWN))
    assert said[1].startswith("[] ['HOME', 'LC_ALL', 'OMP_NUM_THREADS', 'PATH',")
    assert said[2] == "True"


def test_only_memory_can_be_written_and_not_much_of_it(limits: Limits) -> None:
    assert "Read-only" in inside(limits, "open('/usr/x', 'w')")
    small = Limits(disk=2**20)
    assert "done" in inside(small, "open('/tmp/x', 'wb').write(b'x' * 1000); print('done')")
    assert "done" not in inside(small, "open('/tmp/x', 'wb').write(b'x' * 2**21); print('done')")


def test_there_is_no_network_not_even_to_this_machine(limits: Limits) -> None:
    said = inside(limits, "import socket; socket.create_connection(('127.0.0.1', 22), 2)")
    assert "Error" in said


def test_memory_has_an_end(limits: Limits) -> None:
    assert "MemoryError" in inside(Limits(memory=2**30), "bytearray(2**31)")
