"""A view's pixels and its polygons stay together, and whole views are the picture itself."""

import random

import numpy as np
import pytest
from PIL import Image

from refseg_lib.data.masks import polygons_to_mask
from refseg_lib.data.views import View, views

BLOB = [15.0, 5.0, 40.0, 8.0, 30.0, 30.0]


@pytest.mark.parametrize("flipped", [False, True])
def test_a_polygon_moves_with_the_pixels_it_covers(flipped: bool):
    mask = polygons_to_mask([BLOB], 40, 64)
    view = View(10, 3, 52, 36, flipped)
    pixels = np.asarray(view.of(Image.fromarray(mask))).astype(bool)
    moved = polygons_to_mask([view.moved(BLOB)], 33, 42)
    assert pixels.shape == (33, 42)
    assert (moved ^ pixels).sum() <= 0.05 * mask.sum()


def test_a_thing_is_shown_while_three_quarters_of_its_box_are_in_the_view():
    box = [[10.0, 10.0, 30.0, 10.0, 30.0, 20.0], [10.0, 10.0, 10.0, 20.0]]
    assert View(0, 0, 25, 40, False).shows(box)
    assert not View(0, 0, 24, 40, False).shows(box)
    assert View(15, 0, 60, 40, True).shows(box)
    # A corner each: 0.8 of the width and 0.8 of the height are not three quarters of the area.
    assert not View(14, 12, 60, 40, False).shows(box)
    assert not View(40, 30, 60, 40, False).shows(box)


def test_views_are_whole_then_cut_each_elsewhere_and_large():
    found = views(100, 80, 3, True, random.Random(0))
    assert [view.flipped for view in found] == [False, True] * 4
    assert {(v.left, v.top, v.right, v.bottom) for v in found[:2]} == {(0, 0, 100, 80)}
    cut = {(v.left, v.top, v.right, v.bottom) for v in found[2:]}
    assert len(cut) == 6
    for left, top, right, bottom in cut:
        assert 0 <= left < right <= 100
        assert 0 <= top < bottom <= 80
        assert (right - left) >= 64
        assert (bottom - top) >= 51


def test_without_cuts_chance_has_no_say():
    rng = random.Random(0)
    assert len(views(100, 80, 0, False, rng)) == 1
    assert rng.random() == random.Random(0).random()
