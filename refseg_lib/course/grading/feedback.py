"""One HTML page per student: what was met and what was not, never with what it was tried.

The instructor's records quote messages, and those quote hidden inputs; here stand the texts of the
requirements, the name of the mistake an answer behaves like, and where the answer raised.
"""

import html
from typing import Any

from refseg_lib.course.grading.printable import printable
from refseg_lib.course.registry import exercise_names, find_exercise
from refseg_lib.course.variants import asked_as

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto;
  padding: 0 1rem }}
h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.1rem; margin: 1.6rem 0 .3rem }}
ul {{ padding: 0; margin: .3rem 0 }} li {{ list-style: none }}
.note {{ opacity: .75 }} .warning {{ border: 2px solid; padding: .5rem .8rem }}
</style></head><body><main>
<h1>{title}</h1>{body}</main></body></html>
"""


def feedback_page(record: dict[str, Any]) -> str:
    """Write the page of one record of :func:`refseg_lib.course.grading.batch.grade_folder`."""
    parts = [f"<p><b>{record['points']} of {record['of']} points</b></p>"]
    if record["sandbox"] != "bubblewrap":
        parts.append(f'<p class="warning">Sandbox: {html.escape(record["sandbox"])}.</p>')
    parts += [f'<p class="note">{html.escape(remark)}</p>' for remark in record["remarks"]]
    parts += [_exercise(exercise) for exercise in record["exercises"]]
    title = f"{record['student']}: notebook {record['notebook']}"
    return _PAGE.format(title=html.escape(printable(title)), body="".join(parts))


def _exercise(graded: dict[str, Any]) -> str:
    name = graded["exercise"]
    known = name in exercise_names()
    exercise = asked_as(find_exercise(name), graded.get("variant")) if known else None
    headline = exercise.title if exercise else name
    parts = [f"<h2>{html.escape(headline)}: {graded['points']} of {graded['of']}</h2>"]
    if graded["failure"]:
        parts.append(f"<p>{html.escape(where_it_raised(graded['failure']))}</p>")
    elif not graded["requirements"]:
        parts.append("<p>Not started.</p>")
    for requirement in graded["requirements"]:
        met = requirement["message"] is None
        sign, label = ("✓", "met") if met else ("✗", "not met")
        said = f" – {where_it_raised(requirement['message'])}" if _raised(requirement) else ""
        if requirement["waits"]:
            sign, label, said = (
                "○",
                "not judged",
                " – not judged yet: first the result must be right",
            )
        parts.append(
            f'<li><span role="img" aria-label="{label}">{sign}</span>'
            f" {html.escape(requirement['text'])} ({requirement['points']} of"
            f" {requirement['of']}){html.escape(said)}</li>"
        )
    mistakes = {mutant.name: mutant.says for mutant in exercise.mutants} if exercise else {}
    if graded.get("mistake") in mistakes:
        parts.append(f"<p><b>Looks like:</b> {html.escape(mistakes[graded['mistake']])}.</p>")
    return "".join(parts)


def _raised(requirement: dict[str, Any]) -> bool:
    message = requirement["message"] or ""
    kind = message.split(":", 1)[0]
    return message.startswith("stopped:") or kind.endswith(
        ("Error", "Exception", "Exit", "Warning")
    )


def where_it_raised(message: str) -> str:
    """Keep the kind of an exception and the student's own line; drop its words.

    They may be made of the input: ``raise ValueError(str(x))``.
    """
    if message.startswith(("stopped:", "no cell")):
        return message
    kind, _, rest = message.partition(":")
    _, found, line = rest.rpartition(", in the line: ")
    return f"{kind} in the line: {line}" if found else kind
