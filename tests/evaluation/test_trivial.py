"""The answers that look at nothing are what they say."""

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.evaluation.trivial import centre_ellipse, get_answer, whole_image


def test_the_whole_image_leaves_nothing_out() -> None:
    assert whole_image(3, 5).sum() == 15


def test_the_ellipse_has_the_area_and_the_axes_of_its_formula() -> None:
    mask = centre_ellipse(200, 300)
    assert mask.sum() == pytest.approx(np.pi * 50 * 75, rel=0.005)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert (rows.min(), rows.max()) == (50, 149)
    assert (columns.min(), columns.max()) == (75, 224)


@pytest.mark.parametrize("size", [(7, 9), (8, 6), (1, 1)])
def test_the_ellipse_sits_exactly_in_the_middle(size: tuple[int, int]) -> None:
    mask = centre_ellipse(*size)
    assert np.array_equal(mask, mask[::-1, ::-1])
    assert mask[size[0] // 2, size[1] // 2]


def test_an_unknown_answer_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="whole, ellipse"):
        get_answer("nothing")
