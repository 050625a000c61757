"""Synchronous multi-modal fusion as the released code computes it (paper 003's authors).

Against the printed module (:mod:`refseg_lib.fusion.sfm`): a pre-norm Transformer encoder of several
layers, each norm -> attention -> sum, norm -> two linear maps -> sum, with dropout and a last norm;
position encodings are added to queries and keys of every layer, not to values.
"""

from torch import Tensor, nn

from refseg_lib.fusion.default_start import default_start
from refseg_lib.fusion.pair_attention import Parts, per_sentence
from refseg_lib.fusion.sfm import check_heads, emit_attention, position_parts
from refseg_lib.fusion.synchronous_attention import synchronous_attention, synchronous_weights
from refseg_lib.trace import tracing


class ReleasedSFM(nn.Module):
    """A pre-norm Transformer encoder over [pixels; words].

    Traces: those of :class:`refseg_lib.fusion.sfm.SFM`, of the last layer.
    """

    trace_name = "sfm"

    def __init__(
        self,
        channels: int,
        *,
        layers: int = 2,
        feed: int = 512,
        heads: int = 8,
        dropout: float = 0.2,
        positions: bool = True,
        pos_to_value: bool = False,
    ) -> None:
        """Make the layers.

        Args:
            channels: C of pixels and words; divisible by 4 and by ``heads``.
            layers: Rounds; the code's default is 1, its instructions ask for 2.
            feed: Hidden channels of the two linear maps; the code's default is 256, its
                instructions ask for 512.
            heads: Attention heads.
            dropout: Share of activations dropped in training.
            positions: Use position encodings.
            pos_to_value: Add them to the values as well.

        Raises:
            UserError: Heads that do not divide the channels.
        """
        super().__init__()
        check_heads(channels, heads)
        self.positions = positions
        self.layers = nn.ModuleList(
            _Layer(channels, feed, heads, dropout, pos_to_value) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(channels)

    def initialise(self) -> None:
        """Start as the released code does."""
        default_start(self)

    def forward(
        self,
        feature: Tensor,
        words: Tensor,
        word_mask: Tensor,
        image_of: Tensor | None = None,
        level: str = "level",
    ) -> tuple[Tensor, Tensor]:
        """Fuse one level with the sentence; arguments and result as in ``SFM.forward``."""
        size = (feature.shape[-2], feature.shape[-1])
        places = position_parts(feature, words, word_mask, self.positions)
        words = words.masked_fill(~word_mask[..., None], 0)
        x = Parts(feature.flatten(2).mT, words)
        for layer in self.layers:
            assert isinstance(layer, _Layer)
            if layer is self.layers[-1] and tracing(self):
                query, key, _ = layer.projected(x, places)
                weights = synchronous_weights(query, key, word_mask, image_of, layer.heads)
                emit_attention(self, level, weights, size)
            x = layer(x, places, word_mask, image_of)
            # From the first layer on every sentence has pixels of its own.
            image_of = None
        pixels, said = self.norm(x.pixels), self.norm(x.words)
        return pixels.mT.unflatten(-1, size), said * word_mask[..., None]


class _Layer(nn.Module):
    """Attention and two linear maps, each behind a norm and added to its input."""

    def __init__(
        self, channels: int, feed: int, heads: int, dropout: float, pos_to_value: bool
    ) -> None:
        super().__init__()
        self.heads = heads
        self.pos_to_value = pos_to_value
        self.attention_norm = nn.LayerNorm(channels)
        self.query, self.key, self.value, self.out = (
            nn.Linear(channels, channels) for _ in range(4)
        )
        self.feed_norm = nn.LayerNorm(channels)
        self.feed = nn.Sequential(
            nn.Linear(channels, feed), nn.ReLU(), nn.Dropout(dropout), nn.Linear(feed, channels)
        )
        self.drop = nn.Dropout(dropout)

    def projected(self, x: Parts, places: Parts) -> tuple[Parts, Parts, Parts]:
        """Compute queries, keys and values."""
        plain = Parts(*(self.attention_norm(part) for part in x))
        placed = Parts(plain.pixels + places.pixels, plain.words + places.words)
        valued = placed if self.pos_to_value else plain
        pairs = ((self.query, placed), (self.key, placed), (self.value, valued))
        query, key, value = (Parts(layer(part.pixels), layer(part.words)) for layer, part in pairs)
        return query, key, value

    def forward(self, x: Parts, places: Parts, word_mask: Tensor, image_of: Tensor | None) -> Parts:
        """Turn pixels (I, P, C) and words (B, T, C) into (B, P, C) and (B, T, C)."""
        query, key, value = self.projected(x, places)
        attended = synchronous_attention(query, key, value, word_mask, image_of, self.heads)
        return Parts(
            self._added(per_sentence(x.pixels, image_of), attended.pixels),
            self._added(x.words, attended.words),
        )

    def _added(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + self.drop(self.out(attended))
        return x + self.drop(self.feed(self.feed_norm(x)))
