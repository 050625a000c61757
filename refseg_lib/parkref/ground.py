"""The ground of a scene in the making, and what fits on it."""

from dataclasses import dataclass, field

import numpy as np

from refseg_lib.parkref.drawing import extent
from refseg_lib.parkref.scene import Link, Thing

MOST_THINGS = 13
# A newcomer may cover, or be covered by, at most this share of the smaller box.
MOST_OVERLAP = 0.34


@dataclass
class Ground:
    """A scene in the making."""

    rng: np.random.Generator
    aspect: float
    horizon: float
    path: tuple[float, float, float] | None
    pond: tuple[float, float, float, float] | None
    things: list[Thing] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)

    def free(self, *candidates: Thing) -> bool:
        """Say whether the candidates fit the picture without hiding anybody."""
        for candidate in candidates:
            box = extent(candidate)
            if box[0] < -0.02 or box[2] > self.aspect + 0.02 or box[1] < -0.02 or box[3] > 1.02:
                return False
            if any(_overlap(box, other) > MOST_OVERLAP for other in self.boxes):
                return False
        return len(self.things) + len(candidates) <= MOST_THINGS

    def add(self, thing: Thing) -> int:
        """Put a thing down and return its index."""
        self.things.append(thing)
        self.boxes.append(extent(thing))
        return len(self.things) - 1


def empty_ground(rng: np.random.Generator, aspect: float) -> Ground:
    """Sample horizon, path and pond; nobody is there yet."""
    path = pond = None
    where = rng.random()
    if rng.random() < 0.55:
        path = (
            float(rng.uniform(0.3, 0.7) * aspect),
            float(rng.uniform(0.15, 0.85) * aspect),
            float(rng.uniform(0.3, 0.5)),
        )
    if rng.random() < 0.6:
        x = 0.24 if where < 0.5 else 0.76
        pond = (
            float((x + rng.uniform(-0.05, 0.05)) * aspect),
            float(rng.uniform(0.62, 0.72)),
            float(rng.uniform(0.26, 0.34)),
            float(rng.uniform(0.12, 0.16)),
        )
        if path is not None:
            # A path that crosses the pond would look like a mistake.
            away = (0.8 if where < 0.5 else 0.2) * aspect
            path = (away + float(rng.uniform(-0.05, 0.05)), away, path[2])
    return Ground(rng, aspect, float(rng.uniform(0.30, 0.40)), path, pond)


def in_pond(pond: tuple[float, float, float, float], x: float, y: float) -> bool:
    """Say whether a foot at (x, y) would be wet, the shore included."""
    return ((x - pond[0]) / pond[2]) ** 2 + ((y - pond[1]) / pond[3]) ** 2 < 1.25


def _overlap(
    one: tuple[float, float, float, float], two: tuple[float, float, float, float]
) -> float:
    """Return the shared area over the smaller area."""
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((b[2] - b[0]) * (b[3] - b[1]) for b in (one, two))
    return width * height / smaller


def side(rng: np.random.Generator) -> int:
    """Toss a coin between right (1) and left (-1)."""
    return 1 if rng.random() < 0.5 else -1
