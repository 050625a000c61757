"""Pyramid pooling, written out cell by cell."""

import math

import torch
from torch.nn import functional as F

from refseg_lib.fusion.pyramid_pooling import PyramidPooling

LEVELS = ("c3", "c4")


def make():
    torch.manual_seed(1)
    module = PyramidPooling(LEVELS, 4).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


def averaged(x, bins):
    """Mean over each of bins x bins overlapping windows."""
    height, width = x.shape[-2:]
    out = x.new_zeros(*x.shape[:2], bins, bins)
    for i in range(bins):
        for j in range(bins):
            rows = slice(i * height // bins, math.ceil((i + 1) * height / bins))
            columns = slice(j * width // bins, math.ceil((j + 1) * width / bins))
            out[..., i, j] = x[..., rows, columns].mean((2, 3))
    return out


def enlarged(x, height, width):
    """Bilinear, centres on centres."""
    bins = x.shape[-1]
    out = x.new_zeros(*x.shape[:2], height, width)
    for y in range(height):
        for c in range(width):
            at = []
            for place, size in ((y, height), (c, width)):
                source = min(max((place + 0.5) * bins / size - 0.5, 0), bins - 1)
                low = math.floor(source)
                at.append((low, min(low + 1, bins - 1), source - low))
            (top, bottom, v), (left, right, h) = at
            out[..., y, c] = (1 - v) * (
                (1 - h) * x[..., top, left] + h * x[..., top, right]
            ) + v * ((1 - h) * x[..., bottom, left] + h * x[..., bottom, right])
    return out


def test_equals_the_averages_over_1_2_3_and_6_cells_laid_beside_the_map():
    module = make()
    levels = {name: torch.randn(2, 4, 7, 5, dtype=torch.float64) for name in LEVELS}
    own = F.conv2d(
        torch.cat([levels["c3"], levels["c4"]], 1), module.reduce.weight, module.reduce.bias
    ).relu()
    parts = [own]
    for bins, layer in zip((1, 2, 3, 6), module.parts, strict=True):
        pooled = F.conv2d(averaged(own, bins), layer.weight, layer.bias).relu()
        parts.append(enlarged(pooled, 7, 5))
    want = F.conv2d(torch.cat(parts, 1), module.join.weight, module.join.bias, padding=1).relu()
    torch.testing.assert_close(module(levels), want, rtol=0, atol=1e-9)


def test_a_far_corner_reaches_every_pixel_and_no_other_sentence():
    module = make()
    with torch.no_grad():
        # All positive, so that no ReLU swallows the change.
        for parameter in module.parameters():
            parameter.abs_()
    levels = {name: torch.rand(2, 4, 9, 9, dtype=torch.float64) for name in LEVELS}
    before = module(levels)
    levels["c3"] = levels["c3"].clone()
    levels["c3"][0, :, 0, 0] += 50
    after = module(levels)
    assert torch.equal(after[1], before[1])
    assert ((after[0] - before[0]).abs().amax(0) > 0).all()
