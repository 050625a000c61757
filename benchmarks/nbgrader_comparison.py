"""The same submissions graded by `nbgrader autograde` and by `refseg grade`.

    python -m venv NBGRADER
    NBGRADER/bin/pip install -c constraints.txt -e ".[notebooks]" nbgrader==0.9.6
    python benchmarks/nbgrader_comparison.py NBGRADER/bin/python [--only "endless loop" ...]

One exercise of notebook 06 is answered (toy_submissions.py), the rest is as released. nbgrader
grades in a course folder made anew, with the solved notebook as its source; what it gives is what
its gradebook holds. Both get one student per command, and seconds are the whole command's on the
clock, its start included. A canary file outside is looked at after each.

A cell may take 30 s in nbgrader (its default), an exercise 20 s in `refseg grade` (its default). A
command that takes longer than LIMIT is killed with all it started. Rows of an earlier run are kept
where --only leaves them out; without any argument the table of the file is printed. Linux only.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from operators import here
from toy_submissions import EXERCISE, SUBMISSIONS, due

from refseg_lib.evaluation.provenance import git_hash, versions
from refseg_lib.files import write_atomically

ROOT = Path(__file__).parents[1]
NUMBER, NAME = "06", "06_gated_fusion"
CELL_SECONDS = 30
LIMIT = 300
ERROR = re.compile(r"(\w+\.)*\w+(Error|Exception)\b")
UNTOUCHED = "untouched"


def timed(command: list[str], folder: Path) -> tuple[float, int | None, str]:
    """Run a command; return its seconds, its exit status (None: killed) and what it raised."""
    surroundings = os.environ | {
        "OMP_NUM_THREADS": "1", "REFSEG_PROGRESS": str(folder / "progress.json"),
        # nbgrader calls alembic by its name.
        "PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }  # fmt: skip
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=surroundings, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        # A kernel has a session of its own, and one that is stuck in C does not see its parent go.
        for started in [*psutil.Process(process.pid).children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                started.kill()
        process.communicate()
        return time.perf_counter() - begin, None, f"killed after {LIMIT} s"
    seconds = time.perf_counter() - begin
    raised = [line.strip() for line in said.splitlines() if ERROR.match(line.strip())]
    return seconds, process.returncode, raised[-1] if raised else ""


def by_nbgrader(python: str, course: Path, student: str) -> dict[str, Any]:
    """Grade one student as an instructor does, and read the gradebook."""
    command = [python, "-m", "nbgrader", "autograde", NUMBER, "--student", student]
    seconds, status, last = timed([*command, f"--Execute.timeout={CELL_SECONDS}"], course)
    points, said = None, f"autograde fails, no grade: {last.split(':')[0].split('.')[-1]}"
    if status == 0:
        points = grades(python, course, student)[f"check-{EXERCISE}"]
        said = shown(course / "autograded" / student / NUMBER / f"{NAME}.ipynb")
    return {"points": points, "seconds": round(seconds, 1), "said": said}


def grades(python: str, course: Path, student: str) -> dict[str, float]:
    """Read nbgrader's gradebook: check cell to points."""
    ask = (
        "import json, sys\nfrom nbgrader.api import Gradebook\n"
        "with Gradebook('sqlite:///gradebook.db') as book:\n"
        f"    found = book.find_submission_notebook({NAME!r}, {NUMBER!r}, {student!r})\n"
        "    print(json.dumps({grade.name: grade.auto_score for grade in found.grades}))\n"
    )
    done = subprocess.run([python, "-c", ask], cwd=course, check=True, capture_output=True)
    return json.loads(done.stdout.splitlines()[-1])


def shown(notebook: Path) -> str:
    """Say what stands under the check cell of an autograded notebook, in short."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    outputs = next(c for c in cells if c["id"] == f"check-{EXERCISE}")["outputs"]
    parts = []
    for output in outputs:
        if output["output_type"] == "error":
            parts.append(f"{output['ename']} {output['evalue']}".strip()[:120])
        elif output["output_type"] == "stream":
            text = "".join(output["text"])
            warned = "Warning: " in text
            parts.append(f"a warning on {output['name']}" if warned else f"{output['name']}")
        else:
            parts.append("check shows " + "".join(output["data"]["text/plain"]))
    return ", ".join(parts)


def by_refseg(submitted: Path, out: Path) -> dict[str, Any]:
    """Grade one student with this library's command, and read its record."""
    refseg = str(Path(sys.executable).with_name("refseg"))
    command = [refseg, "grade", str(submitted), "--notebook", NUMBER, "--out", str(out)]
    seconds, status, last = timed(command, submitted)
    if status != 0:
        raise SystemExit(f"refseg grade ended with {status}: {last}")
    (record,) = (json.loads(file.read_text()) for file in (out / "students").glob("*.json"))
    graded = next(e for e in record["exercises"] if e["exercise"] == EXERCISE)
    messages = [r["message"] for r in graded["requirements"] if r["message"]]
    said = graded["failure"] or next(iter(messages), "all requirements met")
    # Neither the line of the answer nor numbers of a hidden input are of interest here.
    said = re.split(", in the line|;", said)[0]
    return {"points": graded["points"], "seconds": round(seconds, 1), "said": said}


def handed_in(source: str) -> str:
    """Write the released notebook with one exercise answered."""
    notebook = json.loads((ROOT / "notebooks" / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    (cell,) = (c for c in notebook["cells"] if c["id"] == f"exercise-{EXERCISE}")
    cell["source"] = source
    return json.dumps(notebook)


def compare(python: str, names: list[str]) -> list[dict[str, Any]]:
    """Grade every submission both ways."""
    rows = []
    with tempfile.TemporaryDirectory() as place:
        course, canary = Path(place) / "course", Path(place) / "outside" / "canary.txt"
        write_atomically(canary, UNTOUCHED)
        solved = (ROOT / "solutions" / f"{NAME}.ipynb").read_bytes()
        write_atomically(course / "source" / NUMBER / f"{NAME}.ipynb", solved)
        _, status, last = timed([python, "-m", "nbgrader", "generate_assignment", NUMBER], course)
        if status != 0:
            raise SystemExit(f"nbgrader generate_assignment: {last}")
        for name in names:
            print(f"{name} ...", file=sys.stderr, flush=True)
            student = "".join(letter if letter.isalnum() else "-" for letter in name)
            text = handed_in(SUBMISSIONS[name].replace("CANARY", str(canary)))
            row: dict[str, Any] = {"submission": name, "due": due(name), "commit": git_hash()}
            for grader in ("refseg", "nbgrader"):
                write_atomically(canary, UNTOUCHED)
                if grader == "nbgrader":
                    write_atomically(
                        course / "submitted" / student / NUMBER / f"{NAME}.ipynb", text
                    )
                    told = by_nbgrader(python, course, student)
                else:
                    alone = Path(place) / "alone" / student
                    write_atomically(alone / student / NUMBER / f"{NAME}.ipynb", text)
                    told = by_refseg(alone, Path(place) / "grades" / student)
                told["canary"] = UNTOUCHED if canary.read_text() == UNTOUCHED else "overwritten"
                row[grader] = told
            print(f"  {row}", file=sys.stderr, flush=True)
            rows.append(row)
    return rows


def table(told: dict[str, Any]) -> str:
    """Lay the rows out."""
    version = told["versions"]["nbgrader"]
    lines = [
        f"| submission | should get | nbgrader {version} gives | `refseg grade` gives | seconds"
        " | what happened: nbgrader / `refseg grade` |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for row in told["rows"]:
        both = [row["nbgrader"], row["refseg"]]
        points = ["none" if one["points"] is None else f"{one['points']:g}" for one in both]
        marked = [p if p == str(row["due"]) else f"**{p}**" for p in points]
        seconds = " / ".join(f"{one['seconds']:.0f}" for one in both)
        said = " / ".join(
            one["said"].replace("|", "\\|")
            + ("; **overwrote a file outside**" if one["canary"] != UNTOUCHED else "")
            for one in both
        )
        cells = [row["submission"], str(row["due"]), *marked, seconds, said]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def version_of_nbgrader(python: str) -> str:
    """Make sure that the other Python has nbgrader and this very library."""
    ask = (
        "import refseg_lib\nfrom importlib.metadata import version\n"
        "print(version('nbgrader'), refseg_lib.__file__)"
    )
    done = subprocess.run([python, "-c", ask], cwd="/", capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{python}: {done.stderr.strip().splitlines()[-1]}: see --help")
    version, place = done.stdout.strip().split(" ", 1)
    if Path(place).resolve() != ROOT.resolve() / "refseg_lib" / "__init__.py":
        raise SystemExit(f"{python} has another refseg_lib ({place}): install this one with -e")
    return version


def main() -> None:
    plain = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("python", nargs="?", help="of an environment with nbgrader")
    parser.add_argument("--only", nargs="+", choices=list(SUBMISSIONS), default=list(SUBMISSIONS))
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "nbgrader_comparison.json")
    chosen = parser.parse_args()
    if chosen.python is not None:
        told = {
            "command": "python benchmarks/nbgrader_comparison.py PYTHON",
            "machine": here()["machine"],
            "versions": versions() | {"nbgrader": version_of_nbgrader(chosen.python)},
            "limits": {"nbgrader: seconds a cell": CELL_SECONDS, "refseg: seconds an exercise": 20},
        }
        old = json.loads(chosen.out.read_text(encoding="utf-8")) if chosen.out.is_file() else told
        if {key: old[key] for key in told} != told:
            raise SystemExit(f"{chosen.out} has rows of another machine or version: delete it")
        rows = {row["submission"]: row for row in old.get("rows", [])}
        rows |= {row["submission"]: row for row in compare(chosen.python, chosen.only)}
        told["rows"] = [rows[name] for name in SUBMISSIONS if name in rows]
        write_atomically(chosen.out, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    print(table(json.loads(chosen.out.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
