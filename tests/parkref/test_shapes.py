"""Geometry of outlines, against independent counts."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refseg_lib.parkref.shapes import Shape, arc, bands, dots, inside, smooth

SQUARE: Shape = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def area(shape: Shape) -> float:
    """Return a polygon's area by the shoelace formula."""
    return 0.5 * abs(
        sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(shape, shape[1:] + shape[:1], strict=True))
    )


def test_a_smooth_curve_goes_through_its_points() -> None:
    """Every control point is on the curve, and a square's curve is rounder than the square."""
    curve = smooth(SQUARE, 4)
    for point in SQUARE:
        assert min(math.dist(point, other) for other in curve) < 1e-12
    assert area(curve) > 1.0


def test_an_arc_keeps_its_distance_and_goes_the_short_way() -> None:
    """All points lie on the circle; 90 degrees is up."""
    points = arc(1.0, 2.0, 3.0, 3.0, 0, 90, 6)
    assert all(math.dist(p, (1.0, 2.0)) == pytest.approx(3.0) for p in points)
    assert points[-1] == pytest.approx((1.0, 5.0))


@given(st.floats(0.06, 0.5), st.booleans())
def test_bands_cover_nearly_half_of_a_square(spacing: float, upright: bool) -> None:
    """Stripes take 47% of the area whatever their number, and lie across the right axis."""
    pieces = bands(SQUARE, spacing, upright)
    assert sum(area(piece) for piece in pieces) == pytest.approx(0.47, abs=1e-9)
    axis = 1 if upright else 0
    for piece in pieces:
        assert max(p[axis] for p in piece) - min(p[axis] for p in piece) == pytest.approx(1.0)


def test_bands_stay_inside_a_triangle() -> None:
    """No corner of a band leaves the shape it decorates."""
    triangle: Shape = ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0))
    for piece in bands(triangle, 0.2):
        for u, v in piece:
            assert v >= -1e-9
            assert 2 * u - v >= -1e-9
            assert 2 * (1 - u) - v >= -1e-9


def test_dots_are_whole_and_apart() -> None:
    """No dot leaves the square or touches another; neighbouring rows are staggered."""
    centres = dots(SQUARE, 0.2, 0.05)
    assert len(centres) >= 20
    rows = {round(v, 6) for _, v in centres}
    firsts = [min(u for u, v in centres if round(v, 6) == row) for row in sorted(rows)]
    assert all(a != pytest.approx(b) for a, b in itertools.pairwise(firsts))
    for i, (u, v) in enumerate(centres):
        assert 0.049 <= u <= 0.951
        assert 0.049 <= v <= 0.951
        assert all(math.dist((u, v), other) > 0.11 for other in centres[:i])


@given(st.floats(-1, 2), st.floats(-1, 2))
def test_inside_agrees_with_the_definition_of_a_square(u: float, v: float) -> None:
    """A point is in the unit square when both coordinates are between 0 and 1."""
    if min(abs(u), abs(u - 1), abs(v), abs(v - 1)) > 1e-9:
        assert inside(SQUARE, u, v) == (0 < u < 1 and 0 < v < 1)
