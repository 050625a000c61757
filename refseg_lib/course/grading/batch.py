"""Grading a folder of submissions: side by side, resumable, never stopped by one of them."""

import contextlib
import hashlib
import json
import os
import queue
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from refseg_lib.course.exercise import Exercise
from refseg_lib.course.grading.grading import grade
from refseg_lib.course.grading.remote import NoWorker, Worker
from refseg_lib.course.grading.sandbox import Limits, require_sandbox
from refseg_lib.course.grading.submission import Submission, find_submissions, read_submission
from refseg_lib.course.registry import all_exercises
from refseg_lib.course.variants import for_cohort
from refseg_lib.errors import UserError
from refseg_lib.files import locked, write_atomically

_COURSE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Job:
    """One notebook of one student."""

    student: str
    notebook: str
    path: Path


def grade_folder(
    submissions: Path,
    out: Path,
    *,
    notebook: str | None = None,
    seed: int = 0,
    jobs: int | None = None,
    limits: Limits | None = None,
    boxed: bool = True,
    varied: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """Grade every submission in a folder.

    What is done is kept in ``out/students/``, one file per notebook, each whole or not at all:
    started again, only what is missing, or has changed, is graded.

    Args:
        submissions: See :func:`refseg_lib.course.grading.submission.find_submissions`.
        out: Where the results go.
        notebook: Number of the notebook that was handed in, such as ``"05"``; None when the files
            are called ``05_….ipynb``.
        seed: Of the hidden inputs.
        jobs: How many at a time; None for one per core.
        limits: What each exercise may use.
        boxed: False runs strangers' code with all your rights, and every record says so.
        varied: The class got notebooks of ``refseg course vary`` with this seed.
        progress: Called with (done, of).

    Returns:
        The records, by student and notebook.

    Raises:
        UserError: No sandbox here, no submissions there, or somebody else is grading into ``out``.
    """
    if boxed:
        require_sandbox()
    limits = limits or Limits()
    asked = _jobs(submissions, notebook)
    exercises: dict[str, list[Exercise]] = {}
    for exercise in all_exercises():
        asked_so = for_cohort(exercise, seed) if varied else exercise
        exercises.setdefault(exercise.notebook, []).append(asked_so)
    slots: queue.SimpleQueue[int] = queue.SimpleQueue()
    at_once = max(1, jobs or len(os.sched_getaffinity(0)))
    for slot in range(at_once):
        slots.put(slot)

    def one(job: Job) -> dict[str, Any]:
        slot = slots.get()
        try:
            return _graded(job, out, exercises[job.notebook], seed, limits, boxed, slot)
        except (NoWorker, OSError):
            raise
        except Exception as error:
            return _ungraded(job, exercises[job.notebook], seed, boxed, error)
        finally:
            slots.put(slot)

    records: dict[Job, dict[str, Any]] = {}
    with _only_one(out), ThreadPoolExecutor(at_once) as pool:
        waiting: dict[Future[dict[str, Any]], Job] = {pool.submit(one, job): job for job in asked}
        try:
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    records[waiting.pop(future)] = future.result()
                if progress is not None:
                    progress(len(records), len(asked))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [records[job] for job in asked]


def _jobs(folder: Path, notebook: str | None) -> list[Job]:
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder} of submissions")
    known = sorted({exercise.notebook for exercise in all_exercises()})
    if notebook is not None and notebook not in known:
        raise UserError(f"no exercises stand in notebook {notebook!r}; they stand in {known}")
    jobs = []
    for student, path in find_submissions(folder, f"{notebook}_" if notebook else None):
        number = notebook or path.name[:2]
        if number not in known:
            raise UserError(
                f"{path}: which notebook is it? Name files 05_….ipynb, or say --notebook 05"
            )
        jobs.append(Job(student, number, path))
    if not jobs:
        raise UserError(
            f"{folder} holds no notebooks; expected STUDENT.ipynb or STUDENT/NN_….ipynb in it"
        )
    return jobs


def _graded(
    job: Job,
    out: Path,
    exercises: Sequence[Exercise],
    seed: int,
    limits: Limits,
    boxed: bool,
    slot: int,
) -> dict[str, Any]:
    submission = read_submission(job.path, job.student, [e.name for e in exercises])
    key = _key(submission, exercises, seed, limits, boxed)
    file = out / "students" / f"{file_name(job)}.json"
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["key"] == key:
            return kept
    with Worker(slot, limits, boxed=boxed) as worker:
        results = grade(submission, exercises, seed, worker)
    record = {
        **_head(job, exercises, seed, boxed),
        "points": sum(result.points for result in results),
        "remarks": list(submission.remarks),
        "exercises": [result.record() for result in results],
        "cells": dict(submission.cells),
        "key": key,
    }
    text = json.dumps(record, indent=1, ensure_ascii=True)
    write_atomically(file, text + "\n")
    return json.loads(text)


def _head(job: Job, exercises: Sequence[Exercise], seed: int, boxed: bool) -> dict[str, Any]:
    return {
        "student": job.student,
        "notebook": job.notebook,
        "path": os.fsencode(job.path).decode(errors="backslashreplace"),
        "of": sum(exercise.points for exercise in exercises),
        "seed": seed,
        "sandbox": "bubblewrap" if boxed else "NONE: the code ran with all rights of the grader",
    }


def _ungraded(
    job: Job, exercises: Sequence[Exercise], seed: int, boxed: bool, error: Exception
) -> dict[str, Any]:
    """Stand in for a submission over which the grader itself stumbled.

    It is not kept, so that the next run tries again, and says what it is in grades and reports.
    """
    remark = f"NOT GRADED: the grader stumbled over it ({type(error).__name__}: {error})"[:300]
    return {
        **_head(job, exercises, seed, boxed),
        "points": 0,
        "remarks": [remark],
        "exercises": [],
        "cells": {},
        "key": None,
    }


def file_name(job: Job) -> str:
    """Return a file name for a job that no student's name can turn into a path."""
    safe = urllib.parse.quote(job.student, safe="", errors="surrogatepass").replace("~", "%7E")
    if safe.startswith(".") or len(safe) > 80:
        digest = hashlib.sha256(job.student.encode(errors="surrogatepass")).hexdigest()[:12]
        safe = f"{safe.lstrip('.')[:60]}-{digest}"
    place = hashlib.sha256(os.fsencode(job.path)).hexdigest()[:6]
    return f"{safe}.{job.notebook}.{place}"


def _key(
    submission: Submission, exercises: Sequence[Exercise], seed: int, limits: Limits, boxed: bool
) -> str:
    conventions = [exercise.variant for exercise in exercises]
    told = [submission.digest, submission.remarks, conventions, seed, asdict(limits), boxed]
    told.append(_rules())
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@cache
def _rules() -> str:
    """Return a digest of everything that decides about points: exercises, checks, the grader."""
    digest = hashlib.sha256()
    for file in sorted(_COURSE.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def _only_one(out: Path) -> Iterator[None]:
    """Hold ``out`` for oneself: two graders would grade twice."""
    (out / "students").mkdir(parents=True, exist_ok=True)

    def busy() -> None:
        raise UserError(f"another grading is writing to {out}; wait for it")

    with locked(out / ".lock", busy):
        yield
