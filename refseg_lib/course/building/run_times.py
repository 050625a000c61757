"""How long the cells of each lesson take: measured by the builder, kept in `minutes.json`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically

_CORES = {1: "one core", 2: "two cores"}


@dataclass(frozen=True)
class RunTime:
    """One measured run, kernel start included.

    Attributes:
        seconds: Wall clock, at least 1.
        cores: Processor cores the run could use.
    """

    seconds: int
    cores: int

    def __str__(self) -> str:
        """Say it in words: ``2 min 10 s on two cores``."""
        minutes, seconds = divmod(self.seconds, 60)
        time = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
        return f"{time} on {_CORES.get(self.cores, f'{self.cores} cores')}"


def steady(before: RunTime | None, now: RunTime) -> RunTime:
    """Choose what the header says after another run.

    The clock never shows the same twice. Within a quarter, or two seconds, the earlier figure
    stays, so that running an unchanged lesson again changes no file.
    """
    if before is None or before.cores != now.cores:
        return now
    near = abs(now.seconds - before.seconds) <= max(2, before.seconds / 4)
    return before if near else now


def load_run_times(path: Path) -> dict[str, RunTime]:
    """Read lesson name -> run time; nothing is measured where the file is absent.

    Raises:
        UserError: The file is damaged.
    """
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(name): RunTime(int(entry["seconds"]), int(entry["cores"]))
            for name, entry in kept.items()
        }
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise UserError(
            f"{path} is no list of run times ({error!r}): mend it, or delete it and run the"
            " lessons again"
        ) from None


def save_run_times(path: Path, times: Mapping[str, RunTime]) -> None:
    """Write all run times, sorted by lesson."""
    entries = {name: {"seconds": t.seconds, "cores": t.cores} for name, t in times.items()}
    write_atomically(path, json.dumps(entries, indent=1, sort_keys=True) + "\n")
