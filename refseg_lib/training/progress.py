"""Telling how a run is doing: a bar for people, one JSON line per look for machines."""

import json
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Progress:
    """A progress bar with speed and time left, and a log file beside it."""

    def __init__(self, title: str, total: int, start: int, log: Path | None) -> None:
        """Prepare a bar from ``start`` to ``total``; ``log`` None writes no file."""
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
        self._log = log
        self._losses: list[float] = []
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

    def step(self, loss: float, sentences: int, rate: float, every: int = 50) -> None:
        """Count one step; log the mean loss and the speed every so often."""
        self._done += 1
        self._losses.append(loss)
        self._sentences += sentences
        self._bar.update(self._task, completed=self._done)
        if self._done % every and self._done != self._total:
            return
        seconds = time.monotonic() - self._since
        mean = sum(self._losses) / len(self._losses)
        speed = self._sentences / max(seconds, 1e-9)
        self._bar.update(self._task, note=f"loss {mean:.4f}, {speed:.0f} sentences/s")
        self.told(
            self._done, {"loss": round(mean, 5), "rate": rate, "sentences/s": round(speed, 1)}
        )
        self._losses, self._sentences, self._since = [], 0, time.monotonic()

    def told(self, step: int, values: dict[str, Any]) -> None:
        """Write one line of the log."""
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"step": step, **values}) + "\n")
        if self._plain and self._log is not None:
            told = ", ".join(f"{name} {value:.5g}" for name, value in values.items())
            print(f"{self._title}: step {step}/{self._total}: {told}", flush=True)
