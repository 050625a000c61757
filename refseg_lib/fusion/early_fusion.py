"""Early fusion of picture and sentence into M, before LE and LA (paper 002 §3.2.3, Eq. 1-4).

Legend: I images, B sentences, P pixels, C = C_m channels.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.cmsa import picture_vectors
from refseg_lib.fusion.mutan import Lateral, Mutan
from refseg_lib.fusion.pair_attention import per_sentence


class EarlyMutan(nn.Module):
    """V~ = conv1x1([V; S]), then MUTAN with the sentence."""

    def __init__(
        self,
        *,
        visual: int,
        language: int,
        out: int,
        literal: bool = False,
        balanced: bool = False,
    ) -> None:
        """Make the convolution and the five heads.

        Args:
            visual: Channels of the level.
            language: Channels of the sentence.
            out: Channels of V~ and of M.
            literal: Eq. 1-4 as printed, linear in the picture. False: V~ of unit length, a tanh
                behind every product and behind their sum, M of unit length, as in the code of
                paper 001 by the same group (none was published for 002).
            balanced: See :func:`refseg_lib.fusion.released_norms.unit`.
        """
        super().__init__()
        self.lateral = Lateral(visual, out, normalised=not literal, balanced=balanced)
        self.mutan = Mutan(
            visual=out,
            language=language,
            out=out,
            activation="none" if literal else "tanh",
            norm="none" if literal else "tanh_l2",
            spatial="none",
            balanced=balanced,
        )

    def forward(self, feature: Tensor, sentence: Tensor, image_of: Tensor | None = None) -> Tensor:
        """Fuse (I, C_v, h, w) and l_s (B, C_l) into M (B, C, h, w)."""
        return self.mutan(self.lateral(feature), sentence, image_of)


class EarlyConcat(nn.Module):
    """Early fusion without MUTAN: M = ReLU(conv1x1([V; S; l_s])), Table 4 rows 1-4 and 6-9.

    The paper says of these rows only that the first is "a variant of the CNN-LSTM model". The ReLU
    is ours: without it the sentence would add the same to every pixel.
    """

    def __init__(self, *, visual: int, language: int, out: int, balanced: bool = False) -> None:
        """Make the convolution.

        Args:
            visual: Channels of the level.
            language: Channels of the sentence.
            out: Channels of M.
            balanced: See :func:`refseg_lib.fusion.cmsa.picture_vectors`.
        """
        super().__init__()
        self.balanced = balanced
        # One convolution of a concatenation, the picture's part of it once per image.
        self.from_picture = nn.Linear(visual + 8, out)
        self.from_sentence = nn.Linear(language, out, bias=False)

    def forward(self, feature: Tensor, sentence: Tensor, image_of: Tensor | None = None) -> Tensor:
        """Fuse (I, C_v, h, w) and l_s (B, C_l) into M (B, C, h, w)."""
        picture = self.from_picture(picture_vectors(feature, self.balanced))
        joint = per_sentence(picture, image_of) + self.from_sentence(sentence)[:, None]
        return F.relu(joint).mT.unflatten(-1, tuple(feature.shape[-2:]))
