"""Paper 003 §3.1: every level on f x f cells."""

import math

import pytest
import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.shared_grid import CommonGrid


def literal_pool(x, side):
    """Largest value of each of side x side overlapping windows, cell by cell."""
    images, channels, height, width = x.shape
    pooled = torch.empty(images, channels, side, side, dtype=x.dtype)
    for i in range(side):
        for j in range(side):
            rows = slice(i * height // side, math.ceil((i + 1) * height / side))
            columns = slice(j * width // side, math.ceil((j + 1) * width / side))
            pooled[:, :, i, j] = x[:, :, rows, columns].amax((2, 3))
    return pooled


@pytest.mark.parametrize("size", [(7, 9), (4, 4), (2, 3)])
def test_equals_pooling_then_convolution_of_stride_two_cell_by_cell(size):
    torch.manual_seed(0)
    module = CommonGrid({"c4": 3}, 16, grid=2).double()
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    pooled = nn.functional.pad(literal_pool(x, 4), (1, 1, 1, 1))
    convolution, norm, _ = module.convolutions["c4"]
    want = torch.empty(2, 16, 2, 2, dtype=torch.float64)
    for i in range(2):
        for j in range(2):
            window = pooled[:, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
            want[:, :, i, j] = (window[:, None] * convolution.weight).sum((2, 3, 4))
            want[:, :, i, j] += convolution.bias
    want = norm(want)
    want = torch.where(want > 0, want, 0.01 * want)
    torch.testing.assert_close(module({"c4": x})["c4"], want, rtol=0, atol=1e-8)


def test_levels_of_any_size_end_on_one_grid_and_unused_ones_are_left_out():
    module = CommonGrid({"c3": 3, "c5": 2}, 16, grid=3)
    got = module(
        {
            "c2": torch.randn(1, 9, 8, 8),
            "c3": torch.randn(1, 3, 5, 8),
            "c5": torch.randn(1, 2, 2, 2),
        }
    )
    assert {name: tuple(x.shape) for name, x in got.items()} == {
        "c3": (1, 16, 3, 3),
        "c5": (1, 16, 3, 3),
    }


def test_interpolation_sees_the_mean_where_pooling_sees_the_largest():
    x = torch.zeros(1, 1, 4, 4)
    x[..., ::2, ::2] = 4.0
    for pool, seen in (("adaptive_max", 4.0), ("interpolate", 1.0)):
        module = CommonGrid({"c5": 1}, 4, grid=1, pool=pool, norm="none")
        pooled = torch.full((1, 1, 2, 2), seen)
        torch.testing.assert_close(module({"c5": x})["c5"], module.convolutions["c5"](pooled))


def test_what_cannot_be_built_is_one_clear_error():
    with pytest.raises(UserError, match=r"'mean'.*adaptive_max, interpolate"):
        CommonGrid({"c5": 1}, 4, pool="mean")
    with pytest.raises(UserError, match="0 x 0"):
        CommonGrid({"c5": 1}, 4, grid=0)
