"""Deconvolution across levels, every transposed convolution written as its scattering."""

import torch

from refseg_lib.fusion.deconvolution import Deconvolution

LEVELS = ("c3", "c4", "c5")


def make():
    torch.manual_seed(1)
    module = Deconvolution(LEVELS, 4).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


def scattered(layer, x, stride):
    """Each cell adds its kernel to the output around it; a border of one is cut off."""
    kernel = layer.weight.shape[-1]
    height, width = x.shape[-2:]
    out = x.new_zeros(
        len(x), layer.weight.shape[1], (height - 1) * stride + kernel, (width - 1) * stride + kernel
    )
    for y in range(height):
        for c in range(width):
            piece = torch.einsum("bi,iokl->bokl", x[:, :, y, c], layer.weight)
            rows = slice(y * stride, y * stride + kernel)
            out[:, :, rows, c * stride : c * stride + kernel] += piece
    return out[..., 1:-1, 1:-1] + layer.bias[:, None, None]


def test_climbs_from_the_deepest_level_and_enlarges_twice():
    module = make()
    levels = {name: torch.randn(2, 4, 3, 5, dtype=torch.float64) for name in LEVELS}
    middle = levels["c4"] + scattered(module.climb["c5"], levels["c5"], 1).relu()
    fine = levels["c3"] + scattered(module.climb["c4"], middle, 1).relu()
    want = scattered(module.enlarge, fine, 2).relu()
    got = module(levels)
    assert got.shape == (2, module.out_channels, 6, 10)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-10)


def test_weights_start_glorot_uniform_without_bias():
    module = make()
    module.initialise()
    for layer in (*module.climb.values(), module.enlarge):
        assert layer.bias.abs().max() == 0
        inputs, outputs, *kernel = layer.weight.shape
        limit = (6 / ((inputs + outputs) * kernel[0] * kernel[1])) ** 0.5
        assert 0.8 * limit < layer.weight.abs().max() <= limit
