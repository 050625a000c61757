"""Cross-modal self-attention as the released code computes it (paper 004's authors, TensorFlow).

Against the printed module (:mod:`refseg_lib.fusion.cmsa`): ReLU after each of the four linear
maps; keys and values max-pooled 2x2x2 over (word, row, column), the last block being smaller where
a count is odd; the lower levels first reduce f by a ReLU convolution and attend in fewer channels;
the top level first reduces the picture; X has a ReLU. With ReLUs the scores are no sums of parts
any more, so that every (pixel, word) pair really is a query here. The released code knows batches
of one sentence; here padding words are kept out of every pooling block, softmax and mean.

Legend: I images, B sentences, P = h w pixels, T words, K pooled pairs, d channels.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.cmsa import mean_over_words, picture_vectors, word_vectors
from refseg_lib.fusion.pair_attention import per_sentence
from refseg_lib.trace import emit


class ReleasedCMSA(nn.Module):
    """One level.

    Traces (each pooled pair's attention is shared equally among the real pairs it holds):
        word_attention (B, T): attention received by each word, averaged over all querying pairs.
        pixel_map (B, h, w): attention received by each pixel, averaged alike. Both sum to one.
    """

    def __init__(
        self,
        *,
        visual: int,
        language: int,
        width: int,
        out: int,
        project: int | None = None,
        reduce: int | None = None,
    ) -> None:
        """Make the convolutions.

        Args:
            visual: Channels of the level.
            language: Channels of a word.
            width: Channels of queries, keys and values (C5 512, C4 128, C3 64).
            out: Channels of X (500).
            project: Channels the picture is reduced to first, linearly (C5 1000), or None.
            reduce: Channels f is reduced to first, with ReLU (C4 256, C3 128), or None.
        """
        super().__init__()
        self.project = nn.Conv2d(visual, project, 1) if project else None
        self.visual = project or visual
        pair = self.visual + language + 8
        self.reduce = nn.Linear(pair, reduce) if reduce else None
        inner = reduce or pair
        self.query, self.key, self.value = (nn.Linear(inner, width) for _ in range(3))
        self.output = nn.Linear(width, inner)
        self.out = nn.Linear(inner, out)

    def forward(
        self, feature: Tensor, words: Tensor, word_mask: Tensor, image_of: Tensor | None = None
    ) -> Tensor:
        """Fuse one level with the sentence.

        Args:
            feature: (I, C_v, h, w).
            words: (B, T, C_l).
            word_mask: (B, T), True at real words, which stand before the padding.
            image_of: (B,) the image of each sentence; None when sentence b looks at image b.

        Returns:
            X (B, out, h, w).
        """
        size = tuple(feature.shape[-2:])
        picture = picture_vectors(feature if self.project is None else self.project(feature))
        words = word_vectors(words, word_mask)
        if self.reduce is None:
            query, key, value = (
                self._of_pair(layer, picture, words, image_of).relu()
                for layer in (self.query, self.key, self.value)
            )
            residual = self._mean_pair(picture, words, word_mask, image_of)
        else:
            pair = self._of_pair(self.reduce, picture, words, image_of).relu()
            query, key, value = (layer(pair).relu() for layer in (self.query, self.key, self.value))
            residual = _mean(pair, word_mask)
        key, value = (_pool(x, word_mask, size) for x in (key, value))
        key_mask = _pool_mask(word_mask).repeat_interleave(key.shape[1] // _half(words.shape[1]), 1)
        self._emit(query, key, key_mask, word_mask, size)
        attended = F.scaled_dot_product_attention(
            query.flatten(1, 2)[:, None],
            key[:, None],
            value[:, None],
            attn_mask=key_mask[:, None, None],
            scale=1.0,
        )
        attended = self.output(attended[:, 0].unflatten(1, query.shape[1:3])).relu()
        x = self.out(_mean(attended, word_mask) + residual).relu()
        return x.mT.unflatten(-1, size)

    def _of_pair(
        self, layer: nn.Linear, picture: Tensor, words: Tensor, image_of: Tensor | None
    ) -> Tensor:
        """Apply a linear map to every f_pn without building it: (B, T, P, channels)."""
        of_visual, of_words, of_place = layer.weight.split([self.visual, words.shape[-1], 8], dim=1)
        of_picture = F.linear(picture, torch.cat([of_visual, of_place], 1), layer.bias)
        return per_sentence(of_picture, image_of)[:, None] + F.linear(words, of_words)[:, :, None]

    def _mean_pair(
        self, picture: Tensor, words: Tensor, word_mask: Tensor, image_of: Tensor | None
    ) -> Tensor:
        """Build mean_n f_pn: (B, P, C_v + C_l + 8)."""
        visual, place = per_sentence(picture, image_of).split([self.visual, 8], -1)
        mean = mean_over_words(words, word_mask)[:, None].expand(-1, visual.shape[1], -1)
        return torch.cat([visual, mean, place], -1)

    def _emit(
        self,
        query: Tensor,
        key: Tensor,
        key_mask: Tensor,
        word_mask: Tensor,
        size: tuple[int, ...],
    ) -> None:
        def received() -> Tensor:
            total = torch.zeros_like(key[:, :, 0])
            for word in range(query.shape[1]):
                scores = query[:, word] @ key.mT
                weights = scores.masked_fill(~key_mask[:, None], -torch.inf).softmax(-1)
                total += weights.mean(1) * word_mask[:, word, None]
            return _spread(total / word_mask.sum(1, keepdim=True), word_mask, size)

        emit(self, "pixel_map", lambda: received().sum(1))
        emit(self, "word_attention", lambda: received().sum((2, 3)))


def _half(count: int) -> int:
    return (count + 1) // 2


def _mean(pairs: Tensor, word_mask: Tensor) -> Tensor:
    """Average (B, T, P, C) over the real words into (B, P, C)."""
    share = word_mask / word_mask.sum(1, keepdim=True)
    return torch.einsum("btpc,bt->bpc", pairs, share.to(pairs.dtype))


def _pool(pairs: Tensor, word_mask: Tensor, size: tuple[int, ...]) -> Tensor:
    """Max-pool (B, T, P, d), all >= 0, 2x2x2 into (B, K, d); padding words never win."""
    # After a ReLU nothing is below zero, so zero is the neutral element of the maximum.
    volume = (pairs * word_mask[:, :, None, None]).unflatten(2, size).permute(0, 4, 1, 2, 3)
    return F.max_pool3d(volume, 2, ceil_mode=True).flatten(2).mT


def _pool_mask(word_mask: Tensor) -> Tensor:
    """Say which pairs of neighbouring words hold a real one: (B, ceil(T / 2))."""
    return F.pad(word_mask, (0, word_mask.shape[1] % 2)).unflatten(1, (-1, 2)).any(-1)


def _spread(received: Tensor, word_mask: Tensor, size: tuple[int, ...]) -> Tensor:
    """Share what each block received (B, K) among its real pairs: (B, T, h, w)."""
    words = word_mask.shape[1]
    blocks = (_half(words), _half(size[0]), _half(size[1]))

    def unpool(x: Tensor) -> Tensor:
        for axis in (1, 2, 3):
            x = x.repeat_interleave(2, axis)
        return x[:, :words, : size[0], : size[1]]

    real = word_mask[:, :, None, None].expand(-1, -1, *size).to(received)
    # With ceil_mode the last block would divide by its true size: undo that by summing ourselves.
    padded = F.pad(real, (0, size[1] % 2, 0, size[0] % 2, 0, words % 2))
    count = 8 * F.avg_pool3d(padded[:, None], 2)[:, 0]
    return unpool(received.unflatten(1, blocks) / count.clamp(min=1)) * real
