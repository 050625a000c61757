"""Finding a data set's annotation files in whatever folder or archive people have of it.

The mirrors nest them differently (at the top, in ``data/``, ``refer/data/``, ``datasets/anns/``),
but the last folder is nearly always named after the set. That name decides, because RefCOCO and
RefCOCO+ both call their file `refs(unc).p`.
"""

import posixpath
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from refseg_lib.data.counts import PUBLISHED, Counts
from refseg_lib.data.index import Index
from refseg_lib.data.layouts import DATASETS
from refseg_lib.data.preparation.archives import Entry, Source, stem
from refseg_lib.data.referit import SPLITS
from refseg_lib.errors import UserError

SETS = {
    "refcoco": ("refcoco_unc",),
    "refcoco+": ("refcocop_unc",),
    "refcocog": ("refcocog_umd", "refcocog_google"),
    "referit": ("referit",),
}
"""The folder in the data root, and the data sets in it."""

_QUERIES = tuple(f"referit_query_{split}" for split in SPLITS)
_BESIDE = ("referit_query_trainval", "referit_imcrop", "referit_bbox")
_OTHER_SETS = ("refclef", "grefcoco")
_FOLDERS = {
    **{name: DATASETS[ids[0]].folders for name, ids in SETS.items()},
    **{name: (name,) for name in _OTHER_SETS},
}


def find_annotations(name: str, sources: Sequence[Source]) -> dict[str, Entry]:
    """Choose the annotation files of a set.

    Args:
        name: A key of ``SETS``.
        sources: Where to look.

    Returns:
        File name to the file found; may be empty. No file of another set, as far as the folder
        names tell.

    Raises:
        UserError: A file is there twice, so that nobody knows which is meant.
    """
    named: dict[str, list[Entry]] = {}
    others: dict[str, list[Entry]] = {}
    for source in sources:
        for entry in source.entries:
            if entry.base in _wanted(name):
                owner = "" if name == "referit" else _owner(entry)
                if owner in ("", name):
                    (named if owner else others).setdefault(entry.base, []).append(entry)
    # `x.json` beside `x.json.gz` or `refs.p` beside `refs.json` are the same: each may come along.
    return {base: _only(name, found) for base, found in (others | named).items()}


def missing_annotations(name: str, present: Sequence[str]) -> list[str]:
    """Name what a set cannot be read without, given the file names that are there.

    Args:
        name: A key of ``SETS``.
        present: File names.
    """
    if name == "referit":
        needed = (*_QUERIES, "referit_imsize")
        return [
            f"{file}.json"
            for file in needed
            if not {f"{file}.json", f"{file}.json.gz"} & {*present}
        ]
    refs = [DATASETS[known].refs for known in SETS[name]]
    has_refs = any(f"{file}{ending}" in present for file in refs for ending in (".p", ".json"))
    lacking = [] if has_refs else [" or ".join(f"{file}.p" for file in refs)]
    return lacking + [file for file in ("instances.json",) if file not in present]


def sets_in(sources: Sequence[Source]) -> list[str]:
    """Name the sets whose `refs(*).p` the sources hold, judging by their folders."""
    owners = {
        _owner(entry)
        for source in sources
        for entry in source.entries
        if entry.base.startswith("refs(") and entry.base.endswith((".p", ".json"))
    }
    return sorted(owners - {""})


def mistaken_for(known: str, index: Index) -> str | None:
    """Recognise a refs file that lies under another set's name.

    Args:
        known: The data set id that it was given as.
        index: What is in it.

    Returns:
        The id of the set whose published counts it has in some split, while it has its own in
        none; None when it is not recognised as another's.
    """
    found = _counts(index)
    if any(found.get(split) == counts for split, counts in PUBLISHED[known].items()):
        return None
    for other, splits in PUBLISHED.items():
        if any(found.get(split) == counts for split, counts in splits.items()):
            return other
    return None


def _counts(index: Index) -> dict[str, Counts]:
    counts = {}
    for code, split in enumerate(index.split_names):
        refs = index.ref_split_row == code
        images = len(np.unique(index.ref_image_row[refs]))
        sentences = int(refs[index.sent_ref_row].sum())
        counts[split] = Counts(images, int(refs.sum()), sentences)
    return counts


def _wanted(name: str) -> set[str]:
    if name == "referit":
        files = (*_QUERIES, *_BESIDE, "referit_imsize")
        return {f"{file}{ending}" for file in files for ending in (".json", ".json.gz")}
    refs = {f"{DATASETS[known].refs}{end}" for known in SETS[name] for end in (".p", ".json")}
    return refs | {"instances.json"}


def _owner(entry: Entry) -> str:
    """Say which set an annotation file belongs to by its folder's name; empty: it does not tell."""
    folder = posixpath.basename(entry.folder) or stem(entry.source.path)
    for name, folders in _FOLDERS.items():
        if folder.lower() in folders:
            return name
    return ""


def _only(name: str, found: list[Entry]) -> Entry:
    places: dict[Path, Entry] = {}
    for entry in found:
        places.setdefault(entry.path.resolve() if entry.source.is_folder else entry.path, entry)
    first, *more = places.values()
    if more:
        raise UserError(
            f"{first.base} of {name} is there twice, {first.path} and {more[0].path}: give the"
            " folder or archive with only the one that you mean"
        )
    return first
