"""Segmentations become masks: the union of their parts, whatever the form."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Outline
from numpy.typing import NDArray
from pycocotools import mask as coco

from refseg_lib.data.masks import (
    polygons_to_mask,
    rle_to_mask,
    segmentation_area,
    segmentation_to_mask,
)
from refseg_lib.errors import UserError


def rectangle(left: float, top: float, right: float, bottom: float) -> list[float]:
    return [left, top, right, top, right, bottom, left, bottom]


def test_a_rectangle_on_pixel_borders_fills_exactly_these_pixels() -> None:
    mask = polygons_to_mask([rectangle(2, 1, 6, 4)], 8, 10)
    expected = np.zeros((8, 10), bool)
    expected[1:4, 2:6] = True
    assert np.array_equal(mask, expected)


def test_overlapping_parts_are_united_and_leave_no_hole() -> None:
    parts = [rectangle(0, 0, 6, 6), rectangle(3, 0, 9, 6)]
    mask = polygons_to_mask(parts, 8, 10)
    assert mask.dtype == bool
    assert np.array_equal(mask, polygons_to_mask([rectangle(0, 0, 9, 6)], 8, 10))


def test_a_triangle_holds_the_pixels_whose_centres_lie_inside() -> None:
    points = [3.0, 2.0, 50.0, 9.0, 21.0, 44.0]
    mask = polygons_to_mask([points], 60, 60)
    y, x = np.mgrid[:60, :60] + 0.5
    outline = Outline(np.array(points).reshape(-1, 2))
    inside = outline.contains_points(np.stack([x.ravel(), y.ravel()], 1)).reshape(60, 60)
    # COCO draws outlines a little generously: they differ by boundary pixels only.
    assert (mask ^ inside).sum() <= 0.05 * inside.sum()


@pytest.mark.parametrize("far", [20.0, 1e4, 1e12])
def test_a_polygon_that_leaves_the_image_is_cut_off_at_its_edge(far: float) -> None:
    mask = polygons_to_mask([rectangle(-far, 2, 5, far)], 8, 10)
    expected = np.zeros((8, 10), bool)
    expected[2:, :5] = True
    assert np.array_equal(mask, expected)


@pytest.mark.parametrize("segmentation", [[], [[]], [[1, 1]], [[1, 1, 5, 5]]])
def test_fewer_than_three_points_cover_nothing(segmentation: list[list[float]]) -> None:
    assert not segmentation_to_mask(segmentation, 8, 10).any()
    assert segmentation_area(segmentation, 8, 10) == 0


@st.composite
def small_masks(draw: st.DrawFn) -> NDArray[np.bool_]:
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    seed, share = draw(st.integers(0, 10**6)), draw(st.sampled_from([0, 0.05, 0.5, 0.95, 1]))
    return np.random.default_rng(seed).random((height, width)) < share


@given(small_masks())
@settings(deadline=None)
def test_compressed_and_plain_run_lengths_give_back_the_mask(mask: NDArray[np.bool_]) -> None:
    encoded: Any = coco.encode(np.asfortranarray(mask, np.uint8))
    height, width = mask.shape
    runs, value = [0], False
    for pixel in mask.T.ravel():
        if pixel != value:
            runs.append(0)
            value = pixel
        runs[-1] += 1
    for counts in (encoded["counts"], encoded["counts"].decode(), runs):
        rle = {"size": [height, width], "counts": counts}
        assert np.array_equal(rle_to_mask(rle, height, width), mask)
        assert segmentation_area(rle, height, width) == mask.sum()


def test_a_list_of_run_lengths_is_united_too() -> None:
    parts = [
        {"size": [2, 3], "counts": [0, 2, 4]},
        {"size": [2, 3], "counts": [1, 2, 3]},
    ]
    expected = [[True, True, False], [True, False, False]]
    assert segmentation_to_mask(parts, 2, 3).tolist() == expected


def test_polygons_and_run_lengths_of_one_object_are_united() -> None:
    parts = [{"size": [8, 10], "counts": [0, 32, 48]}, rectangle(0, 0, 6, 8)]
    assert np.array_equal(
        segmentation_to_mask(parts, 8, 10), polygons_to_mask([rectangle(0, 0, 6, 8)], 8, 10)
    )


def test_the_area_is_counted_without_counting_an_overlap_twice() -> None:
    parts = [rectangle(0, 0, 6, 6), rectangle(3, 0, 9, 6)]
    assert segmentation_area(parts, 8, 10) == 54


@pytest.mark.parametrize(
    "segmentation",
    [
        None,
        "polygon",
        [[1, 1, 5, 5, 3]],
        [[1, 1, 5, "x", 3, 3]],
        [[1, 1, 5, float("nan"), 3, 3]],
        [[1, 1, 5, None, 3, 3]],
        [[[1, 1], [5, 5], [3, 3]]],
        {"size": [8, 10]},
        {"size": [8, 10], "counts": [70]},
        {"size": [8, 10], "counts": [90, -10]},
        {"size": [10, 8], "counts": [80]},
        {"size": [8, 10], "counts": "zzzz~~"},
        {"size": [8, 10], "counts": "\u4e2d"},
        {"size": [8, 10], "counts": 3},
    ],
)
def test_malformed_segmentations_are_refused(segmentation: object) -> None:
    with pytest.raises(UserError):
        segmentation_to_mask(segmentation, 8, 10)  # type: ignore[arg-type]


@given(st.text(max_size=20))
def test_no_compressed_text_crashes_the_reader(counts: str) -> None:
    try:
        mask = rle_to_mask({"size": [8, 10], "counts": counts}, 8, 10)
    except UserError:
        return
    assert mask.shape == (8, 10)
