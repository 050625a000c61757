"""How fast does a class of 200 get its marks, and are they the same the second time?

    python benchmarks/grading.py [--submissions 200] [--jobs 2]

Every submission is notebook 06 with its four exercises. Each answer is drawn: the solution's own
cell, another right answer, a known mistake, an untouched stub, and for gated-exchange now and then
a hostile cell of tests/grading/bank.py. They are graded twice with the same seed into two folders.
Every mark is compared with what the answer is due: the points that the same function gets outside
of the box. Written to results/grading.json.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests" / "grading"))

from answer_cells import answer_cell, answers_of  # noqa: E402
from bank import CELLS, EXERCISE  # noqa: E402
from operators import here  # noqa: E402

from refseg_lib.course.checking import examine  # noqa: E402
from refseg_lib.course.exercise import Exercise  # noqa: E402
from refseg_lib.course.grading.batch import grade_folder  # noqa: E402
from refseg_lib.course.grading.reports import write_reports  # noqa: E402
from refseg_lib.course.registry import all_exercises  # noqa: E402
from refseg_lib.evaluation.provenance import git_hash  # noqa: E402
from refseg_lib.files import write_atomically  # noqa: E402

NOTEBOOK, SEED = "06", 7
# What hands over the input's own kind and shape has earned that much, see tests/grading/test_bank.
HOSTILE_EARNS = {"nan": 3}
SHARES = {"solution": 45, "another right answer": 15, "mistake": 30, "stub": 10}
HOSTILE_SHARE = 0.15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "results" / "grading.json")
    chosen = parser.parse_args()
    exercises = [e for e in all_exercises() if e.notebook == NOTEBOOK]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "submissions"
        folder.mkdir()
        answers = write_class(folder, exercises, chosen.submissions)
        runs = []
        for name in ("first", "second"):
            begin = time.perf_counter()
            out = Path(place) / name
            records = grade_folder(folder, out, notebook=NOTEBOOK, seed=SEED, jobs=chosen.jobs)
            write_reports(records, out)
            runs.append((name, time.perf_counter() - begin, records))
            print(f"{name}: {runs[-1][1]:.1f} s", file=sys.stderr, flush=True)
    told = [
        {
            "run": name,
            "seconds": round(seconds, 1),
            "submissions_per_minute": round(60 * len(records) / seconds, 1),
            "not_as_due": unlike(records, answers, exercises),
        }
        for name, seconds, records in runs
    ]
    first, second = (marks(records) for _, _, records in runs)
    result = {
        "command": "python benchmarks/grading.py",
        **here(),
        "commit": git_hash(),
        "submissions": chosen.submissions,
        "seed": SEED,
        "jobs": chosen.jobs,
        "answers": dict(Counter(kind for kinds in answers.values() for kind, _ in kinds.values())),
        "drift": sum(first[student] != second[student] for student in first),
        "runs": told,
    }
    write_atomically(chosen.out, json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(result, indent=1, ensure_ascii=False))


def write_class(
    folder: Path, exercises: list[Exercise], count: int
) -> dict[str, dict[str, tuple[str, str]]]:
    """Write the notebooks; return student -> exercise -> (kind of answer, which one)."""
    random_ = random.Random(0)
    solved, stubs = cells_of("solutions"), cells_of("notebooks")
    brought = {e.name: {n: answer_cell(e, w) for n, w in answers_of(e).items()} for e in exercises}
    answers: dict[str, dict[str, tuple[str, str]]] = {}
    for number in range(count):
        student, cells = f"student-{number:03d}", []
        answers[student] = {}
        for exercise in exercises:
            (kind,) = random_.choices(list(SHARES), list(SHARES.values()))
            if exercise.name == EXERCISE and random_.random() < HOSTILE_SHARE:
                kind = "hostile"
            known = brought[exercise.name]
            of_kind = {
                "solution": {"solution": solved[exercise.name]},
                "stub": {"stub": stubs[exercise.name]},
                "hostile": dict(sorted(CELLS.items())),
                "another right answer": {n: s for n, s in known.items() if n.endswith("!")},
                "mistake": {n: s for n, s in known.items() if not n.endswith("!")},
            }[kind]
            which = random_.choice(list(of_kind))
            answers[student][exercise.name] = (kind, which)
            name, source = f"exercise-{exercise.name}", of_kind[which]
            cells.append({"cell_type": "code", "id": name, "source": source})
        (folder / f"{student}.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return answers


def cells_of(folder: str) -> dict[str, str]:
    """Return exercise -> source of its cell in a notebook of the repository."""
    (file,) = (REPOSITORY / folder).glob(f"{NOTEBOOK}_*.ipynb")
    return {
        cell["id"].removeprefix("exercise-"): "".join(cell["source"])
        for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]
        if cell["id"].startswith("exercise-")
    }


def marks(records: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    return {r["student"]: {e["exercise"]: e["points"] for e in r["exercises"]} for r in records}


def unlike(
    records: list[dict[str, Any]],
    answers: dict[str, dict[str, tuple[str, str]]],
    exercises: list[Exercise],
) -> list[str]:
    """List the marks that are not what the answer is due."""
    by_name = {exercise.name: exercise for exercise in exercises}
    due: dict[tuple[str, str, str], int] = {}

    def worth(name: str, kind: str, which: str) -> int:
        exercise = by_name[name]
        if kind in ("solution", "another right answer"):
            return exercise.points
        if kind == "mistake":
            (mutant,) = (m for m in exercise.mutants if m.name == which)
            return examine(exercise, mutant.function, SEED).points
        return HOSTILE_EARNS.get(which, 0)

    found = []
    for student, given in marks(records).items():
        for name, points in given.items():
            kind, which = answers[student][name]
            if (name, kind, which) not in due:
                due[name, kind, which] = worth(name, kind, which)
            if points != due[name, kind, which]:
                said = f"{student}, {name}, {kind} {which}: {points}"
                found.append(f"{said} instead of {due[name, kind, which]}")
    return found


if __name__ == "__main__":
    main()
