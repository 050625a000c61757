"""Polygons and boxes in pixels: overlap, area, shapes that fill a box, stretching."""

import numpy as np

# Measured on COCO polygons: a superellipse of power 3 overlaps them by 0.68, an ellipse by 0.66.
_POWER = 3.0


def box_iou(one: tuple | list, other: tuple | list) -> float:
    """Overlap two boxes ``[left, top, width, height]``: intersection over union."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / max(one[2] * one[3] + other[2] * other[3] - shared, 1e-9)


def fill_box(left: float, top: float, width: float, height: float) -> list[float]:
    """Draw a rounded shape that touches all four sides of a box: 32 points x0, y0, x1, y1, ..."""
    angle = np.arange(32) * (2 * np.pi / 32)
    cos, sin = np.cos(angle), np.sin(angle)
    x = left + width / 2 * (1 + np.sign(cos) * np.abs(cos) ** (2 / _POWER))
    y = top + height / 2 * (1 + np.sign(sin) * np.abs(sin) ** (2 / _POWER))
    return [round(float(value), 2) for value in np.stack([x, y], 1).ravel()]


def stretched(polygon: list[float], factor: float) -> list[float]:
    """Stretch a polygon ``[x0, y0, x1, y1, ...]`` horizontally."""
    points = np.array(polygon, dtype=float).reshape(-1, 2) * (factor, 1.0)
    return [round(value, 2) for value in points.ravel().tolist()]


def area(polygon: list[float]) -> float:
    """Measure a polygon ``[x0, y0, x1, y1, ...]`` in square pixels; its points in either turn."""
    points = np.array(polygon, dtype=float).reshape(-1, 2)
    x, y = points[:, 0], points[:, 1]
    return round(float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2), 2)
