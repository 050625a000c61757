"""A worker in its box, seen from outside: send a source and inputs, get outcomes, in time."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from refseg_lib.course.exercise import Case, Outcome
from refseg_lib.course.grading import sandbox
from refseg_lib.course.grading.messages import BrokenMessage, pack, read
from refseg_lib.course.grading.sandbox import Limits

_START_SECONDS = 60.0


class NoWorker(Exception):
    """A worker cannot be started: nothing a submission did, and no mark may come of it."""


class Worker:
    """One worker; started when it is first needed, and again after an exercise broke it."""

    def __init__(self, slot: int, limits: Limits, *, boxed: bool = True) -> None:
        """Start nothing yet.

        Args:
            slot: A small number, different for workers that run at the same time.
            limits: What each exercise may use.
            boxed: False runs the code with all rights of whoever calls.
        """
        self.slot, self.limits, self.boxed = slot, limits, boxed
        self._process: subprocess.Popen[bytes] | None = None
        self._requests = self._replies = -1
        self._deadline = 0.0

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def begin(
        self, source: str, function: str, given: Mapping[str, str] | None = None
    ) -> str | None:
        """Hand an exercise's cell over; its time begins.

        Args:
            source: The cell.
            function: Name of the function that is graded.
            given: Modules that the cell may import, see
                :mod:`refseg_lib.course.grading.given`.

        Returns:
            One line when the cell itself fails, else None.
        """
        if self._process is None:
            self._start()
        self._deadline = time.monotonic() + self.limits.seconds
        asked = {"do": "load", "source": source, "function": function, "given": dict(given or {})}
        return self._ask(asked).error

    def call(self, _answer: Callable[..., Any], case: Case) -> Outcome:
        """Call the function once; the signature is that of :func:`refseg_lib.course.calling.call`.

        Whatever comes back is taken for the student's answer. Nothing here trusts it.
        """
        if self._process is None:
            return Outcome(error="stopped: an earlier call of this exercise broke its worker")
        return self._ask(
            {"do": "call", "inputs": dict(case.inputs), "gradient_of": list(case.gradient_of)}
        )

    def end(self) -> None:
        """Finish the exercise; its process and all it started are ended."""
        if self._process is None:
            return
        self._deadline = time.monotonic() + 5.0
        try:
            self._write(pack({"do": "end"}))
            while "ended" not in read(self._take):
                pass
        except (OSError, EOFError, TimeoutError, BrokenMessage):
            self.stop()

    def stop(self) -> None:
        """Kill the worker with everything in its box."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for end in (self._requests, self._replies):
            os.close(end)
        self._process = None

    def _start(self) -> None:
        inner_read, self._requests = os.pipe()
        self._replies, inner_write = os.pipe()
        if self.boxed:
            command = sandbox.boxed_command(self.slot, self.limits, inner_read, inner_write)
        else:
            command = sandbox.unboxed_command(self.limits, inner_read, inner_write)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(inner_read, inner_write),
            start_new_session=True,
            env=None if self.boxed else sandbox.unboxed_environment(),
        )
        os.close(inner_read)
        os.close(inner_write)
        os.set_blocking(self._requests, False)
        self._deadline = time.monotonic() + _START_SECONDS
        try:
            read(self._take)
        except (EOFError, TimeoutError, BrokenMessage) as error:
            process = self._process
            self.stop()
            said = (process.stderr.read() if process.stderr else b"").decode(errors="replace")
            last = (said.strip().splitlines() or [type(error).__name__])[-1]
            raise NoWorker(f"the worker did not start: {last}") from None

    def _ask(self, message: dict[str, Any]) -> Outcome:
        try:
            self._write(pack(message))
            reply = read(self._take)
        except TimeoutError:
            self.stop()
            return Outcome(error=f"stopped: it took longer than {self.limits.seconds:g} seconds")
        except (OSError, EOFError):
            self.stop()
            return Outcome(error="stopped: its process ended")
        except BrokenMessage as broken:
            self.stop()
            return Outcome(error=f"stopped: its reply could not be read ({broken})")
        if "ended" in reply:
            # The exercise's own process is gone; the worker lives and serves the next exercise,
            # but this one is over.
            self.stop()
            return Outcome(error="stopped: its process ended")
        return _as_outcome(reply)

    def _write(self, raw: bytes) -> None:
        view = memoryview(raw)
        while view:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([], [self._requests], [], left)[1]:
                raise TimeoutError
            view = view[os.write(self._requests, view) :]

    def _take(self, count: int) -> bytes:
        parts = []
        while count:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._replies], [], [], left)[0]:
                raise TimeoutError
            part = os.read(self._replies, min(count, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def _as_outcome(reply: dict[str, Any]) -> Outcome:
    """Make an outcome of what came, whatever it is; what is of no use is an error of the answer."""
    error, gradients = reply.get("error"), reply.get("gradients")
    altered = reply.get("altered")
    if error is not None or not isinstance(gradients, dict) or not isinstance(altered, tuple):
        text = str(error)[:500].splitlines()[0] if error else "its reply made no sense"
        return Outcome(error=text or "an error without a word",
                       unfinished=reply.get("unfinished") is True)  # fmt: skip
    kept = {
        str(name): grads if isinstance(grads, list) and _all_tensors(grads) else None
        for name, grads in gradients.items()
    }
    return Outcome(value=reply.get("value"), gradients=kept,
                   altered=tuple(str(name) for name in altered))  # fmt: skip


def _all_tensors(grads: list[Any]) -> bool:
    return all(isinstance(grad, Tensor) for grad in grads)
