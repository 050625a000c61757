"""What strangers may hand in: none gets a point it did not earn, gets out, or stops the batch."""

import contextlib
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from bank import CELLS, EXERCISE, FILES, HONEST, ODD_NAMES, cell, notebook

from refseg_lib.course.grading.batch import grade_folder
from refseg_lib.course.grading.reports import write_reports
from refseg_lib.course.grading.sandbox import Limits, why_no_sandbox
from refseg_lib.course.registry import find_exercise

FULL = find_exercise(EXERCISE).points
# What comes of the right kind and shape and leaves its input alone has earned that much.
EARNS = {"nan": 3}


@contextlib.contextmanager
def listening() -> Iterator[tuple[int, list[str]]]:
    """A web server on this machine; yields its port and the requests it got."""
    hits: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], hits
    finally:
        server.shutdown()


def processes_left_behind() -> set[str]:
    """Command lines of boxes that are this process's or, worse, nobody's.

    Other tests may have boxes of their own open at the same time.
    """
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if in_a_box(place) and whose(place) in (None, os.getpid()):
                found.add(f"{place.name}: {command_of(place)}")
    return found


def command_of(place: Path) -> str:
    return (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def in_a_box(place: Path) -> bool:
    return "course.grading.worker" in command_of(place)


def whose(place: Path) -> int | None:
    """Say which Python process opened the box that a process is in; None if that one is gone."""
    while in_a_box(place):
        status = (place / "status").read_text()
        place = Path("/proc") / status.split("PPid:")[1].split()[0]
        if place.name == "0":
            return None
    return int(place.name) if "python" in command_of(place) else None


@pytest.mark.skipif(why_no_sandbox() is not None, reason=f"no sandbox here: {why_no_sandbox()}")
def test_no_hostile_submission_earns_a_point_gets_out_or_stops_the_batch(tmp_path: Path) -> None:
    submissions, secret = tmp_path / "submissions", tmp_path / "outside"
    submissions.mkdir()
    secret.mkdir()
    canary = secret / "canary.txt"
    canary.write_text("untouched")
    with listening() as (port, hits):
        for name, source in CELLS.items():
            spoilt = source.replace("CANARY", str(canary)).replace("PORT", str(port))
            (submissions / f"{name}.ipynb").write_text(notebook(cell(spoilt)))
        for name in ("honest", "honest-too"):
            (submissions / f"{name}.ipynb").write_text(notebook(cell(HONEST)))
        for name, spoil in FILES.items():
            spoil(submissions / name)
        for name in ODD_NAMES:
            (submissions / name).write_text(notebook(cell(HONEST)))
        limits = Limits(seconds=4)
        records = grade_folder(submissions, tmp_path / "grades", notebook="06", limits=limits)
        write_reports(records, tmp_path / "grades")
    earned = {record["student"]: points_for(record) for record in records}
    for name, points in sorted(earned.items()):
        print(f"{name[:40]!r:<45} {points} of {FULL}")

    assert len(records) == len(CELLS) + len(FILES) + len(ODD_NAMES) + 2
    honest = {"honest", "honest-too", *(name.removesuffix(".ipynb") for name in ODD_NAMES)}
    assert {name: earned[name] for name in honest} == dict.fromkeys(honest, FULL)
    hostile = {name: points for name, points in earned.items() if name not in honest}
    assert {n: p for n, p in hostile.items() if p != EARNS.get(n, 0)} == {}
    assert canary.read_text() == "untouched"
    assert os.listdir(secret) == ["canary.txt"]
    assert hits == []
    assert processes_left_behind() == set()
    written = [path for path in (tmp_path / "grades").rglob("*") if path.is_file()]
    assert all(path.resolve().is_relative_to(tmp_path / "grades") for path in written)
    assert not any("untouched" in path.read_text() for path in written), "the canary was read"
    assert not any("<script>" in path.read_text() for path in written if path.suffix == ".html")


def points_for(record: dict[str, object]) -> int:
    exercises = record["exercises"]
    assert isinstance(exercises, list)
    return next((e["points"] for e in exercises if e["exercise"] == EXERCISE), 0)
