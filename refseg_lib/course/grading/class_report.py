"""The class on one page: which requirement fails most, what takes time, whose answers are alike."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from refseg_lib.course.grading.likeness import alike
from refseg_lib.course.grading.printable import printable
from refseg_lib.explain.figure import show, style
from refseg_lib.explain.table import table

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Class report</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem }}
img {{ max-width: 100%; height: auto }}
.warning {{ border: 2px solid; padding: .5rem .8rem }}
</style></head><body><main><h1>Class report</h1>{body}</main></body></html>
"""


def class_report(records: Sequence[dict[str, Any]]) -> str:
    """Write the page; it quotes messages and is for the instructor only."""
    varied = any(e.get("variant") for record in records for e in record["exercises"])
    how = ", some exercises under another convention" if varied else ""
    parts = [f"<p>{len(records)} notebooks, seed {records[0]['seed']}{how}.</p>"]
    if any(record["sandbox"] != "bubblewrap" for record in records):
        parts.append(
            '<p class="warning">Graded WITHOUT a sandbox: the submissions ran with all rights of'
            " the grader, and could have changed any mark.</p>"
        )
    parts += [_points(records), _requirements(records), _mistakes(records), _seconds(records)]
    parts += [_likeness(records), _remarks(records)]
    return _PAGE.format(body="".join(part for part in parts if part))


def _points(records: Sequence[dict[str, Any]]) -> str:
    import matplotlib.pyplot as plt
    import seaborn as sns

    style()
    shares = [100 * record["points"] / record["of"] for record in records if record["of"]]
    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    sns.histplot(x=shares, bins=list(range(0, 101, 10)), ax=axes)
    axes.set(xlabel="points in %", ylabel="notebooks", xlim=(0, 100))
    middle = sorted(shares)[len(shares) // 2]
    alt = f"Histogram of points over {len(shares)} notebooks; the middle one has {middle:.0f} %."
    return "<h2>Points</h2>" + show(figure, alt=alt)._repr_html_()


def _requirements(records: Sequence[dict[str, Any]]) -> str:
    import matplotlib.pyplot as plt
    import seaborn as sns

    tried: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for record in records:
        for exercise in record["exercises"]:
            for requirement in exercise["requirements"]:
                name = f"{exercise['exercise']}: {requirement['name']}"
                tried[name] += 1
                # What waits for a right result is no second mistake.
                failed[name] += requirement["message"] is not None and not requirement["waits"]
    shares = {name: 100 * failed[name] / tried[name] for name in tried if failed[name]}
    if not shares:
        return "<h2>Requirements</h2><p>Every requirement that was tried is met by all.</p>"
    worst = sorted(shares, key=lambda name: (-shares[name], name))[:15]
    figure, axes = plt.subplots(figsize=(7, 0.8 + 0.3 * len(worst)), layout="constrained")
    sns.barplot(x=[shares[name] for name in worst], y=worst, ax=axes, orient="h", color="#0072b2")
    axes.set(xlabel="not met by % of those who started", xlim=(0, 100))
    alt = f"Bars: the requirements that fail most. First: {worst[0]}, {shares[worst[0]]:.0f} %."
    return "<h2>What fails most</h2>" + show(figure, alt=alt)._repr_html_()


def _mistakes(records: Sequence[dict[str, Any]]) -> str:
    seen = Counter(
        (exercise["exercise"], exercise["mistake"])
        for record in records
        for exercise in record["exercises"]
        if exercise.get("mistake")
    )
    rows = [(name, mistake, count) for (name, mistake), count in seen.most_common(20)]
    about = "How many students' answers behave just like it."
    return _section("Known mistakes", ("exercise", "mistake", "students"), rows, about)


def _seconds(records: Sequence[dict[str, Any]]) -> str:
    spent: dict[str, list[float]] = {}
    for record in records:
        for exercise in record["exercises"]:
            spent.setdefault(exercise["exercise"], []).append(exercise["seconds"])
    rows = [
        (name, sorted(times)[len(times) // 2], max(times)) for name, times in sorted(spent.items())
    ]
    about = "In and out of the box, of all students."
    return _section("Seconds of grading", ("exercise", "middle", "longest"), rows, about)


def _likeness(records: Sequence[dict[str, Any]]) -> str:
    groups = alike((record["student"], record["cells"]) for record in records)
    rows = [(name, ", ".join(map(printable, students))) for name, students in groups]
    about = (
        "The same program but for names and layout. The solutions are public, and short answers"
        " are alike by chance: a reason to talk, not a verdict."
    )
    return _section("Answers that are alike", ("exercise", "students"), rows, about)


def _remarks(records: Sequence[dict[str, Any]]) -> str:
    rows = [
        (printable(record["student"]), printable(remark))
        for record in records
        for remark in record["remarks"]
    ]
    about = "What was odd about the files."
    return _section("Remarks", ("student", "remark"), rows, about)


def _section(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str | int | float]], about: str
) -> str:
    return f"<h2>{title}</h2>{table(columns, rows, about, digits=2)}" if rows else ""
