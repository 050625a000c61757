"""The overlay shows the mask by brightness and changes nothing of what is meant."""

import numpy as np
import pytest
from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.explain.overlay import overlay, resize_mask


@pytest.fixture
def picture() -> Image.Image:
    """Noise around mid-grey, 40 high and 60 wide."""
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(60, 200, (40, 60, 3), np.uint8))


@pytest.fixture
def mask() -> np.ndarray:
    found = np.zeros((40, 60), bool)
    found[10:20, 15:40] = True
    return found


def luminance(image: Image.Image) -> np.ndarray:
    """Relative luminance of each pixel, as contrast is defined (sRGB, WCAG)."""
    rgb = np.asarray(image, np.float64) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def test_what_is_meant_keeps_every_pixel(picture: Image.Image, mask: np.ndarray) -> None:
    shown = np.asarray(overlay(picture, mask))
    assert np.array_equal(shown[mask], np.asarray(picture)[mask])


def test_the_rest_is_darker_for_every_kind_of_eye(picture: Image.Image, mask: np.ndarray) -> None:
    """Brightness alone tells the two apart, so the colours one sees do not matter."""
    shown = luminance(overlay(picture, mask, outline=0))
    before = luminance(picture)
    assert shown[~mask].mean() < 0.6 * before[~mask].mean()
    assert shown[~mask].mean() < 0.6 * shown[mask].mean()


@pytest.mark.parametrize("ground", [0, 128, 255])
def test_the_outline_is_seen_on_any_ground(ground: int, mask: np.ndarray) -> None:
    """White on dark, dark on white: one of the two lines has a contrast of 3 to 1 or better."""
    flat = Image.new("RGB", (60, 40), (ground,) * 3)
    shown = luminance(overlay(flat, mask, alpha=0, outline=1)) + 0.05
    line = shown[5:15, 25]  # across the upper border
    here = shown[0, 0]
    assert max(line.max() / here, here / line.min()) >= 3


def test_the_line_runs_outside_and_never_hides_a_small_thing(picture: Image.Image) -> None:
    dot = np.zeros((40, 60), bool)
    dot[20, 30] = True
    shown = np.asarray(overlay(picture, dot, outline=1))
    assert np.array_equal(shown[20, 30], np.asarray(picture)[20, 30])
    white = (shown == 255).all(-1)
    assert white.sum() == 8  # the eight neighbours


@pytest.mark.parametrize("outline", [1, 2, 3])
def test_the_line_is_as_wide_as_asked(picture: Image.Image, mask: np.ndarray, outline: int) -> None:
    shown = np.asarray(overlay(picture, mask, outline=outline))
    column = (shown[:10, 25] == 255).all(-1)
    assert column.sum() == outline
    assert (shown[:10, 25] == 20).all(-1).sum() == outline


def test_alpha_zero_without_outline_gives_the_picture_back(
    picture: Image.Image, mask: np.ndarray
) -> None:
    same = overlay(picture, mask, alpha=0, outline=0)
    assert np.array_equal(np.asarray(same), np.asarray(picture))


def test_an_empty_answer_darkens_everything_and_draws_no_line(picture: Image.Image) -> None:
    shown = overlay(picture, np.zeros((40, 60), bool))
    assert np.asarray(shown).max() < 255
    assert luminance(shown).mean() < luminance(picture).mean()


def test_the_picture_given_is_left_alone(picture: Image.Image, mask: np.ndarray) -> None:
    before = picture.tobytes()
    overlay(picture, mask)
    assert picture.tobytes() == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"mask": np.zeros((60, 40), bool)}, "height, width"),
        ({"mask": np.zeros((40, 60), np.uint8)}, "bool"),
        ({"alpha": 1.5}, "1.5"),
    ],
)
def test_what_does_not_fit_is_told(picture: Image.Image, wrong: dict, said: str) -> None:
    given = {"mask": np.zeros((40, 60), bool), **wrong}
    with pytest.raises(UserError, match=said):
        overlay(picture, **given)


@pytest.mark.parametrize("factor", [1, 3, 4])
def test_an_enlarged_mask_keeps_its_share_and_its_place(factor: int, mask: np.ndarray) -> None:
    large = resize_mask(mask, 40 * factor, 60 * factor)
    assert large.mean() == pytest.approx(mask.mean(), rel=0.02)
    ys, xs = np.nonzero(large)
    assert ys.mean() / factor == pytest.approx(14.5, abs=0.5)
    assert xs.mean() / factor == pytest.approx(27, abs=0.5)
