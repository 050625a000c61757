"""Telling how a run is doing: a bar for people, one JSON line per look for machines."""

import json
import resource
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import torch

from refseg_lib.files import write_atomically

if TYPE_CHECKING:
    from refseg_lib.training.board import Board

Item = TypeVar("Item")


def cut_log(log: Path, step: int) -> None:
    """Drop what a log tells of steps that will be made again, so that each stands there once.

    Args:
        log: A ``log.jsonl``; it may be missing, or end in half a line.
        step: The last one that counts.
    """
    if not log.exists():
        return
    kept = []
    for line in log.read_text(encoding="utf-8").splitlines(keepends=True):
        # The plug may have been pulled in the middle of a line.
        if line.endswith("\n") and json.loads(line)["step"] <= step:
            kept.append(line)
    write_atomically(log, "".join(kept))


def memory_gib(device: torch.device) -> float:
    """Return the most memory so far, of a GPU's tensors or of this process, in GiB."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


class Progress:
    """A progress bar with speed and time left, and a log file beside it."""

    def __init__(
        self,
        title: str,
        total: int,
        start: int,
        log: Path | None,
        board: "Board | None" = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Prepare a bar from ``start`` to ``total``.

        Args:
            title: What is being done.
            total: Steps.
            start: Steps done before.
            log: The file beside it; None writes none and, without a terminal, nothing at all.
            board: Where the log's numbers go as well.
            device: Whose memory is told.
        """
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bar

        console = Console(stderr=True)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            # A log file is no place for a moving bar; plain lines go there instead.
            disable=not console.is_terminal,
        )
        self._plain = not console.is_terminal
        self._title, self._total, self._done = title, total, start
        self._task = self._bar.add_task(title, total=total, completed=start, note="")
        self._log, self._board = log, board
        self._device = torch.device(device)
        self._waited = 0.0
        self.losses: list[float] = []
        """Of the steps since the last line of the log; a resumed run goes on with them."""
        self._sentences = 0
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def jump(self, done: int, total: int) -> None:
        """Set the bar to ``done`` of ``total``."""
        self._bar.update(self._task, completed=done, total=total)

    def waiting(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, and count the time until each is there."""
        iterator = iter(items)
        while True:
            begin = time.monotonic()
            try:
                item = next(iterator)
            except StopIteration:
                return
            self._waited += time.monotonic() - begin
            yield item

    def step(self, loss: float, sentences: int, rate: float, every: int = 50) -> None:
        """Count one step; log the mean loss and the speed every so often."""
        self._done += 1
        self.losses.append(loss)
        self._sentences += sentences
        self._bar.update(self._task, completed=self._done)
        if self._done % every and self._done != self._total:
            return
        seconds = time.monotonic() - self._since
        mean = sum(self.losses) / len(self.losses)
        speed = self._sentences / max(seconds, 1e-9)
        self._bar.update(self._task, note=f"loss {mean:.4f}, {speed:.0f} sentences/s")
        values = {
            "loss": round(mean, 5),
            "rate": rate,
            "sentences/s": round(speed, 1),
            # What is left of the time is the model's: the share in which it is busy.
            "waiting %": round(100 * self._waited / max(seconds, 1e-9), 1),
            "memory GiB": round(memory_gib(self._device), 2),
        }
        self.told(self._done, values)
        self.losses, self._sentences, self._since, self._waited = [], 0, time.monotonic(), 0.0

    def told(self, step: int, values: dict[str, Any]) -> None:
        """Write one line of the log."""
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"step": step, **values}) + "\n")
        if self._board is not None:
            self._board.scalars(step, values)
        if self._plain and self._log is not None:
            told = ", ".join(f"{name} {value:.5g}" for name, value in values.items())
            print(f"{self._title}: step {step}/{self._total}: {told}", flush=True)
