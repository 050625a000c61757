"""Inside the sandbox: runs a student's functions on what it is sent, and sends back what came out.

It knows no test, no reference and no expected value, so that nothing in it is worth tampering with:
whatever a student's code writes to the pipe is taken for the student's answer, and judged outside.

The first process imports torch once and then makes a child per exercise, so that one answer cannot
reach another, and an endless loop costs one exercise.
"""

import __future__

import linecache
import math
import os
import signal
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.course.calling import call, one_line
from refseg_lib.course.exercise import Case, Outcome
from refseg_lib.course.grading.messages import pack, read

ANSWER = "<answer>"
GIVEN = {
    "math": math, "np": np, "torch": torch, "Tensor": Tensor, "nn": nn, "F": F,
    "Sequence": Sequence, "Mapping": Mapping,
}  # fmt: skip
"""Names that an exercise cell may use without importing them."""
_HINTS_AS_TEXT = __future__.annotations.compiler_flag


def main(requests: int, replies: int, alone: bool) -> None:
    """Serve until the requests end.

    Args:
        requests: File descriptor to read from.
        replies: File descriptor to write to.
        alone: Whether every process that can be seen belongs to the sandbox, so that what an
            exercise leaves behind can be ended by ending everything.
    """
    torch.set_num_threads(1)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        if stream not in (requests, replies):
            os.dup2(silence, stream)
    _send(replies, {"ready": True})
    while True:
        try:
            message = _receive(requests)
        except EOFError:
            return
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            _serve(requests, replies, message)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        _kill_what_is_left(-1 if alone else -child)
        _send(replies, {"ended": os.waitstatus_to_exitcode(status)})


def _serve(requests: int, replies: int, message: dict[str, Any]) -> None:
    """Answer the requests of one exercise; ``message`` is its first."""
    _install(message["given"])
    function, error = _load(message["source"], message["function"])
    while message.get("do") != "end":
        if message["do"] == "load":
            outcome = Outcome(error=error)
        elif function is None:
            outcome = Outcome(error=error)
        else:
            case = Case("hidden", message["inputs"], tuple(message["gradient_of"]))
            try:
                outcome = call(function, case)
            except BaseException as leaving:
                outcome = Outcome(error=f"{type(leaving).__name__}: the answer left Python")
        _send(replies, vars(outcome))
        message = _receive(requests)


def _install(given: Mapping[str, str]) -> None:
    """Make modules out of the sources that the exercise gives, in their order."""
    for name, source in given.items():
        if name not in sys.modules:
            module = sys.modules[name] = types.ModuleType(name)
            parent, _, last = name.rpartition(".")
            if parent not in sys.modules:
                sys.modules[parent] = types.ModuleType(parent)
            setattr(sys.modules[parent], last, module)
            exec(compile(source, f"<{name}>", "exec", _HINTS_AS_TEXT), vars(module))


def _load(source: str, name: str) -> tuple[Callable[..., Any] | None, str | None]:
    """Run an exercise cell and take the function out of it."""
    linecache.cache[ANSWER] = (len(source), None, source.splitlines(keepends=True), ANSWER)
    names: dict[str, Any] = {**GIVEN, "__name__": "answer"}
    try:
        # Type hints are not evaluated: they may name what only the notebook has imported.
        exec(compile(source, ANSWER, "exec", _HINTS_AS_TEXT), names)
    except BaseException as error:
        return None, one_line(error, ANSWER)
    function = names.get(name)
    if not callable(function):
        return None, f"NameError: the cell defines no function {name}"
    return function, None


def _kill_what_is_left(whom: int) -> None:
    """End what the exercise left behind.

    Args:
        whom: -1 for every process but the sandbox's first and this one, or minus the number of a
            process group.
    """
    try:
        os.kill(whom, signal.SIGKILL)
    except ProcessLookupError:
        return
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _send(replies: int, content: dict[str, Any]) -> None:
    raw = memoryview(pack(content))
    while raw:
        raw = raw[os.write(replies, raw) :]


def _receive(requests: int) -> dict[str, Any]:
    def take(count: int) -> bytes:
        parts = []
        while count:
            part = os.read(requests, min(count, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    return read(take, trusted=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "alone")
