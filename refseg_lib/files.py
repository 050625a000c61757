"""Writing files so that nothing is ever half written."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from refseg_lib.errors import UserError


@contextlib.contextmanager
def locked(path: str | os.PathLike[str], busy: Callable[[], None]) -> Iterator[None]:
    """Hold a lock that no two processes have at once; one that dies lets go.

    Args:
        path: The lock's file; its folder exists.
        busy: Called when the lock cannot be had at once: it raises, or returns to wait for it.
    """
    # Not at import time: this module exists on Unix only.
    import fcntl

    with open(path, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            busy()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside ``path``; rename it over ``path`` when the block succeeds.

    A block that fails (an exception, Ctrl-C) leaves whatever stood at ``path`` untouched and
    removes the temporary file.

    Args:
        path: The file to write. Missing parent folders are made.

    Yields:
        The path to write to, in the same folder and therefore on the same disk.

    Raises:
        UserError: The disk is full, or the folder cannot be written.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, target)
    except OSError as error:
        raise UserError(
            f"cannot write {target}: {error.strerror or error}; what stood there before is"
            " untouched: free some space or choose another folder"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_atomically(path: str | os.PathLike[str], data: bytes | str) -> None:
    """Write ``data`` to ``path`` whole or not at all.

    Args:
        path: The file to write. Missing parent folders are made.
        data: Bytes, or text that is written as UTF-8.

    Raises:
        UserError: The disk is full, or the folder cannot be written.
    """
    with atomic_path(path) as temporary:
        with open(temporary, "wb") as stream:
            stream.write(data.encode() if isinstance(data, str) else data)
            # The rename below must not reach the disk before the bytes do.
            stream.flush()
            os.fsync(stream.fileno())
