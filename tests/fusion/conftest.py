"""Sentences of unequal length about shared images, in float64."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor


@dataclass
class Case:
    """Three sentences (4, 2 and 1 words) about two images of 3 x 4 cells."""

    feature: Tensor  # (2, 5, 3, 4)
    words: Tensor  # (3, 4, 6), zero at padding
    word_mask: Tensor  # (3, 4)
    image_of: Tensor  # (3,)

    def single(self, sentence: int) -> tuple[Tensor, Tensor, Tensor]:
        """One sentence alone, without padding."""
        count = int(self.word_mask[sentence].sum())
        image = int(self.image_of[sentence])
        return (
            self.feature[image : image + 1],
            self.words[sentence : sentence + 1, :count],
            self.word_mask[sentence : sentence + 1, :count],
        )


@pytest.fixture
def case() -> Case:
    torch.manual_seed(0)
    word_mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]]).bool()
    words = torch.randn(3, 4, 6, dtype=torch.float64) * word_mask[..., None]
    feature = torch.randn(2, 5, 3, 4, dtype=torch.float64)
    return Case(feature, words, word_mask, torch.tensor([0, 1, 0]))


@pytest.fixture
def given(case: Case) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The shared case with 8 channels everywhere: feature, words, word_mask, image_of."""
    torch.manual_seed(2)
    feature = torch.randn(2, 8, 3, 4, dtype=torch.float64)
    words = torch.randn(3, 4, 8, dtype=torch.float64) * case.word_mask[..., None]
    return feature, words, case.word_mask, case.image_of
