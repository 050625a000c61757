"""The 8-D coordinates against the spec's hand-computed cells and an explicit loop."""

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.vision.spatial import spatial_coordinates


def test_the_first_and_last_cell_of_40x40_have_the_specs_values():
    grid = spatial_coordinates(40, 40, dtype=torch.float64)
    first = [-1, -1, -0.95, -0.95, -0.975, -0.975, 0.025, 0.025]
    last = [0.95, 0.95, 1, 1, 0.975, 0.975, 0.025, 0.025]
    torch.testing.assert_close(grid[:, 0, 0], torch.tensor(first, dtype=torch.float64))
    torch.testing.assert_close(grid[:, 39, 39], torch.tensor(last, dtype=torch.float64))


def test_every_cell_of_a_wide_grid_equals_the_loop_over_cells():
    height, width = 3, 5
    grid = spatial_coordinates(height, width, dtype=torch.float64)
    for row in range(height):
        for column in range(width):
            left, right = 2 * column / width - 1, 2 * (column + 1) / width - 1
            top, bottom = 2 * row / height - 1, 2 * (row + 1) / height - 1
            expected = [left, top, right, bottom, (left + right) / 2, (top + bottom) / 2]
            expected += [1 / width, 1 / height]
            torch.testing.assert_close(
                grid[:, row, column], torch.tensor(expected, dtype=torch.float64)
            )


def test_paper_004_groups_the_three_horizontal_numbers_first():
    rmi = spatial_coordinates(4, 6)
    grouped = spatial_coordinates(4, 6, order="paper004")
    # The first three do not change down a column, the next three not along a row.
    assert torch.equal(grouped[:3, 0], grouped[:3, 3])
    assert torch.equal(grouped[3:6, :, 0], grouped[3:6, :, 5])
    assert torch.equal(grouped[:3], rmi[[0, 2, 4]])
    assert torch.equal(grouped[3:6], rmi[[1, 3, 5]])
    assert torch.equal(grouped[6:], rmi[6:])


def test_mirroring_the_grid_mirrors_left_and_right_edges():
    grid = spatial_coordinates(4, 6, dtype=torch.float64)
    torch.testing.assert_close(grid.flip(2)[0], -grid[2])
    torch.testing.assert_close(grid.flip(1)[1], -grid[3])


def test_an_unknown_order_is_the_users_mistake():
    with pytest.raises(UserError, match="rmi"):
        spatial_coordinates(2, 2, order="alphabetical")
