"""One vector for a whole sentence, from the vectors of its words.

Paper 002 (Eq. 2) keeps of every channel its largest value over the words; the LSTM systems before
it (RMI, RRN) take the last state, which has read all words. Legend: B sentences, T words.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from refseg_lib.fusion.cmsa import word_vectors


def max_pooled(words: Tensor, word_mask: Tensor, balanced: bool = False) -> Tensor:
    """Take the largest value of each channel over the real words (paper 002, Eq. 2).

    Args:
        words: (B, T, C).
        word_mask: (B, T), True at real words, at least one per sentence.
        balanced: Bring every word to length sqrt(C) first, so that values are around 1 from the
            start, see :func:`refseg_lib.fusion.cmsa.picture_vectors`; the paper does not.

    Returns:
        l_s (B, C).
    """
    if balanced:
        words = word_vectors(words, word_mask, balanced=True)
    return words.masked_fill(~word_mask[..., None], -torch.inf).amax(1)


def last_word(words: Tensor, word_mask: Tensor) -> Tensor:
    """Take the vector of the last real word: the final state where the words come from an LSTM.

    Args:
        words: (B, T, C).
        word_mask: (B, T), True at real words, at least one per sentence.

    Returns:
        (B, C).
    """
    place = torch.arange(word_mask.shape[1], device=words.device)
    last = (place * word_mask).argmax(1)
    return words[torch.arange(len(words), device=words.device), last]


class SentenceAsWord(nn.Module):
    """Hand a level fusion the sentence's last state as its only word (CMSA-S, paper 004 §4.3).

    Attributes:
        fusion: The level fusion, see :class:`refseg_lib.fusion.levels.PerLevel`.
        levels: Names of the levels it uses.
    """

    shares_images = True

    def __init__(self, fusion: nn.Module, levels: tuple[str, ...]) -> None:
        """Wrap ``fusion``, which uses ``levels``."""
        super().__init__()
        self.fusion = fusion
        self.levels = levels

    def forward(
        self,
        features: Mapping[str, Tensor],
        words: Tensor,
        word_mask: Tensor,
        image_of: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Fuse; arguments as in :class:`refseg_lib.fusion.levels.PerLevel`, words of an LSTM."""
        sentence = last_word(words, word_mask)[:, None]
        return self.fusion(features, sentence, word_mask[:, :1].new_ones(len(words), 1), image_of)
