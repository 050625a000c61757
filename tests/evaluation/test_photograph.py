"""People's pictures: upright, RGB, or one clear line saying what is wrong with them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.evaluation.photograph import open_photograph

# Upper half red, lower half blue, 4 wide and 6 high.
PIXELS = np.zeros((6, 4, 3), np.uint8)
PIXELS[:3, :, 0] = 255
PIXELS[3:, :, 2] = 255


def test_path_pillow_image_and_arrays_give_the_same_pixels(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    for given in (
        tmp_path / "a.png",
        str(tmp_path / "a.png"),
        Image.fromarray(PIXELS),
        PIXELS,
        PIXELS.astype(np.float32) / 255,
        np.dstack([PIXELS, np.full((6, 4), 255, np.uint8)]),
    ):
        assert np.array_equal(np.asarray(open_photograph(given)), PIXELS)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "RGBA", "1", "I;16"])
def test_every_common_mode_becomes_rgb(mode: str) -> None:
    picture = Image.new(mode, (5, 3))
    assert open_photograph(picture).mode == "RGB"


def test_every_shade_given_as_a_float_comes_back_as_the_same_byte() -> None:
    shades = np.arange(256, dtype=np.uint8).reshape(16, 16)
    floats = (shades / 255).astype(np.float16)
    assert np.array_equal(np.asarray(open_photograph(floats))[..., 0], shades)


def test_grey_arrays_become_rgb() -> None:
    assert np.asarray(open_photograph(np.full((2, 3), 9, np.uint8))).tolist()[0][0] == [9, 9, 9]


@pytest.mark.parametrize("as_path", [True, False])
def test_a_photo_taken_sideways_is_turned_upright(tmp_path: Path, as_path: bool) -> None:
    """Orientation 6: the camera was turned; what is stored on its side must come out upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(np.rot90(PIXELS, 1).copy())
    stored.save(tmp_path / "phone.png", exif=exif)
    given = tmp_path / "phone.png" if as_path else Image.open(tmp_path / "phone.png")
    assert np.array_equal(np.asarray(open_photograph(given)), PIXELS)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.jpg"):
        open_photograph(tmp_path / "gone.jpg")


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=tmp_path.name):
        open_photograph(tmp_path)


@pytest.mark.parametrize("keep", [0, 20, 0.5])
def test_a_damaged_file_is_named(tmp_path: Path, keep: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 60, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.jpg")
    data = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[: int(len(data) * keep) if keep == 0.5 else int(keep)])
    with pytest.raises(UserError, match=r"cut\.jpg"):
        open_photograph(tmp_path / "cut.jpg")


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((3, 20, 30), np.uint8), "channels-first"),
        (np.zeros((2, 8, 8, 3), np.uint8), "one image at a time"),
        (np.zeros((0, 8, 3), np.uint8), "shape"),
        (np.full((4, 4, 3), 200.0), "floats in"),
        (np.full((4, 4, 3), np.nan), "floats in"),
        (np.full((4, 4, 3), 70_000, np.int64), "int64"),
    ],
)
def test_an_array_that_is_no_picture_is_told_why(array: np.ndarray, said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_photograph(array)


def test_anything_else_is_told_what_is_expected() -> None:
    with pytest.raises(UserError, match="got int"):
        open_photograph(3)  # type: ignore[arg-type]
