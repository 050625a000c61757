"""Maps in `LEVEL.npy` files that grow, beside a record of how many of their rows count.

A file is (I, C, h, w) float16, one row per image. Rows are on the disk before the record counts
them, so what was cut off anywhere goes on from the record.
"""

import contextlib
import io
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically

Maps = dict[str, NDArray[np.float16]]
"""Level to (I, C, h, w), in memory or mapped from a file."""
RECORD = "record.json"
RECORD_SECONDS = 10.0
"""About as much work is lost when a fill is cut off."""
AGREEMENT = 0.02
"""Of the largest value: far above half precision and another processor's rounding."""


class DamagedError(Exception):
    """The files are not as they were written; the message says in what."""


@dataclass(frozen=True)
class FeatureFiles:
    """The files of one cache.

    Attributes:
        folder: Where they lie.
        images: Rows of a finished file.
        about: What the record says beside the number of rows.
    """

    folder: Path
    images: int
    about: dict[str, Any]

    def done(self) -> int:
        """Return how many rows the record counts; 0 where nothing is there yet.

        Raises:
            DamagedError: There is a folder without a readable record.
        """
        if not self.folder.exists():
            return 0
        try:
            done = int(json.loads((self.folder / RECORD).read_text(encoding="utf-8"))["done"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedError(f"{RECORD}: {type(error).__name__} {error}") from error
        if not 0 <= done <= self.images:
            raise DamagedError(f"{RECORD} counts {done} of {self.images} images")
        return done

    def check(self, done: int, row: int, now: Maps) -> None:
        """Compare the files' sizes and one of the ``done`` rows with what was expected.

        Args:
            done: Rows that the record counts, more than ``row``.
            row: An image.
            now: Its maps as the backbone gives them now, (1, C, h, w) each.

        Raises:
            DamagedError: A file is absent or of the wrong size, or holds something else.
        """
        for level, maps in now.items():
            path, header = self.folder / f"{level}.npy", self._header(maps)
            needed = len(header) + done * maps.nbytes
            try:
                size = path.stat().st_size
                if size < needed or (done == self.images and size > needed):
                    raise DamagedError(f"{path.name} has {size} bytes instead of {needed}")
                with open(path, "rb") as stream:
                    begins = stream.read(len(header))
                    stream.seek(row * maps.nbytes, os.SEEK_CUR)
                    kept = np.frombuffer(stream.read(maps.nbytes), "<f2")
            except OSError as error:
                raise DamagedError(f"{path.name}: {error.strerror}") from error
            expected = maps.ravel().astype(np.float32)
            off, largest = np.abs(kept - expected).max(), np.abs(expected).max()
            if begins != header or not off <= AGREEMENT * largest:
                raise DamagedError(f"{path.name} is not what the backbone gives for image {row}")

    def mapped(self, levels: Iterable[str]) -> Maps:
        """Map the finished files into memory, read-only."""
        return {level: np.load(self.folder / f"{level}.npy", mmap_mode="r") for level in levels}

    def append(self, done: int, blocks: Iterable[Maps]) -> Iterator[int]:
        """Write blocks of rows behind the first ``done``.

        Args:
            done: Rows that the record counts; what lies behind them is cut off.
            blocks: Together the missing rows.

        Yields:
            How many rows are written after each block.

        Raises:
            UserError: The disk is full or cannot be written: the whole folder is removed.
        """
        streams: dict[str, io.FileIO] = {}
        recorded = time.monotonic()
        with contextlib.ExitStack() as stack:
            for block in blocks:
                with self._writing():
                    if not streams:
                        streams = self._opened(done, block, stack)
                    for level, maps in block.items():
                        _write(streams[level], maps.astype("<f2", copy=False).tobytes())
                    done += len(next(iter(block.values())))
                    if time.monotonic() - recorded >= RECORD_SECONDS or done == self.images:
                        for stream in streams.values():
                            os.fsync(stream.fileno())
                        self._record(done)
                        recorded = time.monotonic()
                yield done

    def remove(self) -> None:
        """Delete the folder and all in it."""
        with self._writing():
            shutil.rmtree(self.folder)

    def _opened(self, done: int, block: Maps, stack: contextlib.ExitStack) -> dict[str, io.FileIO]:
        streams = {}
        if done == 0:
            self._record(0)
        for level, maps in block.items():
            path, header = self.folder / f"{level}.npy", self._header(maps)
            # Unbuffered: closing must have nothing left to write that could fail.
            stream = stack.enter_context(open(path, "r+b" if done else "wb", buffering=0))
            if done:
                stream.truncate(len(header) + done * (maps.nbytes // len(maps)))
                stream.seek(0, os.SEEK_END)
            else:
                _write(stream, header)
            streams[level] = stream
        return streams

    def _record(self, done: int) -> None:
        told = {**self.about, "done": done}
        write_atomically(self.folder / RECORD, json.dumps(told, indent=1) + "\n")

    def _header(self, maps: NDArray[np.float16]) -> bytes:
        """Return how the file of a level begins, given some of its rows."""
        stream = io.BytesIO()
        shape = (self.images, *maps.shape[1:])
        told = {"descr": "<f2", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, told)
        return stream.getvalue()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Leave nothing half usable behind, and no full disk."""
        try:
            yield
        except (OSError, UserError) as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            cause = error.__cause__ if isinstance(error, UserError) else error
            raise UserError(
                f"cannot write the feature cache {self.folder}:"
                f" {getattr(cause, 'strerror', None) or error}; what was written of it is removed:"
                " free some space, choose another place with --cache, or --set cache=memory"
            ) from error


def _write(stream: io.FileIO, data: bytes) -> None:
    """Write everything: the system may take only a part at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[stream.write(rest) :]
