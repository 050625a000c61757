"""Streamed attention: the same numbers, made and dropped a few sentences at a time."""

import pytest
import torch

from refseg_lib.fusion import streamed_attention
from refseg_lib.fusion.streamed_attention import attend

SHARE = torch.tensor([[1 / 3, 1 / 3, 1 / 3], [1.0, 0, 0], [0.5, 0.5, 0]], dtype=torch.float64)
IMAGE_OF = torch.tensor([1, 0, 1])


@pytest.fixture(params=[0, 2**30], ids=["one at a time", "all at once"])
def chunk(request, monkeypatch):
    monkeypatch.setitem(streamed_attention._CHUNK_BYTES, "cpu", request.param)


@pytest.fixture
def inputs():
    torch.manual_seed(0)
    shapes = ((2, 4, 5), (3, 3, 5), (2, 5, 2))
    return [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]


def literal(pixel_scores, word_scores, values):
    scores = pixel_scores[IMAGE_OF][:, None] + word_scores[:, :, None]
    return torch.einsum("btpk,bt,bkd->bpd", scores.softmax(-1), SHARE, values[IMAGE_OF])


@pytest.mark.usefixtures("chunk")
def test_equals_one_softmax_per_word_and_image_forward_and_backward(inputs):
    got, want = attend(*inputs, SHARE, IMAGE_OF), literal(*inputs)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-12)
    upstream = torch.randn_like(got)
    for mine, theirs in zip(
        torch.autograd.grad(got, inputs, upstream),
        torch.autograd.grad(want, inputs, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


@pytest.mark.usefixtures("chunk")
def test_gradients_equal_numeric_ones(inputs):
    assert torch.autograd.gradcheck(lambda *x: attend(*x, SHARE, IMAGE_OF), inputs)


def test_padding_words_change_nothing(inputs):
    pixel_scores, word_scores, values = inputs
    changed = torch.where((SHARE == 0)[..., None], 7.0, word_scores)
    torch.testing.assert_close(
        attend(pixel_scores, word_scores, values, SHARE, IMAGE_OF),
        attend(pixel_scores, changed, values, SHARE, IMAGE_OF),
        rtol=0,
        atol=0,
    )
