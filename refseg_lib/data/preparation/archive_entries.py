"""What an archive says it holds, looked at without trust, before anything is written.

One entry that would land outside (an absolute name, ``..``, a link out) or that is no file at all
(a device) refuses the whole archive.
"""

import posixpath
import re
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from refseg_lib.errors import UserError

_LINK_LIMIT = 4096
_PADDING_LIMIT = 1 << 24


def zip_files(archive: zipfile.ZipFile, path: Path) -> Iterator[tuple[str, int]]:
    """Go through the plain files of a zip: :func:`plain_name` and unpacked size in bytes.

    Raises:
        UserError: An entry is protected by a password, would land outside or is no file.
    """
    for info in archive.infolist():
        name = _safe(info.filename, path)
        mode = info.external_attr >> 16
        if info.flag_bits & 1:
            raise UserError(f"{path} is protected by a password ({name!r}): unpack it yourself")
        if stat.S_ISLNK(mode):
            with archive.open(info) as stream:
                link = stream.read(_LINK_LIMIT).decode("utf-8", "replace")
            _stays_inside(posixpath.join(posixpath.dirname(name), link), name, link, path)
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise UserError(f"{path} holds {name!r}, which is a device or pipe: not unpacked")
        elif not info.is_dir():
            yield name, info.file_size


def tar_files(archive: tarfile.TarFile, path: Path) -> Iterator[tuple[str, int]]:
    """Go through the plain files of a tar: :func:`plain_name` and size in bytes.

    Raises:
        UserError: An entry would land outside or is no file.
        tarfile.ReadError: The archive stops without its end mark.
    """
    name = ""
    for member in archive:
        name = _safe(member.name, path)
        if member.issym() or member.islnk():
            start = posixpath.dirname(name) if member.issym() else ""
            _stays_inside(posixpath.join(start, member.linkname), name, member.linkname, path)
        elif not (member.isreg() or member.isdir()):
            raise UserError(f"{path} holds {name!r}, which is a device or pipe: not unpacked")
        elif member.isreg():
            yield name, member.size
    # tarfile takes a damaged header in the middle for the end, and leaves out what follows.
    assert archive.fileobj is not None
    archive.fileobj.seek(archive.offset)
    if archive.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError(f"no end after {name!r}")
    # gzip compares its checksum only when it is read to the end; padding is some kilobytes.
    if len(archive.fileobj.read(_PADDING_LIMIT)) == _PADDING_LIMIT:
        raise tarfile.ReadError(f"more than {_PADDING_LIMIT:,} bytes behind its end")


def plain_name(name: str) -> str:
    """Write an entry's name with ``/`` and without ``./``."""
    return posixpath.normpath(name.replace("\\", "/"))


def _safe(name: str, path: Path) -> str:
    plain = name.replace("\\", "/")
    if plain.startswith("/") or re.match(r"[A-Za-z]:", plain) or ".." in plain.split("/"):
        raise UserError(
            f"{path} holds {name!r}, which would land outside the folder: not unpacked, get the"
            " archive from a source that you trust"
        )
    return plain_name(name)


def _stays_inside(landing: str, name: str, link: str, path: Path) -> None:
    landing = posixpath.normpath(landing.replace("\\", "/"))
    if landing.startswith("/") or landing == ".." or landing.startswith("../"):
        raise UserError(
            f"{path} holds {name!r}, a link to {link!r} outside the folder: not unpacked, get the"
            " archive from a source that you trust"
        )
