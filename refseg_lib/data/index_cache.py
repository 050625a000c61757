"""Keeping the index of a data set on disk, so that opening it again takes a moment.

RefCOCO's `instances.json` takes many seconds and more than a gigabyte to parse, for masks that
are needed one at a time. The index is made once, kept in `.index/` beside the refs file (or in the
user's cache folder where that is read-only), and made again when a source file changes.
"""

import hashlib
import json
import os
import stat
import sys
import zipfile
import zlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from refseg_lib.data.index import Index, Texts, build_index
from refseg_lib.errors import UserError
from refseg_lib.files import atomic_path

_VERSION = 1
ANNOUNCED_BYTES = 20_000_000
"""A source above this size takes seconds to read, so a line on stderr says what is going on."""


def open_index(refs_path: Path) -> Index:
    """Open the index of ``refs_path`` and the `instances.json` beside it; make it if need be.

    Raises:
        UserError: A source file is absent or damaged, or the two do not fit together.
    """
    instances_path = refs_path.with_name("instances.json")
    stamp = json.dumps([_VERSION, *(_stamp(path) for path in (refs_path, instances_path))])
    digest = hashlib.sha256(str(refs_path.resolve()).encode()).hexdigest()[:16]
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    places = [
        refs_path.parent / ".index" / f"{refs_path.name}.npz",
        Path(cache) / "refseg_lib" / "index" / f"{digest}.npz",
    ]
    for place in places:
        index = _read(place, stamp)
        if index is not None:
            return index
    size = instances_path.stat().st_size
    if size > ANNOUNCED_BYTES:
        told = f"reading {instances_path} ({size / 1e6:.0f} MB), once"
        print(told, file=sys.stderr, flush=True)
    index = build_index(refs_path, instances_path)
    for place in places:
        try:
            _write(place, stamp, index)
        except UserError:
            continue  # a read-only folder: the next place, or no cache at all
        break
    return index


def _stamp(path: Path) -> list[Any]:
    try:
        status = path.stat()
    except OSError as error:
        raise UserError(
            f"{path} is missing ({error.strerror}): a data set needs refs(*).p, instances.json"
            " and images/ in one folder"
        ) from error
    return [path.name, status.st_size, status.st_mtime_ns]


def _write(path: Path, stamp: str, index: Index) -> None:
    arrays: dict[str, Any] = {"stamp": np.frombuffer(stamp.encode(), np.uint8)}
    for field in fields(index):
        column = getattr(index, field.name)
        if isinstance(column, Texts):
            arrays[f"{field.name}.block"], arrays[f"{field.name}.bounds"] = (
                column.block,
                column.bounds,
            )
        else:
            arrays[field.name] = column
    if not _writable(path.parent):
        raise UserError(f"{path.parent} is read-only")
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        np.savez(stream, **arrays)


def _read(path: Path, stamp: str) -> Index | None:
    """Return the index kept at ``path``; None where it is absent, outdated or damaged."""
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            if arrays["stamp"].tobytes().decode() != stamp:
                return None
            columns: dict[str, Any] = {
                field.name: arrays[field.name]
                if field.name in arrays
                else Texts(arrays[f"{field.name}.block"], arrays[f"{field.name}.bounds"])
                for field in fields(Index)
            }
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return Index(**columns)


def _writable(folder: Path) -> bool:
    """Say whether the folder, or its nearest existing parent, is meant to be written.

    The permission bits are asked and not the system, which lets root write everywhere.
    """
    while not folder.exists():
        folder = folder.parent
    return bool(folder.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
