"""What people have on disk, a folder or an archive: listing its files, taking some of them out."""

import gzip
import lzma
import os
import posixpath
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from refseg_lib.data.preparation.archive_entries import plain_name, tar_files, zip_files
from refseg_lib.errors import UserError

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
# The annotations shrink about fivefold, pictures not at all; a bomb a thousandfold.
MOST_EXPANSION = 200
HARMLESS_BYTES = 2**30

_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    NotImplementedError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True)
class Entry:
    """One file of a source.

    Attributes:
        source: The folder or archive.
        name: Its path in there, with ``/``.
        size: Bytes, unpacked.
    """

    source: "Source" = field(repr=False)
    name: str
    size: int

    @property
    def base(self) -> str:
        """The file's own name."""
        return posixpath.basename(self.name)

    @property
    def folder(self) -> str:
        """The folder in the source; empty at its top."""
        return posixpath.dirname(self.name)

    @property
    def path(self) -> Path:
        """Where the file lies; in an archive, where to look for it."""
        return self.source.path / self.name


@dataclass(eq=False)
class Source:
    """A folder or an archive, and the plain files in it.

    Attributes:
        path: Where it lies.
        is_folder: Whether it is a folder.
        entries: Its files.
    """

    path: Path
    is_folder: bool
    entries: list[Entry] = field(default_factory=list, repr=False)

    def add(self, name: str, size: int) -> None:
        """Note a file, unless it is macOS's shadow of one."""
        if not name.startswith("__MACOSX/") and not posixpath.basename(name).startswith("._"):
            self.entries.append(Entry(self, name, size))


def open_source(path: str | os.PathLike[str]) -> Source:
    """List the files of a folder, a ``.zip`` or a ``.tar`` (plain or compressed).

    Links inside an archive that stay inside it are passed over.

    Args:
        path: The folder or archive.

    Returns:
        The files; nothing is written.

    Raises:
        UserError: It is absent, no archive, damaged, protected by a password, unpacks to absurdly
            much, or holds an entry that would land outside or is no file.
    """
    path = Path(path)
    if path.is_dir():
        return _list_folder(path)
    source = Source(path, is_folder=False)
    with _archive(path) as archive:
        packed, seen = path.stat().st_size, 0
        is_zip = isinstance(archive, zipfile.ZipFile)
        listed = zip_files(archive, path) if is_zip else tar_files(archive, path)
        for name, size in listed:
            seen += size
            if seen > max(HARMLESS_BYTES, MOST_EXPANSION * packed):
                raise UserError(
                    f"{path} ({told_size(packed)}) would unpack to more than"
                    f" {told_size(seen)} at {name!r}: no data set does, so it was not unpacked"
                )
            source.add(name, size)
    return source


def extract(source: Source, targets: Mapping[str, Path]) -> None:
    """Take files out of a source.

    Args:
        source: As :func:`open_source` gave it.
        targets: Name in the source to the file to write; parent folders are made.

    Raises:
        UserError: The archive is damaged, or the disk is full.
    """
    for target in targets.values():
        target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_folder:
        for name, target in targets.items():
            with _told(source.path / name):
                shutil.copyfile(source.path / name, target)
        return
    sizes = {entry.name: entry.size for entry in source.entries}
    with _archive(source.path) as archive:
        members: Iterable[zipfile.ZipInfo | tarfile.TarInfo] = (
            archive.infolist() if isinstance(archive, zipfile.ZipFile) else archive
        )
        for member in members:
            raw = member.filename if isinstance(member, zipfile.ZipInfo) else member.name
            name = plain_name(raw)
            if name not in targets or (isinstance(member, tarfile.TarInfo) and not member.isreg()):
                continue
            stream = _stream(archive, member)
            with stream, open(targets[name], "wb") as out:
                _copy(stream, out, sizes[name], f"{source.path}: {name}")


def check_room(folder: Path, needed: int) -> None:
    """Make sure that so many bytes fit on the disk of ``folder``.

    Raises:
        UserError: They do not; the message says how much is needed and how much is free.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise UserError(
            f"{told_size(needed)} are needed in {folder} but only {told_size(free)} are free there:"
            " make room or choose another place"
        )


def told_size(size: float) -> str:
    """Say a number of bytes in words, such as ``13.5 GB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"


def stem(path: Path) -> str:
    """Strip the ending of an archive's name: ``refcoco+.tar.gz`` is ``refcoco+``."""
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.resolve().name


def _list_folder(path: Path) -> Source:
    def unreadable(error: OSError) -> None:
        raise UserError(f"cannot read {error.filename}: {error.strerror}")

    source, seen = Source(path, is_folder=True), set()
    for place, folders, files in os.walk(path, onerror=unreadable, followlinks=True):
        status = os.stat(place)
        if (status.st_dev, status.st_ino) in seen:  # a link in a circle
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders.sort()
        for name in sorted(files):
            file = Path(place) / name
            if file.is_file():
                source.add(file.relative_to(path).as_posix(), file.stat().st_size)
    return source


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile | tarfile.TarFile]:
    with _told(path):
        with open(path, "rb") as stream:
            start = stream.read(512)
        if start.startswith((b"Rar!", b"7z\xbc\xaf")):
            raise UserError(f"{path} is a .rar or .7z: unpack it yourself and give the folder")
        if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
            raise UserError(f"{path} is a web page and no archive: the download was refused")
        is_zip = start.startswith(b"PK")
        with zipfile.ZipFile(path) if is_zip else tarfile.open(path) as archive:
            yield archive


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise UserError(
            f"{path} is no archive ({', '.join(SUFFIXES)}), is damaged or was cut short ({error}):"
            " fetch it again"
        ) from error
    except OSError as error:
        raise UserError(f"cannot read or unpack {path}: {error.strerror or error}") from error


def _stream(
    archive: zipfile.ZipFile | tarfile.TarFile, member: zipfile.ZipInfo | tarfile.TarInfo
) -> IO[bytes]:
    if isinstance(archive, zipfile.ZipFile):
        assert isinstance(member, zipfile.ZipInfo)
        return archive.open(member)
    assert isinstance(member, tarfile.TarInfo)
    stream = archive.extractfile(member)
    assert stream is not None  # a plain file
    return stream


def _copy(stream: IO[bytes], out: IO[bytes], size: int, what: str) -> None:
    """Copy no more than was announced: the room for it was looked at."""
    left = size
    while chunk := stream.read(1 << 20):
        left -= len(chunk)
        if left < 0:
            break
        out.write(chunk)
    if left:
        raise UserError(f"{what} is not of the {size:,} bytes that were announced: damaged archive")
