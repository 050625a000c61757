"""Cross-modal self-attention, CMSA (paper 004 §3.1-3.2, Eq. 1-4), as the paper has it.

f_pn = [l2(v_p); l2(e_n); s_p] for pixel p and word n; q, k, v are linear in f; every pair attends
to every pair; f_hat_p = mean_n(W_o v_hat_pn + f_pn); X = conv1x1(f_hat) (§3.3). Nothing here is
approximated, but f, v_hat and f_hat are never built: see :mod:`refseg_lib.fusion.pair_attention`
for the attention, and below for the rest (X is linear in f_hat, which is linear in its parts).
The released code differs: :mod:`refseg_lib.fusion.cmsa_released`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion import pair_attention
from refseg_lib.fusion.pair_attention import Parts, per_sentence
from refseg_lib.trace import emit
from refseg_lib.vision import spatial

ATTENTIONS = ("full", "pair", "pixel", "word", "none")


def picture_vectors(feature: Tensor, balanced: bool = False) -> Tensor:
    """Build [l2(v_p); s_p] of every pixel.

    Args:
        feature: (I, C, h, w) map of a backbone.
        balanced: Multiply each part by the square root of its channels. What follows is linear, so
            the same functions can be learned; but values then are around 1 instead of 1/sqrt(C),
            as initialisation and Adam expect, and learning starts at once.

    Returns:
        (I, h*w, C + 8).
    """
    height, width = feature.shape[-2:]
    visual = F.normalize(feature.flatten(2).mT, dim=-1)
    place = spatial.spatial_coordinates(height, width, device=feature.device, dtype=visual.dtype)
    place = place.flatten(1).mT.expand(len(visual), -1, -1)
    if balanced:
        visual, place = visual * visual.shape[-1] ** 0.5, place * place.shape[-1] ** 0.5
    return torch.cat([visual, place], -1)


def word_vectors(words: Tensor, word_mask: Tensor, balanced: bool = False) -> Tensor:
    """Build l2(e_n) of every word.

    Args:
        words: (B, T, C).
        word_mask: (B, T), True at real words.
        balanced: See :func:`picture_vectors`.

    Returns:
        (B, T, C), zero at padding whatever stood there.
    """
    gain = words.shape[-1] ** 0.5 if balanced else 1.0
    return gain * F.normalize(words, dim=-1) * word_mask[..., None]


def mean_over_words(words: Tensor, word_mask: Tensor) -> Tensor:
    """Average (B, T, C) over the real words into (B, C)."""
    return (words * word_mask[..., None]).sum(1) / word_mask.sum(1, keepdim=True)


class CMSA(nn.Module):
    """CMSA of one level, with the 1x1 convolution that follows it.

    Traces (h x w is the level's grid):
        word_attention (B, T): attention received by each word, averaged over all querying pairs
            (paper 004 §4.2, Fig. 4b); sums to one over the real words.
        pixel_map (B, h, w): attention received by each pixel, averaged alike; sums to one.
    """

    def __init__(
        self,
        *,
        visual: int,
        language: int,
        width: int,
        out: int,
        attention: str = "full",
        scale: bool = False,
        balanced: bool = False,
    ) -> None:
        """Make the five linear maps.

        Args:
            visual: Channels of the level, C_v.
            language: Channels of a word, C_l.
            width: Channels of queries, keys and values (512 in the paper).
            out: Channels of X (500 in the paper).
            attention: ``"full"`` or one of Table 2: ``"none"``, ``"word"``, ``"pixel"``,
                ``"pair"``.
            scale: Divide scores by sqrt(width); the paper does not.
            balanced: See :func:`picture_vectors`; the paper does not.

        Raises:
            UserError: An unknown ``attention``.
        """
        super().__init__()
        if attention not in ATTENTIONS:
            raise UserError(
                f"unknown attention {attention!r} given to CMSA; choose one of"
                f" {', '.join(ATTENTIONS)}"
            )
        self.visual = visual
        self.attention = attention
        self.balanced = balanced
        self.temperature = width**0.5 if scale else 1.0
        pair = visual + language + 8
        self.out = nn.Linear(pair, out)
        if attention != "none":
            self.query, self.key, self.value = (
                nn.Linear(pair, width, bias=False) for _ in range(3)
            )
            self.output = nn.Linear(width, pair, bias=False)

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
            X (B, out, h, w).
        """
        height, width = feature.shape[-2:]
        picture = picture_vectors(feature, self.balanced)
        words = word_vectors(words, word_mask, self.balanced)
        # Everything that is linear in [v; s] is one product per image, in [e] one per sentence.
        layers = [self.out]
        if self.attention != "none":
            layers += [self.query, self.key, self.value]
        weight = torch.cat([layer.weight for layer in layers])
        sizes = [len(layer.weight) for layer in layers]
        of_picture, of_words = self._split(weight)
        from_pixels = F.linear(picture, of_picture).split(sizes, -1)
        from_words = F.linear(words, of_words).split(sizes, -1)
        # X of f alone: the residual of Eq. 4, averaged over words.
        mean = mean_over_words(from_words[0], word_mask) + self.out.bias
        x = per_sentence(from_pixels[0], image_of) + mean[:, None].to(from_pixels[0].dtype)
        if self.attention != "none":
            query, key, value = (
                Parts(pixels, of_word)
                for pixels, of_word in zip(from_pixels[1:], from_words[1:], strict=True)
            )
            key = Parts(key.pixels / self.temperature, key.words / self.temperature)
            attended = pair_attention.cross_attention(
                query, key, value, word_mask, image_of, self.attention
            )
            x = x + F.linear(attended, self.out.weight @ self.output.weight)
            self._emit(query, key, word_mask, image_of, (height, width))
        return x.mT.unflatten(-1, (height, width))

    def _split(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Take the columns for [v; s] and the columns for e out of a matrix that acts on f."""
        of_visual, of_words, of_place = weight.split(
            [self.visual, weight.shape[1] - self.visual - 8, 8], 1
        )
        return torch.cat([of_visual, of_place], 1), of_words

    def _emit(
        self,
        query: Parts,
        key: Parts,
        word_mask: Tensor,
        image_of: Tensor | None,
        size: tuple[int, int],
    ) -> None:
        def received(which: int) -> Tensor:
            weights = pair_attention.attention_weights(
                query, key, word_mask, image_of, self.attention
            )
            return weights[which].mean(1)

        emit(self, "pixel_map", lambda: received(0).unflatten(-1, size))
        emit(self, "word_attention", lambda: received(1))
