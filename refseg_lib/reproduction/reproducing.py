"""`refseg reproduce`: run the rows of published tables, and put them beside what was printed."""

from collections.abc import Sequence
from pathlib import Path

from refseg_lib.errors import UserError
from refseg_lib.models.presets import get_preset
from refseg_lib.reproduction.claims import claimed_methods
from refseg_lib.reproduction.crew import perform_all
from refseg_lib.reproduction.index import write_index
from refseg_lib.reproduction.planning import Choices, plan
from refseg_lib.reproduction.rendering import write_table
from refseg_lib.reproduction.rows import MAIN, all_tables, rows_of
from refseg_lib.reproduction.running import Places


def reproduce(
    tables: Sequence[str],
    choices: Choices,
    places: Places,
    *,
    jobs: int = 1,
    claims: str | None = None,
    containing: Sequence[str] = (),
    render_only: bool = False,
) -> list[Path]:
    """Run what is missing of some tables, then write a page and a figure of each, and an index.

    Args:
        tables: Names as :func:`refseg_lib.reproduction.rows.all_tables` lists them, or ``all`` for
            all ablation tables and the main one.
        choices: Data, preset, seeds, changes to the recipes.
        places: Where things lie.
        jobs: Runs at the same time.
        claims: ``"all"``: run only the rows that carry a claim (see
            :mod:`refseg_lib.reproduction.claims`), ``"central"``: one that is central to its paper;
            for further seeds. None: all rows.
        containing: Run only rows whose printed name contains one of these; all if there is none.
        render_only: Run nothing; write the tables from the records that are there.

    Returns:
        The pages written.

    Raises:
        UserError: Something named does not exist; or some runs failed, after all else was done.
    """
    get_preset(choices.preset)
    named = _named(tables)

    def wanted(table: str) -> set[str]:
        methods = {row.method for row in rows_of(table)}
        if claims is not None:
            methods = claimed_methods(table, central=claims == "central")
        lower = [text.lower() for text in containing]
        return {m for m in methods if not lower or any(text in m.lower() for text in lower)}

    tasks = plan(named, choices, wanted)
    if not tasks and not render_only:
        raise UserError(
            f"no row to run in {', '.join(named)} with names containing {', '.join(containing)}"
            if containing
            else f"no row of {', '.join(named)} can be run at preset {choices.preset}"
        )
    trouble: UserError | None = None
    if not render_only:
        try:
            perform_all(tasks, places, jobs)
        except UserError as error:
            trouble = error
    pages = [write_table(table, choices, places) for table in named]
    pages.append(write_index(places.results))
    for page in pages:
        print(f"wrote {page}")
    if trouble is not None:
        raise trouble
    return pages


def _named(tables: Sequence[str]) -> list[str]:
    if "all" not in tables:
        for table in tables:
            rows_of(table)
        return list(dict.fromkeys(tables))
    return [name for name in all_tables() if name == MAIN or claimed_methods(name)]
