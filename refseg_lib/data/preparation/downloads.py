"""Which files of the real data sets can be fetched, and from where: a list that you may extend.

`data/sources.json` holds only addresses that many projects use; a list of your own has the same
form. Nothing is fetched from here (:mod:`refseg_lib.data.preparation.fetching` does).
"""

import re
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from refseg_lib.data.unpickling import load_json
from refseg_lib.errors import UserError

_FIELDS = ("name", "sets", "holds", "url", "licence")


@dataclass(frozen=True)
class Download:
    """A file that can be fetched.

    Attributes:
        name: What ``--source`` calls it.
        sets: The data sets it is of, such as ``("refcoco",)``.
        holds: ``"annotations"`` or ``"pictures"``.
        url: Where it lies; http or https.
        licence: One line, shown before anything is fetched.
    """

    name: str
    sets: tuple[str, ...]
    holds: str
    url: str
    licence: str

    @property
    def file(self) -> str:
        """The file's name on this side."""
        last = Path(urllib.parse.unquote(urllib.parse.urlsplit(self.url).path)).name
        return last if last.strip(".") else re.sub(r"\W+", "_", self.name)


def load_downloads(*paths: Path) -> list[Download]:
    """Read lists of downloads; of two with one name the earlier list's counts.

    Args:
        *paths: JSON files ``{"sources": [{"name", "sets", "holds", "url", "licence"}]}``.

    Raises:
        UserError: A file is no such list.
    """
    known: dict[str, Download] = {}
    for path in paths:
        try:
            for entry in load_json(path)["sources"]:
                values = [entry[field] for field in _FIELDS]
                sets = tuple(values.pop(1))
                if not all(isinstance(value, str) for value in (*values, *sets)):
                    raise TypeError(f"{entry} holds something that is no text")
                name, holds, url, licence = values
                known.setdefault(name, Download(name, sets, holds, url, licence))
        except (KeyError, TypeError) as error:
            raise UserError(
                f'{path} must hold {{"sources": [...]}}, each with {", ".join(_FIELDS)} ({error!r})'
            ) from error
    return list(known.values())


def choose(
    downloads: Sequence[Download], name: str, asked: Sequence[str], lacking: Sequence[str]
) -> list[Download]:
    """Choose what to fetch for a data set.

    Args:
        downloads: What is known.
        name: The data set.
        asked: Names of downloads, or URLs; may be empty.
        lacking: Used where nothing is asked: for each of ``"annotations"`` and ``"pictures"`` in
            it the first download of this set that holds it.

    Raises:
        UserError: There is none, or it is of another set.
    """
    known = ", ".join(entry.name for entry in downloads if name in entry.sets) or "none"
    chosen = []
    for wish in asked:
        if "://" in wish:
            unsaid = "not known here: ask where you have the address from"
            chosen.append(Download(wish, (name,), "", wish, unsaid))
            continue
        fitting = [entry for entry in downloads if entry.name == wish and name in entry.sets]
        if not fitting:
            raise UserError(f"no source {wish!r} of {name} is known: give a URL or one of {known}")
        chosen.append(fitting[0])
    for holds in () if asked else lacking:
        fitting = [entry for entry in downloads if name in entry.sets and entry.holds == holds]
        if not fitting:
            raise UserError(
                f"no source of the {holds} of {name} is known: give --source URL, or a list of your"
                " own with --sources FILE (data/README.md says where people get them)"
            )
        chosen.append(fitting[0])
    return chosen
