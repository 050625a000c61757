"""The Chinese data sets that paper 002 describes (§4.1) and never released, made anew."""

import contextlib
import os
from collections.abc import Callable, Iterator

from refseg_lib.data.english import refs_files
from refseg_lib.data.translating import Outcome, translate_dataset
from refseg_lib.data.translation_report import report_translation
from refseg_lib.data.translators import Translator, open_translator
from refseg_lib.errors import UserError
from refseg_lib.parkref.translating import PROVENANCE, translate_sentences


def translate_folder(
    folder: str | os.PathLike[str],
    choice: str,
    refs: str | None = None,
    *,
    batch: int = 32,
) -> list[Outcome]:
    """Translate what a folder holds, print a report on it, and complain of what failed.

    Args:
        folder: With one or several `refs(NAME).p`.
        choice: ``parkref``, or what :func:`translators.open_translator` takes.
        refs: Only `refs(NAME).p` of this name.
        batch: Sentences for one call of the translator.

    Returns:
        What was done, for each refs file.

    Raises:
        UserError: Something cannot be read or written, or a sentence could not be translated (then
            all others are on disk, and the report was printed).
    """
    found = refs_files(folder, refs)
    own = choice == "parkref"
    translator = Translator(PROVENANCE, translate_sentences) if own else open_translator(choice)
    outcomes = []
    for refs_path in found:
        with _bar(refs_path.name) as show:
            outcomes.append(translate_dataset(refs_path, translator, batch=batch, progress=show))
        print(report_translation(refs_path).markdown() + "\n")
    told = [
        f"wrote {one.path}: {one.translated:,} new of {one.total:,} sentences" for one in outcomes
    ]
    print("\n".join(told))
    complaints = [one.complaint for one in outcomes if one.complaint]
    if complaints:
        raise UserError("; ".join(complaints))
    return outcomes


@contextlib.contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr, where that is a terminal, and give what moves it."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(title)
        yield lambda done, todo: bar.update(task, completed=done, total=todo)
