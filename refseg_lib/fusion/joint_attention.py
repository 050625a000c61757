"""Joint attention: the picture's cells and the sentence's words attend to one another.

The same idea as SHNet's synchronous attention (paper 003 §3.2), in the form that photographs need:
a pre-norm Transformer encoder over [cells of the coarsest level; words]. "The left one" compares
things that lie far apart, so every cell must see every other; on the coarsest grid of a strided
backbone (10 x 10 cells at 320 px) that costs next to nothing. Finer levels skip the attention;
the sentence only chooses among their channels, and the decoder joins them again.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.context import Context
from refseg_lib.fusion.pair_attention import per_sentence
from refseg_lib.trace import emit
from refseg_lib.vision.spatial import spatial_coordinates

# Places of words that are told apart.
LONGEST = 24


class JointAttention(nn.Module):
    """Per-level fusion of all levels at once.

    Traces:
        joint.word_weights (B, T): how much each word counts in the sentence's vector.

    The coarsest map answers on the side as well (``side_logits`` of the context): where the thing
    is, before its outline is known. A training loss on that answer reaches the attention directly.

    Attributes:
        wants_context: True: called with the context instead of features, words and mask.
        levels: Names of the levels used, coarsest last.
        out_channels: Level name to channels of the result.
    """

    wants_context = True
    trace_name = "joint"

    def __init__(
        self,
        channels: Mapping[str, int],
        *,
        language: int,
        width: int,
        skip: int,
        layers: int = 2,
        heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        """Make the layers.

        Args:
            channels: Level name to channels, finest first; the last one is attended to.
            language: Channels of a word.
            width: Channels of cells and words while they attend.
            skip: Channels that are kept of the finer levels (half of it of each next finer one).
            layers: Rounds of attention.
            heads: Attention heads; divides ``width``.
            dropout: Share of activations dropped in training.
        """
        super().__init__()
        self.levels = tuple(channels)
        *finer, coarsest = self.levels
        skips = {level: max(8, skip >> step) for step, level in enumerate(reversed(finer))}
        self.out_channels = {**skips, coarsest: width}
        self.norms = nn.ModuleDict(
            {level: nn.LayerNorm(count) for level, count in channels.items()}
        )
        self.from_cells = nn.Linear(sum(channels.values()) + 8, width)
        self.cell_norm = nn.LayerNorm(width)
        self.from_words = nn.Linear(language, width)
        # "Man behind dog" and "dog behind man" hold the same words.
        self.word_place = nn.Parameter(torch.zeros(LONGEST, width))
        self.word_norm = nn.LayerNorm(width)
        self.word_drop = nn.Dropout(dropout)
        # No bias: a softmax would not notice it.
        self.word_score = nn.Linear(width, 1, bias=False)
        self.modulate = nn.Linear(width, 2 * width)
        self.skips = nn.ModuleDict(
            {level: nn.Linear(channels[level], count) for level, count in skips.items()}
        )
        self.choose = nn.ModuleDict({level: nn.Linear(width, n) for level, n in skips.items()})
        self.layers = nn.ModuleList(_Layer(width, heads, dropout) for _ in range(layers))
        self.out_norm = nn.LayerNorm(width)
        self.side = nn.Linear(width, 1)

    def forward(self, context: Context) -> dict[str, Tensor]:
        """Fuse picture and sentence.

        Args:
            context: Features, words (B, T, C_l) and which image each sentence looks at; its
                ``side_logits`` gain (B, 1, h, w) for the coarsest level.

        Returns:
            Level name to (B, out_channels, h, w).
        """
        features, image_of = context.features, context.image_of
        words, word_mask = context.words, context.word_mask
        # Backbone maps come in any scale; their channels are made comparable cell by cell.
        normed = {
            level: self.norms[level](features[level].permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            for level in self.levels
        }
        coarsest = self.levels[-1]
        height, width = features[coarsest].shape[-2:]
        sentence, spoken = self._sentence(words, word_mask)

        # Once per image: one vector per cell of the coarsest grid, from all levels and its place.
        place = spatial_coordinates(height, width, device=words.device, dtype=words.dtype)
        pooled = [F.adaptive_avg_pool2d(x, (height, width)) for x in normed.values()]
        parts = [*pooled, place.expand(len(pooled[0]), -1, -1, -1)]
        cells = self.cell_norm(self.from_cells(torch.cat(parts, 1).flatten(2).mT))

        # From here on per sentence.
        scale, shift = self.modulate(sentence)[:, None].chunk(2, -1)
        cells = per_sentence(cells, image_of) * (1 + scale) + shift
        both = torch.cat([cells, spoken], 1)
        real = torch.cat([word_mask.new_ones(cells.shape[:2]), word_mask], 1)[:, None, None]
        for layer in self.layers:
            both = layer(both, real)
        attended = self.out_norm(both[:, : height * width])
        fused = {coarsest: attended.mT.unflatten(-1, (height, width))}
        context.side_logits[coarsest] = self.side(attended).mT.unflatten(-1, (height, width))
        for level, keep in self.skips.items():
            kept = keep(normed[level].permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            chosen = 1 + self.choose[level](sentence)
            fused[level] = per_sentence(kept, image_of) * chosen[..., None, None]
        return fused

    def _sentence(self, words: Tensor, word_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sentence's vector (B, C) and its words (B, T, C)."""
        # Words beyond the last known place share it.
        place = torch.arange(words.shape[1], device=words.device).clamp(max=LONGEST - 1)
        spoken = self.word_drop(F.relu(self.from_words(words))) + self.word_place[place]
        spoken = self.word_norm(spoken)
        scores = self.word_score(spoken)[..., 0].masked_fill(~word_mask, float("-inf"))
        weights = scores.softmax(-1)
        emit(self, "word_weights", weights)
        return (weights[..., None] * spoken).sum(1), spoken


class _Layer(nn.Module):
    """One pre-norm Transformer layer: attention, then two linear maps, each added to its input."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.feed = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(2 * width, width)
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        """Attend (B, N, C) to the rows that are real: (B, 1, 1, N), True = may be looked at."""
        qkv = self.qkv(self.attention_norm(x)).unflatten(-1, (3, self.heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        # No dropout of attention weights: it would leave the fast kernel, five times slower here.
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=real)
        x = x + self.drop(self.joined(seen.transpose(1, 2).flatten(2)))
        return x + self.drop(self.feed(self.feed_norm(x)))
