"""Outlines in unit coordinates, computed once and cached: smooth curves, bands and dots in them.

A shape is a tuple of (u, v) points, u to the right (where the thing faces), v upwards, in heights
of the thing it belongs to.
"""

import math
from functools import lru_cache

Point = tuple[float, float]
Shape = tuple[Point, ...]


@lru_cache(maxsize=1024)
def smooth(points: Shape, steps: int = 4) -> Shape:
    """Return the closed Catmull-Rom curve through ``points``, ``steps`` points per piece."""
    n = len(points)
    curve = []
    for i in range(n):
        p0, p1, p2, p3 = (points[(i + k) % n] for k in (-1, 0, 1, 2))
        for step in range(steps):
            t = step / steps
            weights = (
                -0.5 * t + t * t - 0.5 * t**3,
                1 - 2.5 * t * t + 1.5 * t**3,
                0.5 * t + 2 * t * t - 1.5 * t**3,
                -0.5 * t * t + 0.5 * t**3,
            )
            four = (p0, p1, p2, p3)
            u = sum(w * p[0] for w, p in zip(weights, four, strict=True))
            v = sum(w * p[1] for w, p in zip(weights, four, strict=True))
            curve.append((u, v))
    return tuple(curve)


@lru_cache(maxsize=256)
def arc(
    u: float, v: float, radius_u: float, radius_v: float, start: float, stop: float, count: int = 12
) -> Shape:
    """Return ``count`` + 1 points of an ellipse between two angles in degrees (90 is up)."""
    angles = [math.radians(start + (stop - start) * i / count) for i in range(count + 1)]
    return tuple((u + radius_u * math.cos(a), v + radius_v * math.sin(a)) for a in angles)


def _cut(points: list[Point], axis: int, limit: float, sign: int) -> list[Point]:
    """Keep the part of a polygon where sign * (coordinate - limit) >= 0 (Sutherland-Hodgman)."""
    kept: list[Point] = []
    for a, b in zip(points, points[1:] + points[:1], strict=True):
        da, db = sign * (a[axis] - limit), sign * (b[axis] - limit)
        if da >= 0:
            kept.append(a)
        if da * db < 0:
            t = da / (da - db)
            kept.append((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])))
    return kept


@lru_cache(maxsize=1024)
def bands(shape: Shape, spacing: float, upright: bool = False) -> tuple[Shape, ...]:
    """Return the stripes of a shape: every second band of ``spacing`` / 2 cut out of it.

    Args:
        shape: The outline; where it is not convex across the band, the pieces stay joined.
        spacing: Distance from one stripe to the next.
        upright: Stripes stand upright (an animal's coat) instead of lying (a shirt).
    """
    axis = 0 if upright else 1
    low = min(p[axis] for p in shape)
    high = max(p[axis] for p in shape)
    count = max(2, round((high - low) / spacing))
    step = (high - low) / count
    pieces = []
    for i in range(count):
        piece = _cut(list(shape), axis, low + (i + 0.25) * step, 1)
        piece = _cut(piece, axis, low + (i + 0.72) * step, -1) if piece else piece
        if len(piece) >= 3:
            pieces.append(tuple(piece))
    return tuple(pieces)


def inside(shape: Shape, u: float, v: float) -> bool:
    """Return whether a point lies in a polygon (even-odd rule)."""
    odd = False
    for (u0, v0), (u1, v1) in zip(shape, shape[1:] + shape[:1], strict=True):
        if (v0 > v) != (v1 > v) and u < u0 + (v - v0) / (v1 - v0) * (u1 - u0):
            odd = not odd
    return odd


@lru_cache(maxsize=1024)
def dots(shape: Shape, spacing: float, radius: float) -> Shape:
    """Return the centres of the dots of a shape: a staggered grid, whole dots only."""
    us, vs = [p[0] for p in shape], [p[1] for p in shape]
    middle_u, middle_v = (min(us) + max(us)) / 2, (min(vs) + max(vs)) / 2
    rows = int((max(vs) - min(vs)) / spacing) + 2
    columns = int((max(us) - min(us)) / spacing) + 2
    rim = [(radius * math.cos(a), radius * math.sin(a)) for a in (0.0, 1.6, 3.1, 4.7)]
    centres = []
    for row in range(-rows, rows + 1):
        for column in range(-columns, columns + 1):
            u = middle_u + (column + 0.5 * (row % 2)) * spacing
            v = middle_v + row * spacing * 0.8
            if all(inside(shape, u + du, v + dv) for du, dv in rim):
                centres.append((u, v))
    return tuple(centres)
