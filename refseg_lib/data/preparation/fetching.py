"""Downloading, only when asked: what it is, from where and how large is said first.

A file grows as `NAME.part` and is renamed when it is whole; a download that was interrupted goes
on where it stopped (HTTP Range), unless the file on the server has changed since.
"""

import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from refseg_lib.data.images import image_folders
from refseg_lib.data.preparation.archives import check_room, told_size
from refseg_lib.data.preparation.checksums import SHIPPED, Checksum, known_checksums
from refseg_lib.data.preparation.downloads import Download, choose, load_downloads
from refseg_lib.errors import UserError

_TIMEOUT = 60
_CHUNK = 1 << 20


def fetch_lacking(
    name: str,
    root: Path,
    given: Mapping[str, bool],
    asked: Sequence[str] = (),
    own_list: Path | None = None,
    tell: Callable[[str], None] = print,
) -> list[Path]:
    """Fetch what a data set lacks, or what is asked for, into `root/downloads`.

    Args:
        name: The data set: its folder in the data root.
        root: The data root.
        given: Whether ``"annotations"`` and ``"pictures"`` are at hand otherwise.
        asked: Names of downloads or URLs, instead of what lacks.
        own_list: A list of downloads that goes before those of the project.
        tell: Is given what happens, line by line.

    Returns:
        The files.

    Raises:
        UserError: As :func:`choose` and :func:`fetch`.
    """
    folder = root / name
    there = {
        "annotations": any(folder.glob("*.json")),
        "pictures": bool(image_folders(folder)),
    }
    lacking = [holds for holds in there if not there[holds] and not given[holds]]
    shipped = [path for path in (SHIPPED / "sources.json",) if path.is_file()]
    downloads = load_downloads(*([own_list] if own_list else []), *shipped)
    checksums = known_checksums(root)
    return [
        fetch(download, root / "downloads", checksum=checksums.get(download.file), tell=tell)
        for download in choose(downloads, name, asked, lacking)
    ]


def fetch(
    download: Download,
    folder: Path,
    *,
    checksum: Checksum | None = None,
    tell: Callable[[str], None] = print,
) -> Path:
    """Fetch a file, or go on fetching it.

    Args:
        download: What and from where.
        folder: Where to; made if absent. A file that is there already is not fetched again.
        checksum: What it should be, where that is known.
        tell: Is given licence, size and source before the first byte is stored.

    Returns:
        The file.

    Raises:
        UserError: The server cannot be reached, refuses or stops (what came so far is kept), the
            disk is too small, or the file is not what its checksum says (set aside as `.wrong`).
    """
    target = folder / download.file
    if target.exists():
        tell(f"{target} is there already: not fetched again")
        return target
    if urllib.parse.urlsplit(download.url).scheme not in ("http", "https"):
        raise UserError(f"{download.url} is no http or https address")
    part, mark = Path(f"{target}.part"), Path(f"{target}.part.version")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _receive(download, target, part, mark, tell)
    except urllib.error.HTTPError as error:
        raise UserError(
            f"{download.url} answers {error.code} {error.reason}: try another"
        ) from error
    except (OSError, HTTPException) as error:
        told = getattr(error, "reason", None) or error
        raise UserError(
            f"{download.url} could not be fetched to {part} ({told}): what came so far is kept,"
            " the same command goes on from there"
        ) from error
    if checksum is not None and not checksum.fits(part):
        wrong = Path(f"{target}.wrong")
        os.replace(part, wrong)
        mark.unlink(missing_ok=True)
        raise UserError(
            f"what came from {download.url} has not the known {checksum.algorithm}"
            f" {checksum.digest[:12]}...: it is kept as {wrong} and not used"
        )
    os.replace(part, target)
    mark.unlink(missing_ok=True)
    return target


def _receive(
    download: Download, target: Path, part: Path, mark: Path, tell: Callable[[str], None]
) -> None:
    """Bring ``part`` to its full length."""
    have = part.stat().st_size if part.exists() and mark.exists() else 0
    response = _ask(download.url, have, mark)
    if response is None:
        return
    with response:
        begin, total = _range(response)
        if begin not in (0, have):
            raise UserError(f"{download.url} answers with byte {begin} where {have} was asked for")
        have = begin  # 0: a whole answer, as the server cannot resume or the file has changed
        size = "of unknown size" if total is None else told_size(total)
        going_on = f", {told_size(have)} of it there already" if have else ""
        tell(f"fetching {target.name}, {size}{going_on}, from {download.url}")
        tell(f"  licence: {download.licence}")
        if total is not None:
            check_room(part.parent, total - have)
        if not have:
            # What is there of another version must never be taken for the beginning of this one.
            part.unlink(missing_ok=True)
        mark.write_text(_version(response))
        with open(part, "ab" if have else "wb") as out:
            while chunk := response.read(_CHUNK):
                out.write(chunk)
    came = part.stat().st_size
    if total is not None and came != total:
        raise UserError(
            f"{download.url} stopped after {came:,} of {total:,} bytes, kept as {part}: the same"
            " command goes on from there"
        )


def _ask(url: str, have: int, mark: Path) -> HTTPResponse | None:
    """Ask for what is lacking; None: nothing is."""
    request = urllib.request.Request(url, headers={"User-Agent": "refseg"})
    version = mark.read_text() if have else ""
    if version:
        request.add_header("Range", f"bytes={have}-")
        # The rest only of the same file; of a changed one all.
        request.add_header("If-Range", version)
    try:
        return urllib.request.urlopen(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        # Nothing after the last byte: stopped between that byte and the renaming.
        if error.code == 416 and error.headers.get("Content-Range") == f"bytes */{have}":
            return None
        raise


def _range(response: HTTPResponse) -> tuple[int, int | None]:
    """Say at which byte the answer begins, and how long the whole file is."""
    told = re.match(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if response.status == 206 and told:
        return int(told[1]), None if told[2] == "*" else int(told[2])
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None


def _version(response: HTTPResponse) -> str:
    """Return what If-Range asks for: a strong ETag or the date; else nothing, and no resuming."""
    tag = response.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")
