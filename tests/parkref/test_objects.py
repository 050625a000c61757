"""Balls, kites, balloons, umbrellas and benches."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from refseg_lib.parkref.canvas import Pen
from refseg_lib.parkref.objects import EXTENTS, draw_object
from refseg_lib.parkref.palette import COLOR_RGB, contrast
from refseg_lib.parkref.scene import PATTERNS, Thing


def drawn(category: str, pattern: str = "plain", color: str = "blue") -> np.ndarray:
    """Return the RGBA canvas (400, 500, 4) of one object 200 pixels tall, foot at (250, 250)."""
    image = Image.new("RGBA", (500, 400))
    pen = Pen(ImageDraw.Draw(image), 250, 250, 200, label=4)
    draw_object(pen, Thing(category, 0, 0, 1, color, pattern))
    return np.asarray(image)


@pytest.mark.parametrize("category", EXTENTS)
def test_a_pattern_never_changes_the_silhouette(category: str) -> None:
    """Plain, striped and dotted objects have the same mask; the latter show a second colour."""
    canvases = {pattern: drawn(category, pattern) for pattern in PATTERNS}
    second = np.array(contrast(COLOR_RGB["blue"]))
    for pattern, canvas in canvases.items():
        mask, plain = canvas[..., 3] > 0, canvases["plain"][..., 3] > 0
        assert (mask != plain).sum() < 0.005 * plain.sum()
        share = (canvas[..., :3] == second).all(axis=2).sum() / (canvas[..., 3] > 0).sum()
        assert (share > 0.04) == (pattern != "plain")
        assert share < 0.5


def test_a_ball_is_a_disc() -> None:
    """Its area is that of a circle as high as the ball."""
    assert (drawn("ball")[..., 3] > 0).sum() == pytest.approx(np.pi * 100**2, rel=0.03)


def test_the_tail_belongs_to_the_kite_and_hangs_below_its_bottom() -> None:
    """The diamond ends at the foot point; what is below is narrow and has the same label."""
    mask = drawn("kite")[..., 3] == 4
    rows = np.flatnonzero(mask.any(axis=1))
    assert rows[-1] > 250 + 60
    assert mask[255:].sum(axis=1).max() < 0.4 * mask.sum(axis=1).max()


def test_an_umbrella_has_a_wide_canopy_and_a_thin_handle_to_its_bottom_point() -> None:
    """The handle ends at the foot point (the hand), and the canopy is many times wider."""
    mask = drawn("umbrella")[..., 3] > 0
    assert mask[240:252, 240:275].any()
    assert mask[200].sum() < 15
    assert mask[250 - 138].sum() > 230


def test_a_bench_is_wide_and_stands_on_legs_with_air_between() -> None:
    """Width about 1.7 heights; the lowest rows are legs only."""
    mask = drawn("bench")[..., 3] > 0
    columns = np.flatnonzero(mask.any(axis=0))
    assert np.ptp(columns) / 200 == pytest.approx(1.7, abs=0.1)
    assert 0 < mask[240].sum() < 100
