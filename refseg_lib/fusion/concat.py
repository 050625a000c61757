"""Concatenation, the fusion without attention that every paper compares itself with.

The sentence is the mean of its word vectors, laid under every pixel: h_p = [l2(v_p); mean_n
l2(e_n); s_p], then two 1x1 convolutions with a ReLU between them. No pixel ever sees another.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.cmsa import mean_over_words, picture_vectors, word_vectors
from refseg_lib.fusion.pair_attention import per_sentence


class Concat(nn.Module):
    """Concatenation fusion of one level."""

    def __init__(
        self, *, visual: int, language: int, width: int, out: int, balanced: bool = False
    ) -> None:
        """Make the two 1x1 convolutions.

        Args:
            visual: Channels of the level.
            language: Channels of a word.
            width: Hidden channels.
            out: Channels of the result.
            balanced: See :func:`refseg_lib.fusion.cmsa.picture_vectors`.
        """
        super().__init__()
        self.balanced = balanced
        # One 1x1 convolution over a concatenation = a sum of one per part; the picture's part is
        # then shared by all sentences about it.
        self.from_picture = nn.Linear(visual + 8, width)
        self.from_words = nn.Linear(language, width, bias=False)
        self.out = nn.Linear(width, out)

    def forward(
        self, feature: Tensor, words: Tensor, word_mask: Tensor, image_of: Tensor | None = None
    ) -> Tensor:
        """Fuse one level with the sentence.

        Args:
            feature: (I, C_v, h, w).
            words: (B, T, C_l).
            word_mask: (B, T), True at real words.
            image_of: (B,) the image of each sentence; None when sentence b looks at image b.

        Returns:
            (B, out, h, w).
        """
        picture = self.from_picture(picture_vectors(feature, self.balanced))
        vectors = word_vectors(words, word_mask, self.balanced)
        sentence = self.from_words(mean_over_words(vectors, word_mask))
        hidden = F.relu(per_sentence(picture, image_of) + sentence[:, None])
        return self.out(hidden).mT.unflatten(-1, tuple(feature.shape[-2:]))
