"""Checksums of files that everybody has the same of, as far as anybody wrote them down.

`data/checksums.json` comes with the project, and one in your own data root adds to it. An entry has
the ``file`` (an archive's name such as ``"train2014.zip"``, or ``"referit/referit_imsize.json"``,
which is compared unpacked where it is a `.json.gz`), its ``md5`` or ``sha256``, and where that is
``known_from``.
"""

import gzip
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from refseg_lib.data.unpickling import load_json
from refseg_lib.errors import UserError

SHIPPED = Path(__file__).parents[3] / "data"
"""The folder of the lists that come with the project."""
CHECKSUMS = "checksums.json"

_ALGORITHMS = ("sha256", "md5")


@dataclass(frozen=True)
class Checksum:
    """What a file's digest should be.

    Attributes:
        algorithm: ``"sha256"`` or ``"md5"``.
        digest: In lower-case hexadecimal.
    """

    algorithm: str
    digest: str

    def fits(self, path: Path) -> bool:
        """Say whether the file at ``path`` has it; a `.json.gz` is unpacked for it."""
        opened = gzip.open if path.suffix == ".gz" and path.stem.endswith(".json") else open
        try:
            with opened(path, "rb") as stream:
                return hashlib.file_digest(stream, self.algorithm).hexdigest() == self.digest  # type: ignore
        except (EOFError, zlib.error, OSError) as error:
            raise UserError(f"cannot read {path} for its checksum: {error}") from error


def load_checksums(path: Path) -> dict[str, Checksum]:
    """Read a list of checksums.

    Args:
        path: `checksums.json`; may be absent.

    Returns:
        File to checksum.

    Raises:
        UserError: The file is no such list.
    """
    if not path.exists():
        return {}
    known = {}
    try:
        for entry in load_json(path)["files"]:
            algorithm = next(name for name in _ALGORITHMS if name in entry)
            known[str(entry["file"])] = Checksum(algorithm, str(entry[algorithm]).lower())
    except (KeyError, TypeError, StopIteration) as error:
        raise UserError(
            f'{path} must hold {{"files": [{{"file": ..., "sha256" or "md5": ...}}]}} ({error!r})'
        ) from error
    return known


def known_checksums(root: Path) -> dict[str, Checksum]:
    """Read the project's list, and over it the one in a data root.

    Raises:
        UserError: As :func:`load_checksums`.
    """
    return load_checksums(SHIPPED / CHECKSUMS) | load_checksums(root / CHECKSUMS)


def compare(files: Mapping[str, Path], known: Mapping[str, Checksum]) -> Sequence[str]:
    """Compare files with the checksums that are known.

    Args:
        files: As named in the list, without ``.gz``, to where they lie.
        known: The list.

    Returns:
        One line for each file with a known checksum, and one for all others.
    """
    lines = []
    for name, path in files.items():
        if name in known:
            said = "as known" if known[name].fits(path) else (
                f"is not the known one: {path} is another version or damaged"
            )  # fmt: skip
            lines.append(f"  {name}: its {known[name].algorithm} {said}")
    if unknown := [name for name in files if name not in known]:
        lines.append(f"  no checksum known for {', '.join(unknown)}")
    return lines
