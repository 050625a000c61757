"""A frozen backbone's maps kept on disk, for data sets whose maps the memory does not hold.

A cache is the folder `PLACE/KEY`, where the key is a digest of all that its maps depend on. Before
it is used, its first and last rows are compared with what the backbone gives now: that also finds
a change of the code, of which no digest knows.
"""

import contextlib
import json
import math
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from refseg_lib.errors import UserError
from refseg_lib.files import locked
from refseg_lib.training.feature_files import RECORD, DamagedError, FeatureFiles, Maps
from refseg_lib.training.feature_identity import Identity


@dataclass(frozen=True)
class FeatureCache:
    """The maps of one list of pictures; made when they are first opened.

    Attributes:
        place: The folder of all caches.
        identity: What the maps are of.
        compute: From some rows to their maps, (rows, C, h, w) each.
        at_once: How many images the backbone is given together.
    """

    place: Path
    identity: Identity
    compute: Callable[[range], Maps]
    at_once: int = 16

    @cached_property
    def files(self) -> FeatureFiles:
        """The files that hold the maps."""
        identity = self.identity
        return FeatureFiles(self.place / identity.key, identity.images, asdict(identity))

    def open(self, limit_gib: float, progress: Callable[[int, int], None]) -> Maps | None:
        """Map the files into memory, read-only; make what is missing of them first.

        Of several processes one makes them and the others wait.

        Args:
            limit_gib: Largest size of this cache in GiB.
            progress: Called with the number of finished images and of all.

        Returns:
            The maps; None where the limit or the disk is too small, as a line on stderr then says.

        Raises:
            UserError: The place cannot be written, or the disk became full.
        """
        # No lock for a finished cache: a class may share one that its members cannot write.
        images = self.identity.images
        with contextlib.suppress(DamagedError):
            if self._usable() == images:
                progress(images, images)
                return self.files.mapped(self.identity.names["levels"])
        with self._alone():
            try:
                # Another process may have been at work meanwhile.
                done = self._usable()
            except DamagedError as error:
                _tell(f"feature cache {self.files.folder} is damaged ({error}): it is made again")
                self.files.remove()
                done = 0
            if done < images:
                if not self._fits(done, limit_gib):
                    return None
                for written in self.files.append(done, self._blocks(done)):
                    progress(written, images)
        return self.files.mapped(self.identity.names["levels"])

    def _usable(self) -> int:
        """Return how many rows are there, having looked at two of them."""
        done = self.files.done()
        for row in sorted({0, done - 1} if done else ()):
            self.files.check(done, row, self.compute(range(row, row + 1)))
        return done

    def _blocks(self, done: int) -> Iterator[Maps]:
        images = self.identity.images
        for start in range(done, images, self.at_once):
            yield self.compute(range(start, min(start + self.at_once, images)))

    def _fits(self, done: int, limit_gib: float) -> bool:
        """Say what the rows after ``done`` will take, and whether there is room for them."""
        images, names = self.identity.images, self.identity.names
        if done == 0:
            self._tell_outdated()
        first = self.compute(range(1))  # Kernels are loaded before the clock starts.
        begun = time.monotonic()
        tried = len(next(iter(next(self._blocks(done)).values())))
        minutes = (time.monotonic() - begun) / tried * (images - done) / 60
        gib_each = sum(maps.nbytes for maps in first.values()) / 2**30
        needed, rest = images * gib_each, (images - done) * gib_each
        free = shutil.disk_usage(self.place).free / 2**30
        what = f"feature cache of {names['data']} {names['split']}: {images} images"
        instead = "the backbone runs at every step instead"
        if needed > limit_gib:
            enough = math.ceil(needed * 100) / 100
            _tell(
                f"{what} need {needed:.3g} GiB of disk, cache_gib is {limit_gib:g}: {instead};"
                f" --set cache_gib={enough:g} would allow the cache"
            )
        elif rest > free:
            _tell(
                f"{what} need {rest:.3g} GiB more in {self.place}, {free:.3g} GiB are free there:"
                f" {instead}; free some space or choose another place with --cache"
            )
        else:
            _tell(
                f"{what} need {needed:.3g} GiB in {self.files.folder} ({free:.3g} GiB free there);"
                f" {done} are done, the others take about {minutes:.1f} minutes"
            )
            return True
        return False

    def _tell_outdated(self) -> None:
        """Name the caches of the same data set and backbone as they once were."""
        names, digests = self.identity.names, self.identity.digests
        for path in sorted(self.place.glob(f"*/{RECORD}")):
            try:
                record = json.loads(path.read_text(encoding="utf-8"))
                old = record["digests"] if record["names"] == names else digests
                changed = [name for name, digest in digests.items() if old[name] != digest]
            except (OSError, ValueError, KeyError, TypeError):
                continue  # Another cache's damage is told where that one is opened.
            if changed:
                _tell(
                    f"the {' and '.join(changed)} of {names['data']} {names['split']} changed: the"
                    f" feature cache {path.parent} no longer fits and can be deleted"
                )

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from making the same cache."""
        lock = self.place / f"{self.identity.key}.lock"

        def busy() -> None:
            _tell(f"another process is making the feature cache {self.files.folder}: waiting")

        try:
            self.place.mkdir(parents=True, exist_ok=True)
            lock.touch()
        except OSError as error:
            raise UserError(
                f"cannot write to {self.place} ({error.strerror}): choose another place for the"
                " feature cache with --cache, or --set cache=memory"
            ) from error
        with locked(lock, busy):
            yield


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
