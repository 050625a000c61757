"""Text encoders."""

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.text.encoders import WordEmbedding


def test_padding_is_zero_even_where_its_row_is_not():
    encoder = WordEmbedding(5, 3)
    words = torch.tensor([[4, 0, 0]])
    out = encoder(words, words > 0)
    assert torch.equal(out[0, 0], encoder.table[4])
    assert out[0, 1:].abs().sum() == 0


def test_padding_gets_no_gradient():
    encoder = WordEmbedding(5, 3)
    words = torch.tensor([[4, 0]])
    encoder(words, words > 0).sum().backward()
    assert encoder.table.grad is not None
    assert encoder.table.grad[0].abs().sum() == 0
    assert torch.equal(encoder.table.grad[4], torch.ones(3))


def test_starts_uniform_within_0_08():
    table = WordEmbedding(500, 40).table
    assert table.abs().max() <= 0.08
    # a uniform variable's standard deviation is its half-width over sqrt(3)
    assert table.std().item() == pytest.approx(0.08 / 3**0.5, rel=0.03)


def test_starts_from_given_vectors_without_sharing_memory():
    vectors = torch.randn(5, 3)
    encoder = WordEmbedding(5, 3, vectors)
    assert torch.equal(encoder.table, vectors)
    vectors.zero_()
    assert encoder.table.abs().sum() > 0


def test_refuses_vectors_of_another_vocabulary():
    with pytest.raises(UserError, match=r"\(4, 3\).*\(5, 3\)"):
        WordEmbedding(5, 3, torch.zeros(4, 3))


def test_a_frozen_table_is_not_learned():
    vectors = torch.randn(5, 3)
    frozen = WordEmbedding(5, 3, vectors, trainable=False)
    assert [p.requires_grad for p in frozen.parameters()] == [False]
    assert torch.equal(frozen.table, vectors)
    assert WordEmbedding(5, 3, vectors).table.requires_grad
