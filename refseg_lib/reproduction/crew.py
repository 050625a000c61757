"""Many runs side by side: each in a process of its own, so that none can spoil another."""

import contextlib
import multiprocessing
import os
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import TextIO

from refseg_lib.errors import UserError
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.reproduction.planning import Task
from refseg_lib.reproduction.running import Places, missing_parts, perform, read_record


def perform_all(tasks: Sequence[Task], places: Places, jobs: int = 1) -> None:
    """Do what is not done yet of some runs, and say of each how it ended.

    A run that fails stops no other; what it said lies in ``log.txt`` beside its weights. Called
    again, this goes on where it was interrupted.

    Args:
        tasks: The runs, in the order in which they are wanted.
        places: Where things lie.
        jobs: How many at the same time.

    Raises:
        UserError: Fewer than one job; or runs failed: the message names them, after all others
            were done.
    """
    if jobs < 1:
        raise UserError(f"--jobs {jobs}: it takes at least one")
    left = [task for task in tasks if missing_parts(task, read_record(places.record(task)))]
    print(f"{len(tasks)} runs, {len(tasks) - len(left)} of them done already", flush=True)
    failed: dict[str, str] = {}
    if not left:
        return
    workers = max(1, (os.cpu_count() or 1) // jobs)
    # Not forked: a forked child of a process that has used PyTorch's threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(jobs, len(left)), mp_context=context, initializer=_die_with_parent
    ) as crew:
        begun = time.monotonic()
        futures = {crew.submit(_one, task, places, workers): task for task in left}
        try:
            for done, (future, task) in enumerate(_as_they_end(futures), start=1):
                told = _outcome(future, task, failed)
                minutes = (time.monotonic() - begun) / 60
                rest = minutes / done * (len(left) - done)
                print(
                    f"{done} of {len(left)}: {task.data} {task.name}: {told}; {minutes:.0f} min,"
                    f" about {rest:.0f} more",
                    flush=True,
                )
        except KeyboardInterrupt:
            crew.shutdown(wait=True, cancel_futures=True)
            raise UserError(
                "stopped by Ctrl-C; nothing is lost: the same command goes on from here"
            ) from None
    if failed:
        listed = "; ".join(f"{name}: {why}" for name, why in failed.items())
        raise UserError(
            f"{len(failed)} of {len(left)} runs failed (the same command tries them again):"
            f" {listed}"
        )


def _die_with_parent() -> None:
    """End this process when the one that started it is gone, however it went.

    A run that is cut off like this loses nothing: the next call goes on from its checkpoint.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _as_they_end(futures: dict[Future[str], Task]) -> Iterator[tuple[Future[str], Task]]:
    waiting = set(futures)
    while waiting:
        ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for future in ended:
            yield future, futures[future]


def _outcome(future: "Future[str]", task: Task, failed: dict[str, str]) -> str:
    try:
        return future.result()
    except UserError as error:
        why = str(error)
    except BrokenProcessPool:
        why = "its process was killed (out of memory?)"
    except Exception as fault:
        # A fault of the program in one row: a night's other rows are worth more than its traceback,
        # which is in the log.
        why = f"{type(fault).__name__}: {fault} (a fault in the program: see its log.txt)"
    failed[f"{task.data} {task.name}"] = why
    return f"FAILED: {why}"


def _one(task: Task, places: Places, workers: int) -> str:
    """Perform one run in this process, its words going to a file; return its score in words."""
    log = places.weights(task) / "log.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as stream, _told_to(stream):
        try:
            record = perform(task, places, workers)
        except KeyboardInterrupt:
            raise UserError("stopped by Ctrl-C") from None
        except UserError:
            raise
        except Exception:
            traceback.print_exc(file=stream)
            raise
    return ", ".join(_told(row) for row in record.rows)


def _told(row: ResultRow) -> str:
    crf = " with CRF" if row.crf else ""
    return f"{row.split}{crf} oIoU {row.scores['oIoU']:.2f}"


@contextlib.contextmanager
def _told_to(stream: TextIO) -> Iterator[None]:
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield
