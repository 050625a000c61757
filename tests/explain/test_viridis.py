"""Our viridis is matplotlib's, and its brightness tells the order of the numbers."""

import numpy as np
import pytest

from refseg_lib.explain.viridis import viridis


def test_colours_are_those_of_matplotlib() -> None:
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib not installed")
    values = np.linspace(0, 1, 256)
    theirs = 255 * matplotlib.colormaps["viridis"](values)[:, :3]
    assert np.abs(viridis(values) - theirs).max() <= 2.5


def test_more_is_brighter() -> None:
    luma = viridis(np.linspace(0, 1, 100)) @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(luma) > 0).all()


def test_any_shape_goes_and_what_lies_outside_takes_the_end() -> None:
    colors = viridis([[-3.0, 0.0, 1.0, 9.0]])
    assert colors.shape == (1, 4, 3)
    assert np.array_equal(colors[0, 0], colors[0, 1])
    assert np.array_equal(colors[0, 2], colors[0, 3])
