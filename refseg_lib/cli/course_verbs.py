"""``refseg progress``, ``refseg course`` and ``refseg grade``."""

import argparse
from pathlib import Path

from refseg_lib.cli.model_verbs import AddVerb
from refseg_lib.errors import UserError


def add_course_verbs(verb: AddVerb) -> None:
    """Add the verbs of students and of authors of notebooks."""
    verb("progress", _progress, "list the exercises and your points")
    course = verb("course", _course, "build the notebooks from solutions/*.py, or check them")
    course.add_argument(
        "what",
        choices=("build", "check", "vary"),
        help="vary: a cohort's own copies, some exercises under another convention",
    )
    course.add_argument("only", nargs="*", metavar="NN", help="only these notebooks, such as 05")
    course.add_argument("--root", type=Path, default=Path("."), metavar="REPOSITORY")
    course.add_argument(
        "--no-run", action="store_true", help="leave the pictures of solutions/*.ipynb as they are"
    )
    course.add_argument(
        "--overwrite", action="store_true", help="also over notebooks that somebody edited"
    )
    course.add_argument("--seed", type=int, default=0, help="vary: the cohort")
    course.add_argument("--out", type=Path, metavar="DIR", help="vary: where its copies go")
    grade = verb("grade", _grade, "grade a folder of submitted notebooks, each answer in a box")
    grade.add_argument("submissions", type=Path, help="STUDENT.ipynb or STUDENT/NN_….ipynb in it")
    grade.add_argument("--out", type=Path, required=True, metavar="DIR")
    grade.add_argument("--notebook", metavar="NN", help="which one was handed in, such as 05")
    grade.add_argument("--seed", type=int, default=0, help="of the hidden inputs: one per cohort")
    grade.add_argument("--jobs", type=int, help="how many at a time; default: one per core")
    grade.add_argument("--seconds", type=float, default=20.0, help="that an exercise may take")
    grade.add_argument(
        "--varied",
        action="store_true",
        help="the class got the notebooks of `refseg course vary` with the same --seed",
    )
    grade.add_argument(
        "--unsafe-no-sandbox",
        action="store_true",
        help="run strangers' code with all your rights; every report says so",
    )


def _progress(_: argparse.Namespace) -> None:
    from refseg_lib.course.progress import progress_file, progress_table

    print(progress_table())
    print(f"kept in {progress_file()}")


def _course(chosen: argparse.Namespace) -> int:
    from refseg_lib.course.building.auditing import check_all
    from refseg_lib.course.building.build import build_all
    from refseg_lib.course.building.varying import vary_all
    from refseg_lib.course.registry import all_exercises

    points = {exercise.name: exercise.points for exercise in all_exercises()}
    sources, notebooks = chosen.root / "solutions", chosen.root / "notebooks"
    if chosen.what == "vary":
        if chosen.out is None:
            raise UserError("refseg course vary needs --out DIR, where the cohort's notebooks go")
        print("\n".join(vary_all(notebooks, chosen.out, chosen.seed, chosen.only)))
        return 0
    if chosen.what == "check":
        problems = check_all(sources, notebooks, sources, points)
        for problem in problems:
            print(problem)
        print(f"{len(problems)} problems" if problems else "notebooks and sources agree")
        return 2 if problems else 0
    for line in build_all(
        sources,
        notebooks,
        sources,
        points,
        execute=not chosen.no_run,
        overwrite=chosen.overwrite,
        only=chosen.only,
    ):
        print(line)
    return 0


def _grade(chosen: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from refseg_lib.course.grading.batch import grade_folder
    from refseg_lib.course.grading.reports import write_reports
    from refseg_lib.course.grading.sandbox import Limits

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("grading", total=None)
        records = grade_folder(
            chosen.submissions,
            chosen.out,
            notebook=chosen.notebook,
            seed=chosen.seed,
            jobs=chosen.jobs,
            limits=Limits(seconds=chosen.seconds),
            boxed=not chosen.unsafe_no_sandbox,
            varied=chosen.varied,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    for file in write_reports(records, chosen.out):
        print(f"wrote {file}")
    if chosen.unsafe_no_sandbox:
        print("WITHOUT a sandbox: the submissions ran with all your rights")
    ungraded = [record for record in records if record["key"] is None]
    for record in ungraded:
        print(f"{record['student']}: {record['remarks'][0]}")
    return 1 if ungraded else 0
