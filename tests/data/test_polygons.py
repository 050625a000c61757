"""Shapes in boxes and their areas, against rasters and hand-computed numbers."""

import numpy as np
import pytest

from refseg_lib.data.masks import polygons_to_mask
from refseg_lib.data.polygons import area, box_iou, fill_box, stretched


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 10, 10), 50 / 150),
        ((0, 0, 10, 10), (2, 2, 5, 5), 0.25),
        ((0, 0, 10, 10), (10, 0, 5, 5), 0.0),
        ((0, 0, 10, 10), (20, 30, 5, 5), 0.0),
    ],
)
def test_box_overlaps_computed_by_hand(one: tuple, other: tuple, overlap: float):
    assert box_iou(one, other) == pytest.approx(overlap)
    assert box_iou(other, one) == pytest.approx(overlap)


def test_a_shape_fills_its_box_from_side_to_side_without_leaving_it():
    points = np.reshape(fill_box(10, 20, 60, 40), (-1, 2))
    np.testing.assert_allclose(points.min(0), [10, 20], atol=0.01)
    np.testing.assert_allclose(points.max(0), [70, 60], atol=0.01)


def test_the_shape_is_rounder_than_the_box_and_fuller_than_the_ellipse():
    mask = polygons_to_mask([fill_box(10, 20, 60, 40)], 80, 80)
    assert np.pi / 4 + 0.05 < mask.sum() / (60 * 40) < 0.95
    assert mask[40, 40]
    assert not mask[21, 11]


def test_area_equals_the_count_of_pixels_in_either_turn():
    triangle = [10.0, 10.0, 90.0, 10.0, 10.0, 50.0]
    turned = [value for point in np.reshape(triangle, (-1, 2))[::-1] for value in point]
    assert area(triangle) == area(turned) == 1600.0
    blob = fill_box(10, 20, 60, 40)
    assert polygons_to_mask([blob], 80, 80).sum() == pytest.approx(area(blob), rel=0.05)


def test_stretching_moves_columns_alone():
    assert stretched([15.0, 3.0, 30.0, 4.0], 4 / 3) == [20.0, 3.0, 40.0, 4.0]
