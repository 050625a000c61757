"""One level of the bilingual network: early fusion, LE, LA and the convolution that joins them.

Paper 002 §3.5: Y = conv1x1([M_LE; M_LA; M; L_s; S]). The convolution is linear in its five parts,
so neither the concatenation nor M_LE and M_LA are built: with weights a per channel (LE), and
factors d per pixel and m_c (LA),

    Y = M (W_M + diag(a) W_LE) + d (m_c W_LA) + l_s W_L + S W_S + b,

one product of pixels by channels and one of rank ten. Table 4's rows without LE or LA leave that
part out. Legend: I images, B sentences, P pixels, C = C_m channels, D = C_l channels of a sentence.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.linguistic import LA, LE
from refseg_lib.fusion.sentence import max_pooled
from refseg_lib.trace import emit
from refseg_lib.vision.spatial import spatial_coordinates


class LinguisticLevel(nn.Module):
    """Early fusion of a level with the sentence, refined by LE and LA.

    Traces (h x w is the level's grid):
        le_weights (B, C): a, Eq. 8.
        la_projection (B, h, w): P of Eq. 11, what goes into the context (paper 002 Fig. 8); sums
            to one.
        la_reprojection (B, h, w): D of Eq. 14, in (0, 1].
    """

    def __init__(
        self,
        early: nn.Module,
        *,
        channels: int,
        language: int,
        out: int,
        le: LE | None = None,
        la: LA | None = None,
        balanced: bool = False,
    ) -> None:
        """Join the parts.

        Args:
            early: (feature (I, C_v, h, w), sentence (B, D), image_of) -> M (B, C, h, w).
            channels: Channels of M.
            language: Channels of a word.
            out: Channels of Y.
            le: Linguistic excitation, or None to do without.
            la: Linguistic aggregation, or None to do without.
            balanced: Scale S as :func:`refseg_lib.fusion.cmsa.picture_vectors` does, and l_s as
                :func:`refseg_lib.fusion.sentence.max_pooled`.
        """
        super().__init__()
        self.early = early
        self.le, self.la = le, la
        self.balanced = balanced
        self.place_gain = 8**0.5 if balanced else 1.0
        parts = [(le, channels), (la, channels), (True, channels), (True, language), (True, 8)]
        self.join = nn.Linear(sum(size for part, size in parts if part), out)
        self.sizes = [size if part else 0 for part, size in parts]

    def forward(
        self, feature: Tensor, words: Tensor, word_mask: Tensor, image_of: Tensor | None = None
    ) -> Tensor:
        """Fuse one level with the sentence.

        Args:
            feature: (I, C_v, h, w).
            words: (B, T, D).
            word_mask: (B, T), True at real words.
            image_of: (B,) the image of each sentence; None when sentence b looks at image b.

        Returns:
            Y (B, out, h, w).
        """
        height, width = size = tuple(feature.shape[-2:])
        sentence = max_pooled(words, word_mask, self.balanced)
        maps = self.early(feature, sentence, image_of).flatten(2).mT
        excited, aggregated, own, of_sentence, of_place = self.join.weight.split(self.sizes, 1)
        weight = own.mT.expand(len(maps), -1, -1)
        if self.le is not None:
            weights = self.le(maps, sentence)
            emit(self, "le_weights", weights)
            weight = torch.addcmul(weight, weights[..., None], excited.mT)
        # What has few degrees of freedom: (B, P, K) times (B, K, out).
        place = spatial_coordinates(height, width, device=feature.device, dtype=feature.dtype)
        place = self.place_gain * place.flatten(1).mT.expand(len(maps), -1, -1)
        same = F.linear(sentence, of_sentence, self.join.bias)[:, None]
        left = [place, torch.ones_like(place[..., :1])]
        right = [of_place.mT.expand(len(maps), -1, -1), same]
        if self.la is not None:
            found = self.la(maps, sentence)
            emit(self, "la_projection", lambda: found.projection.unflatten(-1, size))
            emit(self, "la_reprojection", lambda: found.reprojection.unflatten(-1, size))
            left.append(found.reprojection[..., None])
            right.append(F.linear(found.context, aggregated)[:, None])
        rest = torch.cat(_alike(left), -1) @ torch.cat(_alike(right), 1)
        y = torch.baddbmm(rest, maps.to(rest.dtype), weight.to(rest.dtype))
        return y.mT.unflatten(-1, size)


def _alike(parts: list[Tensor]) -> list[Tensor]:
    """Bring the parts of a concatenation to one type: under autocast they come in two."""
    dtype = torch.promote_types(parts[0].dtype, parts[-1].dtype)
    return [part.to(dtype) for part in parts]
