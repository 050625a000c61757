import math

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.fusion.grid_positions import grid_positions


def test_every_number_is_the_sine_or_cosine_of_its_column_or_row():
    height, width, channels = 3, 5, 8
    got = grid_positions(height, width, channels)
    half = channels // 2
    for y in range(height):
        for x in range(width):
            for start, place in ((0, x), (half, y)):
                for i in range(half // 2):
                    angle = place / 10_000 ** (2 * i / half)
                    assert math.isclose(got[start + 2 * i, y, x], math.sin(angle), abs_tol=1e-6)
                    assert math.isclose(got[start + 2 * i + 1, y, x], math.cos(angle), abs_tol=1e-6)


def test_no_two_cells_have_the_same_encoding():
    cells = grid_positions(18, 18, 32).flatten(1).mT
    distances = torch.cdist(cells, cells) + 9 * torch.eye(18 * 18)
    assert distances.min() > 0.1


def test_channels_that_four_does_not_divide_are_refused():
    with pytest.raises(UserError, match=r"6 channels.*multiple of four"):
        grid_positions(2, 2, 6)
