"""The canvas: pens, their coordinates, and labels that ride along with colours."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from refseg_lib.parkref.canvas import Pen, line_without_label, new_canvas, shade, split

GRASS = (150, 200, 100, 252)


def meadow(size: int = 64) -> Image.Image:
    """Return a canvas of grass."""
    return new_canvas(np.tile(np.array(GRASS, np.uint8), (size, 1)), size)


def test_local_undoes_place_whatever_the_facing_and_the_lean() -> None:
    """A point put on the canvas and read back is the same point."""
    draw = ImageDraw.Draw(meadow())
    for facing in (1, -1):
        pen = Pen(draw, 20.0, 50.0, 30.0, facing=facing).moved(0.2, 0.3, lean=0.4)
        for point in ((0.0, 0.0), (0.5, -0.25), (-0.3, 0.8)):
            assert pen.local(*pen.place(*point)) == pytest.approx(point)


def test_forward_is_where_the_thing_faces_and_up_is_up() -> None:
    """U grows to the right for facing 1 and to the left for -1; v grows against y."""
    draw = ImageDraw.Draw(meadow())
    assert Pen(draw, 20, 50, 10).place(1, 2) == (30, 30)
    assert Pen(draw, 20, 50, 10, facing=-1).place(1, 2) == (10, 30)
    assert Pen(draw, 20, 50, 10, facing=-1, lean=0.5).place(0, 2) == (10, 30)


def test_a_square_covers_its_pixels_with_colour_and_label() -> None:
    """A square of half the canvas sets a quarter of the labels: 4 (k + 1) + part."""
    image = meadow()
    pen = Pen(ImageDraw.Draw(image), 16, 48, 32, label=4 * 3)
    pen.polygon(((0, 0), (1, 0), (1, 1), (0, 1)), (200, 30, 40), part=2)
    picture, things, parts = split(image)
    assert picture.shape == (32, 32, 3)
    assert (things == 3).sum() == pytest.approx(16 * 16, abs=34)
    np.testing.assert_array_equal(parts == 2, things == 3)
    assert picture[16, 16].tolist() == [200, 30, 40]
    assert things[0, 0] == 252
    assert parts[0, 0] == 0


def test_stripes_and_dots_change_the_colour_and_not_the_label() -> None:
    """A pattern covers a fair share of the shape, never most of it, and no label changes."""
    square = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    drawn = {}
    for pattern in ("plain", "striped", "dotted"):
        image = meadow(128)
        pen = Pen(ImageDraw.Draw(image), 10, 110, 100, label=4)
        pen.patterned(square, (38, 84, 202), pattern, spacing=0.25)
        drawn[pattern] = split(image)
    for pattern in ("striped", "dotted"):
        np.testing.assert_array_equal(drawn[pattern][1], drawn["plain"][1])
        differs = (drawn[pattern][0] != drawn["plain"][0]).any(axis=2)
        assert 0.15 < differs.sum() / (drawn["plain"][1] == 1).sum() < 0.56


def test_a_white_shape_is_outlined_and_a_red_one_is_not() -> None:
    """White on a light ground needs its edge."""
    for color, expected in (((249, 247, 242), 2), ((216, 40, 48), 1)):
        image = meadow()
        Pen(ImageDraw.Draw(image), 32, 60, 56, label=4).oval(0, 0.5, 0.4, 0.4, color)
        array = np.asarray(image)
        assert len(np.unique(array[array[..., 3] == 4], axis=0)) == expected


def test_a_line_without_label_paints_colour_alone() -> None:
    """The labels are as before, the picture is not."""
    image = meadow()
    before = np.array(image)
    line_without_label(image, [0, 0, 63, 63], 3, (10, 10, 10))
    after = np.asarray(image)
    np.testing.assert_array_equal(after[..., 3], before[..., 3])
    assert (after[..., :3] != before[..., :3]).any(axis=2).sum() > 64


def test_shadows_darken_and_ripples_brighten_without_labels() -> None:
    """Both blend with what is below and leave labels alone."""
    box = [(16.0, 16.0, 48.0, 48.0)]
    grass = np.asarray(meadow()).astype(int)
    for image, sign in ((shade(meadow(), box, []), -1), (shade(meadow(), [], box), 1)):
        array = np.asarray(image).astype(int)
        np.testing.assert_array_equal(array[..., 3], grass[..., 3])
        change = (array - grass)[32, 17, :3].sum()
        assert sign * change > 10
        assert (array == grass)[2, 2].all()


def test_split_gives_arrays_that_may_be_written_to() -> None:
    """Torch refuses to share read-only arrays silently."""
    for array in split(meadow()):
        assert array.flags.writeable
        assert array.dtype == np.uint8
