"""The thin convolution is a convolution."""

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.fusion.thin_convolution import ThinConvolution


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (4, 3)])
def test_equals_the_library_convolution_forward_and_backward(size):
    torch.manual_seed(0)
    module = ThinConvolution(4, 3).double()
    x = torch.randn(2, 4, *size, dtype=torch.float64, requires_grad=True)
    inputs = [x, module.weight, module.bias]
    got, want = module(x), F.conv2d(x, module.weight, module.bias, padding=1)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-12)
    upstream = torch.randn_like(want)
    for mine, theirs in zip(
        torch.autograd.grad(got, inputs, upstream),
        torch.autograd.grad(want, inputs, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)
