"""Text encoders: word ids in, one vector per word out.

A text encoder is any module with ``encoder(words, word_mask) -> (B, T, C)`` and an attribute
``width`` (= C). Its output is zero at padding. Its word table is ``encoder.table`` or
``encoder.embedding.table``, so that :func:`refseg_lib.text.vector_table.fill_word_table` can start
any of them from word vectors.
"""

import torch
from torch import Tensor, nn

from refseg_lib.errors import UserError


class WordEmbedding(nn.Module):
    """A lookup table and nothing else: no word knows its neighbours (paper 004 §3.1).

    Attributes:
        width: Channels per word.
        table: (vocabulary_size, width).
    """

    def __init__(
        self,
        vocabulary_size: int,
        width: int,
        weights: Tensor | None = None,
        *,
        trainable: bool = True,
    ) -> None:
        """Start from U(-0.08, 0.08), the range of the released code, or from given vectors.

        Args:
            vocabulary_size: Rows of the table; id 0 is padding.
            width: Channels per word.
            weights: Word vectors (vocabulary_size, width) to start from, e.g. GloVe.
            trainable: Whether the table is learned (001, 002, 004) or stays as it is (003).

        Raises:
            UserError: ``weights`` has another shape.
        """
        super().__init__()
        self.width = width
        self.table = nn.Parameter(torch.empty(vocabulary_size, width).uniform_(-0.08, 0.08))
        if weights is not None:
            if tuple(weights.shape) != (vocabulary_size, width):
                raise UserError(
                    f"word vectors of shape {tuple(weights.shape)} given to WordEmbedding;"
                    f" expected ({vocabulary_size}, {width}): one row per word of the vocabulary"
                )
            with torch.no_grad():
                self.table.copy_(weights)
        self.table.requires_grad_(trainable)

    def forward(self, words: Tensor, word_mask: Tensor) -> Tensor:
        """Look the words up.

        Args:
            words: (B, T) word ids.
            word_mask: (B, T), True at real words.

        Returns:
            (B, T, width), zero at padding.
        """
        return nn.functional.embedding(words, self.table) * word_mask[..., None]
