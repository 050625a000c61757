"""One phrase laid under every pixel: BUSNet's fusion F (paper 000 §3.2.2, Eq. 2).

X_n = tanh(Conv_v([V; P])) * tile(tanh(W_h h_n)): the map V of a level, the place P of every cell,
and h_n, the mean of the phrase's word features. The paper does not say how large Conv_v is; our
choice is 1x1, as in the other four papers. Then Conv_v([A * V; P]), which the relational shift
needs for every edge and iteration, is A * (W_V V) + W_P P: the large product is one per image.

Legend: I images, B sentences, N nodes, T words, D channels, h x w cells.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from refseg_lib.fusion.cmsa import mean_over_words, word_vectors
from refseg_lib.fusion.pair_attention import per_sentence
from refseg_lib.vision import spatial


class Scene(NamedTuple):
    """What Conv_v makes of a picture before its tanh, in two parts.

    Attributes:
        visual: W_V V, (I, D, h, w).
        place: W_P P and the bias, (1, D, h, w).
    """

    visual: Tensor
    place: Tensor


class NodeFusion(nn.Module):
    """The two maps of Eq. 2.

    Attributes:
        balanced: Whether word vectors are brought to a length of sqrt(D_h) first, see
            :func:`refseg_lib.fusion.cmsa.picture_vectors`; the paper does not.
    """

    def __init__(self, *, visual: int, language: int, width: int, balanced: bool = False) -> None:
        """Make Conv_v and W_h.

        Args:
            visual: Channels of the level, D_v.
            language: Channels of a word, D_h.
            width: Channels of X, D_x.
            balanced: See the class.
        """
        super().__init__()
        self.balanced = balanced
        self.picture = nn.Conv2d(visual + 8, width, 1)
        self.phrase = nn.Linear(language, width, bias=False)

    def look(self, feature: Tensor) -> Scene:
        """Apply Conv_v to V (I, D_v, h, w) and P, up to the tanh."""
        height, width = feature.shape[-2:]
        place = spatial.spatial_coordinates(
            height, width, device=feature.device, dtype=feature.dtype
        )
        visual = feature.shape[1]
        weight = self.picture.weight
        return Scene(
            nn.functional.conv2d(feature, weight[:, :visual]),
            nn.functional.conv2d(place[None], weight[:, visual:], self.picture.bias),
        )

    def listen(self, phrases: Tensor) -> Tensor:
        """Turn phrases (N, D_h) into what X is multiplied with: tanh(W_h h), (N, D, 1, 1)."""
        return torch.tanh(self.phrase(phrases))[..., None, None]

    def words(self, words: Tensor, word_mask: Tensor) -> Tensor:
        """Prepare word features (B, T, D_h): balanced or as they are. Padding may hold anything."""
        return word_vectors(words, word_mask, balanced=True) if self.balanced else words


def fuse(scene: Scene, phrase: Tensor, image_of: Tensor | None) -> Tensor:
    """Compute X (N, D, h, w) = F(V, P, o) of phrases (N, D, 1, 1) about images (N,)."""
    # The tanh is the same for all phrases about one picture: it is taken once per image.
    return per_sentence(torch.tanh(scene.visual + scene.place), image_of) * phrase


class SentenceFusion(NodeFusion):
    """F with the whole sentence as the only phrase: a level without reasoning (Table 2, row 1).

    It stands in :class:`refseg_lib.fusion.levels.PerLevel`.
    """

    def forward(
        self, feature: Tensor, words: Tensor, word_mask: Tensor, image_of: Tensor | None = None
    ) -> Tensor:
        """Fuse one level with the mean of the words.

        Args:
            feature: (I, D_v, h, w).
            words: (B, T, D_h).
            word_mask: (B, T), True at real words.
            image_of: (B,) the image of each sentence; None when sentence b looks at image b.

        Returns:
            (B, D, h, w).
        """
        sentence = mean_over_words(self.words(words, word_mask), word_mask)
        return fuse(self.look(feature), self.listen(sentence), image_of)
