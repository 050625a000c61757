"""A mask in words says how much and where."""

import numpy as np
import pytest

from refseg_lib.explain.alt_text import describe_mask


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        (slice(0, 10), slice(0, 20), "2 % of the picture, upper left"),
        (slice(90, 100), slice(60, 100), "4 % of the picture, lower right"),
        (slice(40, 60), slice(40, 60), "4 % of the picture, centre"),
        (slice(45, 55), slice(0, 10), "1 % of the picture, middle left"),
        (slice(0, 100), slice(0, 100), "100 % of the picture, centre"),
        (slice(99, 100), slice(99, 100), "under 1 % of the picture, lower right"),
        (slice(0, 0), slice(0, 0), "nothing"),
    ],
)
def test_amount_and_place_in_words(rows: slice, columns: slice, said: str) -> None:
    mask = np.zeros((100, 100), bool)
    mask[rows, columns] = True
    assert describe_mask(mask) == said


def test_a_picture_of_one_pixel_is_described_too() -> None:
    assert describe_mask(np.ones((1, 1), bool)) == "100 % of the picture, centre"
