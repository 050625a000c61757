"""Synchronous multi-modal fusion, SFM (paper 003 §3.2, Eq. 1), as the paper has it.

X = LayerNorm([V; L]), X = X + [P_v; P_l], F = MultiHead(X): pixels and words of one level lie side
by side and attend to one another, so that word-word, pixel-pixel and word-pixel interactions
happen in one step. The released code has a Transformer encoder here:
:mod:`refseg_lib.fusion.sfm_released`. The position encodings are fixed sines in both.

Legend: I images, B sentences, T words, C channels, P = h w pixels.
"""

from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.default_start import default_start
from refseg_lib.fusion.grid_positions import grid_positions
from refseg_lib.fusion.pair_attention import Parts, per_sentence
from refseg_lib.fusion.synchronous_attention import synchronous_attention, synchronous_weights
from refseg_lib.text.attention_encoder import sine_positions
from refseg_lib.trace import emit, tracing


def position_parts(feature: Tensor, words: Tensor, word_mask: Tensor, used: bool = True) -> Parts:
    """Encode the places of a level's pixels and of the words.

    Args:
        feature: (I, C, h, w).
        words: (B, T, C).
        word_mask: (B, T), True at real words; words are counted without padding.
        used: False gives zeros ("SHNet w/o P.E", Table 2).

    Returns:
        P_v (1, P, C) and P_l (B, T, C).
    """
    height, width = feature.shape[-2:]
    channels, length = words.shape[-1], words.shape[1]
    if not used:
        return Parts(words.new_zeros(1, 1, channels), words.new_zeros(1, 1, channels))
    place = (word_mask.cumsum(1) - 1).clamp(min=0)
    grid = grid_positions(height, width, channels).flatten(1).mT
    return Parts(
        grid[None].to(words), sine_positions(length, channels, words.device).to(words)[place]
    )


def emit_attention(module: nn.Module, level: str, weights: Tensor, size: tuple[int, int]) -> None:
    """Emit the four blocks of the attention (B, P + T, P + T) over [pixels; words]."""
    pixels = size[0] * size[1]
    of_pixels, of_words = weights[:, :pixels], weights[:, pixels:]
    emit(module, f"{level}.pixel_pixel", of_pixels[..., :pixels].unflatten(-1, size))
    emit(module, f"{level}.pixel_word", of_pixels[..., pixels:].unflatten(1, size))
    emit(module, f"{level}.word_pixel", of_words[..., :pixels].unflatten(-1, size))
    emit(module, f"{level}.word_word", of_words[..., pixels:])


def check_heads(channels: int, heads: int) -> None:
    """Refuse a number of heads that does not divide the channels."""
    if heads < 1 or channels % heads:
        raise UserError(
            f"{heads} attention heads for {channels} channels given to SFM; heads must divide the"
            " channels"
        )


class SFM(nn.Module):
    """One multi-head attention over [pixels; words].

    Traces (mean over heads; a row's attention over pixels and words together sums to one):
        sfm.<level>.word_word (B, T, T): from the word of the row to the word of the column.
        sfm.<level>.word_pixel (B, T, h, w): from each word to the pixels (Fig. 7).
        sfm.<level>.pixel_word (B, h, w, T): from each pixel to the words.
        sfm.<level>.pixel_pixel (B, P, h, w): from each pixel to the pixels.
    """

    trace_name = "sfm"

    def __init__(
        self,
        channels: int,
        *,
        heads: int = 8,
        positions: bool = True,
        residual: bool = False,
    ) -> None:
        """Make the layers.

        Args:
            channels: C of pixels and words; divisible by 4 and by ``heads``.
            heads: Attention heads; the paper does not say how many, 8 is the released code's.
            positions: Add P_v and P_l.
            residual: F = X + MultiHead(X). The paper prints no sum; with it a pixel keeps what it
                was, and learning is much faster (our choice for the laptop preset).

        Raises:
            UserError: Heads that do not divide the channels.
        """
        super().__init__()
        check_heads(channels, heads)
        self.heads = heads
        self.positions = positions
        self.residual = residual
        self.norm = nn.LayerNorm(channels)
        self.query, self.key, self.value, self.out = (
            nn.Linear(channels, channels) for _ in range(4)
        )

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
        """Fuse one level with the sentence.

        Args:
            feature: (I, C, h, w).
            words: (B, T, C).
            word_mask: (B, T), True at real words.
            image_of: (B,) the image of each sentence; None when sentence b looks at image b.
            level: Name of the level, for the trace.

        Returns:
            f^v (B, C, h, w), and f^l (B, T, C), zero at padding.
        """
        size = (feature.shape[-2], feature.shape[-1])
        places = position_parts(feature, words, word_mask, self.positions)
        pixels = self.norm(feature.flatten(2).mT) + places.pixels
        words = self.norm(words) + places.words
        # Padding words may hold anything; they must not turn up as not-a-number in a product.
        words = words.masked_fill(~word_mask[..., None], 0)
        query, key, value = (
            Parts(layer(pixels), layer(words)) for layer in (self.query, self.key, self.value)
        )
        attended = synchronous_attention(query, key, value, word_mask, image_of, self.heads)
        fused, said = self.out(attended.pixels), self.out(attended.words)
        if self.residual:
            fused, said = fused + per_sentence(pixels, image_of), said + words
        if tracing(self):
            weights = synchronous_weights(query, key, word_mask, image_of, self.heads)
            emit_attention(self, level, weights, size)
        return fused.mT.unflatten(-1, size), said * word_mask[..., None]
