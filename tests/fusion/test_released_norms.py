"""Normalisation of every vector, and of whole maps."""

import torch
from torch.nn import functional as F

from refseg_lib.fusion.released_norms import JointNorm, unit


def test_every_vector_gets_length_1_and_zero_stays_zero():
    torch.manual_seed(0)
    vectors = torch.randn(2, 3, 4, dtype=torch.float64)
    vectors[1, 1] = 0
    lengths = unit(vectors).norm(dim=-1)
    want = torch.ones(2, 3, dtype=torch.float64)
    want[1, 1] = 0
    torch.testing.assert_close(lengths, want, rtol=0, atol=1e-12)
    torch.testing.assert_close(unit(vectors), F.normalize(vectors, dim=-1), rtol=0, atol=1e-12)
    torch.testing.assert_close(unit(vectors, True), 2 * unit(vectors), rtol=0, atol=1e-12)


def test_gradients_of_unit_equal_numeric_ones():
    torch.manual_seed(0)
    vectors = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: unit(x), vectors)
    assert torch.autograd.gradcheck(lambda x: unit(x, True), vectors)


def test_joint_norm_is_group_norm_of_one_group_and_keeps_sentences_apart():
    torch.manual_seed(0)
    norm = JointNorm(5).double()
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    maps = torch.randn(3, 6, 5, dtype=torch.float64)
    got = norm(maps)
    want = F.group_norm(maps.mT, 1, norm.weight, norm.bias, eps=1e-12).mT
    torch.testing.assert_close(got, want, rtol=0, atol=1e-12)
    torch.testing.assert_close(norm(maps[1:2]), got[1:2], rtol=0, atol=1e-12)


def test_joint_norm_of_two_pixels_by_hand():
    # all four numbers together: mean 2.5, variance 1.25
    maps = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]], dtype=torch.float64)
    want = (maps - 2.5) / 1.25**0.5
    torch.testing.assert_close(JointNorm(2).double()(maps), want, rtol=0, atol=1e-12)
