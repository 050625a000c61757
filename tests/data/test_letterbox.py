"""The letterbox: the released geometry, and a way back that puts every pixel where it was."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from refseg_lib.data.letterbox import Letterbox, letterbox_image, letterbox_mask, unletterbox
from refseg_lib.errors import UserError

SIDES = st.integers(1, 700)


def test_a_landscape_photo_gets_bars_above_and_below() -> None:
    box = Letterbox(480, 640, 320)
    assert (box.scale, box.new_height, box.new_width) == (0.5, 240, 320)
    assert (box.top, box.left) == (40, 0)


def test_an_odd_bar_is_one_pixel_thicker_at_the_end() -> None:
    box = Letterbox(426, 640, 320)
    assert (box.new_height, box.top) == (213, 53)
    assert Letterbox(640, 426, 320).left == 53


@given(SIDES, SIDES, st.integers(1, 400))
def test_the_picture_touches_two_sides_and_keeps_its_shape(h: int, w: int, size: int) -> None:
    box = Letterbox(h, w, size)
    assert size in (box.new_height, box.new_width)
    assert 0 <= box.top <= size - box.new_height
    assert abs((size - box.new_height - box.top) - box.top) <= 1
    assert abs((size - box.new_width - box.left) - box.left) <= 1
    assert abs(box.new_height - max(1, h * box.scale)) <= 0.5
    assert abs(box.new_width - max(1, w * box.scale)) <= 0.5


def test_the_image_lies_in_its_rectangle_in_rgb_and_the_bars_are_black() -> None:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[...] = (255, 51, 0)
    square = letterbox_image(pixels, 32)
    assert square.dtype == torch.float32
    assert torch.equal(square[:, 4:28].amin((1, 2)), torch.tensor([1.0, 0.2, 0.0]))
    assert torch.equal(square[:, 4:28].amax((1, 2)), torch.tensor([1.0, 0.2, 0.0]))
    assert square[:, :4].max() == square[:, 28:].max() == 0


def test_an_image_of_the_right_size_is_not_touched() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    expected = torch.from_numpy(pixels).permute(2, 0, 1) / 255
    assert torch.allclose(letterbox_image(pixels, 32), expected, atol=1e-7)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "I;16"])
def test_images_of_every_mode_are_taken(mode: str) -> None:
    square = letterbox_image(Image.new(mode, (20, 10)), 16)
    assert square.shape == (3, 16, 16)
    assert 0 <= square.min() <= square.max() <= 1


def test_image_and_mask_shrink_onto_the_same_place() -> None:
    mask = np.zeros((300, 500), bool)
    mask[40:181, 123:333] = True
    picture = np.repeat(mask[..., None], 3, 2).astype(np.uint8) * 255
    bright = letterbox_image(picture, 160)[0] >= 0.5
    assert (bright ^ letterbox_mask(mask, 160)).sum() <= 4


def area_by_loop(mask: NDArray[np.bool_], top: float, left: float, step: float) -> float:
    """The covered share of the square [top, top + step) x [left, left + step)."""
    total = 0.0
    for y in range(int(top), min(mask.shape[0], int(np.ceil(top + step)))):
        for x in range(int(left), min(mask.shape[1], int(np.ceil(left + step)))):
            high = min(y + 1, top + step) - max(y, top)
            wide = min(x + 1, left + step) - max(x, left)
            total += mask[y, x] * high * wide
    return total / step**2


def test_a_mask_pixel_is_set_where_half_of_its_area_is_covered() -> None:
    mask = np.random.default_rng(3).random((25, 25)) < 0.5
    square = letterbox_mask(mask, 10)
    for y in range(10):
        for x in range(10):
            area = area_by_loop(mask, 2.5 * y, 2.5 * x, 2.5)
            assert square[y, x] == (area >= 0.5 - 1e-6), (y, x, area)


def test_exactly_half_covered_is_set() -> None:
    assert letterbox_mask(np.array([[True, False], [True, False]]), 1).item() is True


def test_the_way_back_cuts_off_the_bars_and_nothing_else() -> None:
    square = torch.full((32, 32), -100.0)
    box = Letterbox(48, 64, 32)
    square[box.rows, box.columns] = 7.0
    assert torch.equal(unletterbox(square, 48, 64), torch.full((48, 64), 7.0))


@given(SIDES, SIDES, st.integers(1, 64), st.integers(0, 9))
@settings(deadline=None, max_examples=60)
def test_the_way_back_gives_the_original_size_within_the_range_of_the_values(
    h: int, w: int, size: int, seed: int
) -> None:
    logits = torch.randn(2, size, size, generator=torch.Generator().manual_seed(seed))
    back = unletterbox(logits, h, w)
    assert back.shape == (2, h, w)
    assert logits.min() - 1e-5 <= back.min() <= back.max() <= logits.max() + 1e-5
    assert torch.allclose(unletterbox(logits[1], h, w), back[1], atol=1e-6)


def test_a_ramp_comes_back_as_the_same_ramp() -> None:
    """Half-pixel centres on both ways: a linear map of position is unchanged inside."""
    y, x = np.mgrid[:480, :640]
    ramp = torch.from_numpy((x + 2 * y) / 1600).float()
    picture = (ramp[..., None].repeat(1, 1, 3) * 255).round().byte().numpy()
    back = unletterbox(letterbox_image(picture, 320)[0], 480, 640)
    assert (back - ramp)[4:-4, 4:-4].abs().max() < 0.5 / 255 + 2e-3


@pytest.mark.parametrize(
    ("low", "high", "ceiling"), [(10, 25, 94.6), (25, 60, 97.8), (60, 150, 99.1)]
)
def test_a_perfect_mask_at_320_comes_back_at_the_known_ceiling(
    low: float, high: float, ceiling: float
) -> None:
    """30 random ellipses in 480x640, strict rule; within 0.5 IoU points (other ellipses)."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:480, :640]
    scores = []
    for _ in range(30):
        a, b = rng.uniform(low, high, 2)
        turn = rng.uniform(0, np.pi)
        dy, dx = y - rng.uniform(high, 480 - high), x - rng.uniform(high, 640 - high)
        along = dx * np.cos(turn) + dy * np.sin(turn)
        across = dy * np.cos(turn) - dx * np.sin(turn)
        mask = (along / a) ** 2 + (across / b) ** 2 <= 1
        back = unletterbox(letterbox_mask(mask, 320).float(), 480, 640).numpy() >= 0.5
        scores.append(100 * (back & mask).sum() / (back | mask).sum())
    assert np.mean(scores) == pytest.approx(ceiling, abs=0.5)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Letterbox(0, 5, 5),
        lambda: letterbox_image(np.zeros((4, 4, 3)), 8),  # type: ignore[arg-type]
        lambda: letterbox_image(np.zeros((4, 4), np.uint8), 8),
        lambda: letterbox_mask(np.zeros((1, 4, 4), bool), 8),
        lambda: unletterbox(torch.zeros(4, 5), 8, 8),
        lambda: unletterbox(torch.zeros(1, 1, 4, 4), 8, 8),
    ],
)
def test_wrong_shapes_are_told(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError):
        wrong()
