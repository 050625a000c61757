"""Names of data sets, and where their annotation files lie."""

import os
from dataclasses import dataclass
from pathlib import Path

from refseg_lib.errors import UserError


@dataclass(frozen=True)
class Place:
    """The folder names that a data set goes by, and its refs file without the ending."""

    folders: tuple[str, ...]
    refs: str


_REFCOCO_PLUS = ("refcoco+", "refcocop", "refcocoplus")
DATASETS = {
    "refcoco_unc": Place(("refcoco",), "refs(unc)"),
    "refcocop_unc": Place(_REFCOCO_PLUS, "refs(unc)"),
    "refcocog_umd": Place(("refcocog",), "refs(umd)"),
    "refcocog_google": Place(("refcocog",), "refs(google)"),
    "referit": Place(("referit", "referit-dataset"), "referit_query_*.json"),
    "parkref_unc": Place(("parkref",), "refs(unc)"),
    "parkref_uncplus": Place(("parkref",), "refs(uncplus)"),
    "parkref_gref": Place(("parkref",), "refs(gref)"),
    "parkref_referit": Place(("parkref",), "refs(referit)"),
}
ALIASES = {
    "unc": "refcoco_unc",
    "unc+": "refcocop_unc",
    "refcoco+_unc": "refcocop_unc",
    "refcocoplus_unc": "refcocop_unc",
    "gref": "refcocog_google",
    "gref_umd": "refcocog_umd",
}
_KNOWN_FOLDERS = {name for place in DATASETS.values() for name in place.folders}


def dataset_id(name: str) -> str:
    """Resolve an alias.

    Raises:
        UserError: The name is neither an id, an alias nor ``folder:PATH/refs(NAME).p``.
    """
    known = ALIASES.get(name, name)
    if known not in DATASETS and not known.startswith("folder:"):
        raise UserError(
            f"data set {name!r} is unknown: choose one of {', '.join(DATASETS)} (aliases:"
            f" {', '.join(ALIASES)}) or folder:PATH/refs(NAME).p for your own"
        )
    return known


def find_refs(name: str, root: str | os.PathLike[str]) -> Path:
    """Find the refs file of a data set that is kept as in RefCOCO.

    Args:
        name: A data set id; ``folder:PATH/refs(NAME).p`` names the file itself.
        root: The folder that holds `refcoco/`, `parkref/`, ...; or that folder itself.

    Returns:
        The path of `refs(*).p`, or of the same as `.json`.

    Raises:
        UserError: There is no such file; the message says where it was looked for.
    """
    if name.startswith("folder:"):
        path = Path(name.removeprefix("folder:"))
        tried = [path if path.is_absolute() or path.exists() else Path(root) / path]
    else:
        place = DATASETS[name]
        tried = [
            folder / f"{place.refs}{ending}"
            for folder in dataset_folders(name, root)
            for ending in (".p", ".json")
        ]
    for path in tried:
        if path.is_file():
            return path
    raise UserError(
        f"data set {name} is not there: looked for {', '.join(map(str, tried))}; expected"
        " ROOT/NAME/ with refs(*).p, instances.json and images/: make it with `refseg data make"
        " parkref`, or put the files there and run `refseg data check`"
    )


def list_refs_files(folder: Path) -> list[Path]:
    """List the refs files of a folder: each `refs(NAME).p`, or the same as `.json`; may be none."""
    pickles = sorted(folder.glob("refs(*).p"))
    plain = sorted(folder.glob("refs(*).json"))
    return pickles + [path for path in plain if path.with_suffix(".p") not in pickles]


def dataset_folders(name: str, root: str | os.PathLike[str]) -> list[Path]:
    """List the folders in which the data set ``name`` may lie, given ``root``."""
    root = Path(root)
    names = DATASETS[name].folders
    folders = [root / folder for folder in names]
    # `refcoco/` and `refcoco+/` hold a file of the same name: never take one for the other.
    if root.resolve().name not in _KNOWN_FOLDERS - set(names):
        folders.append(root)
    return folders
