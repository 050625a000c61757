"""The text encoder of BUSNet (paper 000 §3.1, Eq. 1): positions, then self-attention.

w'_t = w_t + pos_t;  h_t = sum_i softmax_i(q_t . k_i) v_i, with q, k and v linear in w'. One head,
no scale, no residual, as printed; both are switches. Not said in the paper: which positional
encoding (here: sines, or a learned table), and how GloVe's 300 numbers become the D_w = 512 of w
(here: a linear map).
"""

import torch
from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.text.encoders import WordEmbedding
from refseg_lib.trace import emit

POSITIONS = ("sin", "learned")


class AttentionEncoder(nn.Module):
    """Word table, linear map, positions, self-attention: every word knows all words.

    Traces:
        self_attention (B, T, T): how much the word of the row listens to that of the column; the
            rows of real words sum to one, padding gets nothing.

    Attributes:
        width: Channels of the output.
        embedding: The word table; its ``table`` is (vocabulary_size, embedding).
    """

    def __init__(
        self,
        vocabulary_size: int,
        *,
        embedding: int = 300,
        width: int = 512,
        weights: Tensor | None = None,
        trainable: bool = True,
        position: str = "sin",
        max_length: int = 20,
        scale: bool = False,
        residual: bool = False,
    ) -> None:
        """Make the table and the linear maps.

        Args:
            vocabulary_size: Rows of the word table; id 0 is padding.
            embedding: Channels of a word vector (300, GloVe).
            width: D_w = D_h (512).
            weights: Word vectors (vocabulary_size, embedding) to start from; None for U(-0.08,
                0.08).
            trainable: Whether the word table is learned.
            position: ``"sin"``, for sentences of any length, or ``"learned"``.
            max_length: Rows of the learned positions.
            scale: Divide scores by sqrt(width).
            residual: Add w' to the result.

        Raises:
            UserError: An unknown ``position``, or ``weights`` of another shape.
        """
        super().__init__()
        if position not in POSITIONS:
            raise UserError(
                f"unknown position {position!r} given to AttentionEncoder; choose one of"
                f" {', '.join(POSITIONS)}"
            )
        self.width = width
        self.residual = residual
        self.temperature = width**0.5 if scale else 1.0
        self.embedding = WordEmbedding(vocabulary_size, embedding, weights, trainable=trainable)
        self.project = nn.Linear(embedding, width)
        self.position = nn.Embedding(max_length, width) if position == "learned" else None
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))

    def initialise(self) -> None:
        """Start learned positions as word tables start."""
        if self.position is not None:
            nn.init.uniform_(self.position.weight, -0.08, 0.08)

    def forward(self, words: Tensor, word_mask: Tensor) -> Tensor:
        """Read the sentences.

        Args:
            words: (B, T) word ids.
            word_mask: (B, T), True at real words; padding may stand anywhere, words are counted
                without it.

        Returns:
            (B, T, width), zero at padding.

        Raises:
            UserError: A sentence is longer than the learned positions.
        """
        placed = self.project(self.embedding(words, word_mask)) + self._positions(word_mask)
        scores = self.query(placed) @ self.key(placed).mT / self.temperature
        # The least number instead of -inf: a sentence without any word must not become NaN.
        scores = scores.masked_fill(~word_mask[:, None], torch.finfo(scores.dtype).min)
        weights = scores.softmax(-1) * word_mask[..., None]
        emit(self, "self_attention", weights)
        heard = weights @ self.value(placed)
        if self.residual:
            heard = heard + placed * word_mask[..., None]
        return heard

    def _positions(self, word_mask: Tensor) -> Tensor:
        """Return the encodings (B, T, width) of the places among the real words, from 0."""
        place = (word_mask.cumsum(1) - 1).clamp(min=0)
        if self.position is None:
            return sine_positions(word_mask.shape[1], self.width, place.device)[place]
        longest = int(word_mask.sum(1).max())
        if longest > self.position.num_embeddings:
            raise UserError(
                f"a sentence of {longest} words given to AttentionEncoder, which learned"
                f" {self.position.num_embeddings} positions: cut it, or build with"
                f" max_length={longest}"
            )
        return self.position(place)


def sine_positions(length: int, width: int, device: torch.device | str = "cpu") -> Tensor:
    """Encode places by sines and cosines of falling frequency (Vaswani et al. 2017, §3.5).

    Args:
        length: Places 0 to length - 1.
        width: Channels: 2i is sin(place / 10000^(2i/width)), 2i + 1 the cosine.
        device: Where to.

    Returns:
        (length, width), fp32.
    """
    channel = torch.arange(width, device=device)
    rate = 10000.0 ** (-(channel - channel % 2) / width)
    angle = torch.arange(length, device=device)[:, None] * rate
    return torch.where(channel % 2 == 0, angle.sin(), angle.cos())
