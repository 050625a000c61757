"""From a COCO `segmentation` to a mask.

A segmentation is a list of polygons ``[x0, y0, x1, y1, ...]`` in pixels, or run lengths (RLE),
compressed or not. Several parts mean their *union*: the REFER tool sums them, and code that then
asks for "== 1" punches holes where parts overlap.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refseg_lib.errors import UserError

Segmentation = list[Any] | dict[str, Any]
"""Polygons, one RLE, or a list of RLEs, as in `instances.json`."""


def segmentation_to_mask(segmentation: Segmentation, height: int, width: int) -> NDArray[np.bool_]:
    """Decode any form of segmentation.

    Args:
        segmentation: Polygons or RLE.
        height: Rows H of the image.
        width: Columns W of the image.

    Returns:
        bool (H, W), True = the thing; all False where the segmentation covers no pixel.

    Raises:
        UserError: The segmentation is malformed or belongs to an image of another size.
    """
    if isinstance(segmentation, dict):
        return rle_to_mask(segmentation, height, width)
    if not isinstance(segmentation, list):
        raise UserError(f"a segmentation is a list of polygons or an RLE, got {segmentation!r:.60}")
    mask = np.zeros((height, width), bool)
    for rle in (part for part in segmentation if isinstance(part, dict)):
        mask |= rle_to_mask(rle, height, width)
    polygons = [part for part in segmentation if not isinstance(part, dict)]
    return mask | polygons_to_mask(polygons, height, width)


def polygons_to_mask(polygons: list[list[float]], height: int, width: int) -> NDArray[np.bool_]:
    """Fill polygons as COCO does and unite them.

    Args:
        polygons: Each ``[x0, y0, x1, y1, ...]`` in pixels. Parts outside the image are cut off;
            polygons of fewer than three points are empty.
        height: Rows H of the image.
        width: Columns W of the image.

    Returns:
        bool (H, W).

    Raises:
        UserError: A polygon has an odd count of numbers, or something that is no number.
    """
    from pycocotools import mask as coco

    parts = _inside_reach(polygons, height, width)
    if not parts:
        return np.zeros((height, width), bool)
    return rle_to_mask(dict(coco.merge(coco.frPyObjects(parts, height, width))), height, width)


def segmentation_area(segmentation: Segmentation, height: int, width: int) -> int:
    """Count the pixels that a segmentation covers; polygons are not even filled for it.

    Args:
        segmentation: Polygons or RLE.
        height: Rows of the image.
        width: Columns of the image.

    Raises:
        UserError: As :func:`segmentation_to_mask`.
    """
    from pycocotools import mask as coco

    if not isinstance(segmentation, list) or any(isinstance(part, dict) for part in segmentation):
        return int(segmentation_to_mask(segmentation, height, width).sum())
    parts = _inside_reach(segmentation, height, width)
    return int(coco.area(coco.merge(coco.frPyObjects(parts, height, width)))) if parts else 0


def rle_to_mask(rle: dict[str, Any], height: int, width: int) -> NDArray[np.bool_]:
    """Decode run lengths.

    Args:
        rle: ``{"size": [H, W], "counts": ...}``; counts are a list of run lengths down the
            columns (background first) or COCO's compressed string.
        height: Rows H of the image.
        width: Columns W of the image.

    Returns:
        bool (H, W).

    Raises:
        UserError: The runs do not fill an image of this size.
    """
    counts, size = rle.get("counts"), rle.get("size")
    if size != [height, width] and size != (height, width):
        raise UserError(
            f"an RLE of size {size} belongs to no image of {height}x{width} (height x width)"
        )
    runs = counts if isinstance(counts, list) else _decompress(counts)
    if not all(isinstance(run, int) and run >= 0 for run in runs) or sum(runs) != height * width:
        raise UserError(
            f"the runs of an RLE do not add up to {height}x{width} pixels: it is damaged"
        )
    values = np.zeros(len(runs), bool)
    values[1::2] = True
    # COCO runs go down the columns.
    return np.repeat(values, runs).reshape(width, height).T.copy()


def _decompress(counts: object) -> list[int]:
    """Read COCO's compressed counts: 5 bits a character, little end first, then differences."""
    if isinstance(counts, str):
        counts = counts.encode("latin1", "replace")
    if not isinstance(counts, bytes):
        raise UserError(f"the counts of an RLE are a list or text, got {type(counts).__name__}")
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        digit = character - 48
        value |= (digit & 31) << shift
        shift += 5
        if not digit & 32:
            if digit & 16:  # the sign bit of the last group
                value -= 1 << shift
            # From the fourth run on, the difference to the run before the last one is stored.
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return runs


def _inside_reach(polygons: list[Any], height: int, width: int) -> list[Any]:
    """Return the polygons of three points and more, with no coordinate absurdly far away."""
    # Far outside, the exact place no longer matters, but COCO's filler walks every step of it.
    limit = 10.0 * max(height, width)
    points = [_points(polygon) for polygon in polygons]
    return [[min(max(x, -limit), limit) for x in part] for part in points if len(part) >= 6]


def _points(polygon: object) -> list[float]:
    if not isinstance(polygon, list) or len(polygon) % 2:
        raise UserError(f"a polygon is a list [x0, y0, x1, y1, ...], got {polygon!r:.60}")
    for value in polygon:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise UserError(f"a polygon holds {value!r:.30} where a pixel coordinate belongs")
    return [float(value) for value in polygon]
