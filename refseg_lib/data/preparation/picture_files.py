"""Finding the pictures (and ReferIt's masks) that a data set needs, in folders and archives."""

import posixpath
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from refseg_lib.data.preparation.archives import Entry, Source

Key = TypeVar("Key", bound=Hashable)

# SAIAPR: the same pictures once more, under the same names, with outlines drawn into them.
_DRAWN_OVER = "segmented_images"


def find_files(wanted: Mapping[Key, Sequence[str]], sources: Sequence[Source]) -> dict[Key, Entry]:
    """Find wanted files by name, wherever they lie.

    Where a name is there twice, such as a picture and its thumbnail, the folder that holds more of
    what is wanted is taken; at a draw the earlier source.

    Args:
        wanted: What is wanted, and the names that it may go by.
        sources: Where to look.

    Returns:
        What was found of it.
    """
    by_name: dict[str, list[Entry]] = {name: [] for names in wanted.values() for name in names}
    for source in sources:
        for entry in source.entries:
            if entry.base in by_name and posixpath.basename(entry.folder) != _DRAWN_OVER:
                by_name[entry.base].append(entry)
    hits = Counter(
        (id(entry.source), entry.folder) for found in by_name.values() for entry in found
    )
    chosen = {}
    for key, names in wanted.items():
        candidates = [entry for name in names for entry in by_name[name]]
        if candidates:
            # max() keeps the first of equals.
            chosen[key] = max(candidates, key=lambda e: hits[id(e.source), e.folder])
    return chosen
