"""The empty park."""

import numpy as np
import pytest

from refseg_lib.parkref.background import draw_background, path_edges
from refseg_lib.parkref.canvas import STUFF_CODES
from refseg_lib.parkref.scene import Scene


def empty(mood: int = 0, **changes: object) -> Scene:
    """Return a scene without things."""
    values = {"horizon": 0.4, "path": None, "pond": None, **changes}
    return Scene((), (), 1.25, mood=mood, **values)  # pyright: ignore


def labels(scene: Scene, height: int = 128) -> np.ndarray:
    """Return the labels of the canvas."""
    return np.asarray(draw_background(scene, height, round(1.25 * height)))[..., 3]


@pytest.mark.parametrize("horizon", [0.08, 0.4])
@pytest.mark.parametrize("mood", range(12))
def test_sky_and_grass_meet_at_the_horizon(mood: int, horizon: float) -> None:
    """Grass starts at the horizon's row and is never seen above; hills and clouds are 0."""
    drawn = labels(empty(mood, horizon=horizon))
    row = round(horizon * 128)
    assert (drawn[row:] == STUFF_CODES["grass"]).all()
    assert set(np.unique(drawn[:row])) == {0, STUFF_CODES["sky"]}
    assert (drawn[row - 2] == 0).all(), "hills stand all along the horizon"


def test_tufts_and_glow_leave_no_trace_in_the_labels() -> None:
    """No label but the known ones appears, whatever was blended in the picture."""
    for mood in range(8):
        for horizon in (0.1, 0.4, 0.95):
            scene = empty(mood, horizon=horizon, path=(0.5, 0.7, 0.4), pond=(0.9, 0.8, 0.2, 0.08))
            assert set(np.unique(labels(scene))) <= {0, *STUFF_CODES.values()}


def test_the_path_lies_between_its_edges() -> None:
    """In every row below the horizon the path covers exactly path_edges, to a pixel."""
    path = (0.4, 0.8, 0.36)
    drawn = labels(empty(path=path), 200)
    for row in range(85, 200, 10):
        found = np.flatnonzero(drawn[row] == STUFF_CODES["path"])
        left, right = path_edges(path, (row / 200 - 0.4) / 0.6)
        assert found[0] == pytest.approx(200 * left, abs=1.5)
        assert found[-1] == pytest.approx(200 * right, abs=1.5)


def test_the_path_has_its_width_at_the_bottom_and_narrows() -> None:
    """Share 1 gives x and width as the scene says; share 0 is far narrower."""
    left, right = path_edges((0.4, 0.8, 0.36), 1.0)
    assert (left + right) / 2 == pytest.approx(0.8)
    assert right - left == pytest.approx(0.36)
    far_left, far_right = path_edges((0.4, 0.8, 0.36), 0.0)
    assert (far_left + far_right) / 2 == pytest.approx(0.4)
    assert far_right - far_left < 0.2 * 0.36


def test_the_pond_is_its_ellipse() -> None:
    """A pixel is pond where the ellipse's equation says so, but for the rim."""
    drawn = labels(empty(pond=(0.6, 0.75, 0.3, 0.1)), 200)
    y, x = np.mgrid[:200, :250] / 200.0
    value = ((x - 0.6) / 0.3) ** 2 + ((y - 0.75) / 0.1) ** 2
    assert (drawn[value < 0.9] == STUFF_CODES["pond"]).all()
    assert (drawn[value > 1.12] != STUFF_CODES["pond"]).all()


@pytest.mark.parametrize("horizon", [0.0, 0.05, 1.0])
def test_a_park_may_be_all_grass_or_all_sky(horizon: float) -> None:
    """The ends of the range are drawn too."""
    drawn = labels(empty(horizon=horizon))
    assert (drawn == STUFF_CODES["grass"]).mean() == pytest.approx(1 - horizon, abs=0.01)


def test_moods_differ() -> None:
    """Eight moods are eight skies."""
    pictures = {draw_background(empty(mood), 64, 80).tobytes() for mood in range(8)}
    assert len(pictures) == 8
