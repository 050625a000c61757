"""A contact sheet holds every picture once, in order, with nothing overlapping."""

import numpy as np
import pytest
from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.explain.caption import caption
from refseg_lib.explain.contact_sheet import contact_sheet

COLORS = [(200, 0, 0), (0, 160, 0), (0, 0, 200), (160, 160, 0), (160, 0, 160)]


def cells(count: int) -> list[tuple[Image.Image, str]]:
    texts = ["dog", "the very long sentence about the smallest of all dogs there " * 2]
    return [(Image.new("RGB", (50, 40), COLORS[k]), texts[k % 2]) for k in range(count)]


def places(sheet: Image.Image, color: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.nonzero((np.asarray(sheet) == color).all(-1))


def test_every_picture_is_there_whole_at_the_width_asked() -> None:
    sheet = contact_sheet(cells(5), columns=2, cell_width=100)
    for color in COLORS:
        ys, xs = places(sheet, color)
        assert len(ys) == 100 * 80
        assert (np.ptp(xs) + 1, np.ptp(ys) + 1) == (100, 80)


def test_pictures_read_left_to_right_then_down() -> None:
    sheet = contact_sheet(cells(5), columns=2, cell_width=100)
    corners = [(ys.min(), xs.min()) for ys, xs in (places(sheet, color) for color in COLORS)]
    assert corners == sorted(corners)
    assert corners[0][0] == corners[1][0] < corners[2][0] == corners[3][0] < corners[4][0]


def test_a_long_sentence_is_whole_although_its_neighbour_is_short() -> None:
    """Each picture with its own caption stands in the sheet as if it stood alone."""
    given = cells(4)
    sheet = contact_sheet(given, columns=2, cell_width=100, gap=10)
    for k, (image, text) in enumerate(given):
        alone = caption(image.resize((100, 80)), text)
        ys, xs = places(sheet, COLORS[k])
        corner = (int(xs.min()), int(ys.min()))
        there = sheet.crop((*corner, corner[0] + alone.width, corner[1] + alone.height))
        assert there.tobytes() == alone.tobytes()


def test_pictures_keep_their_distance() -> None:
    sheet = contact_sheet(cells(2), columns=2, cell_width=100, gap=10)
    first, second = (places(sheet, color)[1] for color in COLORS[:2])
    assert second.min() - first.max() - 1 == first.min() == 10


def test_fewer_pictures_than_columns_leave_no_empty_columns() -> None:
    assert contact_sheet(cells(2), columns=6, cell_width=100, gap=10).width == 2 * 110 + 10


@pytest.mark.parametrize(("count", "columns"), [(0, 4), (2, 0)])
def test_an_empty_sheet_is_refused(count: int, columns: int) -> None:
    with pytest.raises(UserError, match="empty"):
        contact_sheet(cells(count), columns=columns)
