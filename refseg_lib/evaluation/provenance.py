"""Where a number comes from: the commit and the package versions that made it."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path

import refseg_lib

PACKAGES = ("torch", "torchvision", "numpy", "pillow", "pycocotools")


def git_hash(folder: str | Path | None = None) -> str:
    """Name the commit that the code stands at.

    Args:
        folder: A folder of the checkout; this library's own by default.

    Returns:
        12 hex digits, with ``-dirty`` behind them when tracked files differ from the commit;
        ``"unknown"`` outside a checkout, without git, or before the first commit.
    """
    place = Path(folder) if folder is not None else Path(refseg_lib.__file__).parent
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def versions() -> dict[str, str]:
    """List the versions that can move a number: Python, this library, and what it computes with."""
    found = {"python": platform.python_version(), "refseg_lib": refseg_lib.__version__}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found
