"""A temporary place beside the data, from which whole files are moved to where they belong.

Interrupted, nothing half stands in place: what was being made is thrown away, and the next call
begins again.
"""

import contextlib
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from refseg_lib.data.preparation.archives import Entry, Source, check_room, extract
from refseg_lib.errors import UserError
from refseg_lib.files import locked


@contextlib.contextmanager
def staging_folder(root: Path) -> Iterator[Path]:
    """Give an empty folder on the disk of ``root`` that is gone afterwards, come what may.

    Args:
        root: The data root; made if absent.

    Yields:
        The folder, `root/cache/prepare`.

    Raises:
        UserError: Another process is preparing data there, or ``root`` cannot be written.
    """
    place = root / "cache" / "prepare"

    def busy() -> None:
        raise UserError(f"another `refseg data prepare` is at work in {root}: wait for it")

    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with locked(place.with_suffix(".lock"), busy):
            try:
                # A killed run may have left its own.
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir()
                yield place
            finally:
                shutil.rmtree(place, ignore_errors=True)
    except OSError as error:
        raise UserError(
            f"cannot write in {root}: {error.strerror or error}; what stood there is untouched"
        ) from error


def stage(files: Mapping[Path, Entry], link: bool) -> None:
    """Bring files into the staging folder.

    Args:
        files: The path to be made to what it is made of.
        link: Link what lies in a folder instead of copying it.

    Raises:
        UserError: There is no room for them, or an archive is damaged.
    """
    linked = {target: entry for target, entry in files.items() if link and entry.source.is_folder}
    written = {target: entry for target, entry in files.items() if target not in linked}
    if written:
        check_room(next(iter(written)).parent, sum(entry.size for entry in written.values()))
    for target, entry in linked.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(entry.path.resolve())
    by_source: dict[Source, dict[str, Path]] = defaultdict(dict)
    for target, entry in written.items():
        by_source[entry.source][entry.name] = target
    for source, targets in by_source.items():
        extract(source, targets)


def put_in_place(staged: Path, target: Path) -> None:
    """Move a staged folder, or link to one, to where it belongs.

    Args:
        staged: The folder; nothing happens if it is absent.
        target: Where its files shall stand; what stands there stays.
    """
    if not os.path.lexists(staged):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if not os.path.lexists(target):
        os.rename(staged, target)
        return
    for path in sorted(staged.iterdir()):
        os.rename(path, target / path.name)
