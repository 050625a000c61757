"""The LSTM text encoder of papers 001, 002 and 003: word vectors, then one layer, left to right.

The released TensorFlow code (001) skips its cell at padding; here padding is packed away, so that
the same holds for a batch, for padding on either side, and for a sentence alone.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from refseg_lib.text.encoders import WordEmbedding


class LSTMEncoder(nn.Module):
    """Word table, then an LSTM: word t knows the words before it.

    Attributes:
        width: Channels of the output, the hidden size.
        embedding: The word table; its ``table`` is (vocabulary_size, embedding).
    """

    def __init__(
        self,
        vocabulary_size: int,
        *,
        embedding: int = 300,
        width: int = 1000,
        weights: Tensor | None = None,
        trainable: bool = True,
        normalised: bool = False,
    ) -> None:
        """Make the table and the layer.

        Args:
            vocabulary_size: Rows of the word table; id 0 is padding.
            embedding: Channels of a word vector (300, GloVe).
            width: Hidden size: 1000 in 001 and 002, 512 in 003.
            weights: Word vectors (vocabulary_size, embedding) to start from; None for U(-0.08,
                0.08).
            trainable: Whether the word table is learned (001, 002) or frozen (003).
            normalised: Divide each output by its Euclidean length, as the released code of 001
                does; no paper says so.

        Raises:
            UserError: ``weights`` has another shape.
        """
        super().__init__()
        self.width = width
        self.normalised = normalised
        self.embedding = WordEmbedding(vocabulary_size, embedding, weights, trainable=trainable)
        self.lstm = nn.LSTM(embedding, width, batch_first=True)
        self.initialise()

    def initialise(self) -> None:
        """Start as TensorFlow's BasicLSTMCell: Glorot kernel, zero bias, forget gate + 1.

        The kernel there is one matrix for the four gates, (input + hidden, 4 hidden); torch's two
        biases are its learned one and the added constant, which is not learned.
        """
        limit = (6 / (self.lstm.input_size + self.width + 4 * self.width)) ** 0.5
        weights: dict[str, nn.Parameter] = dict(self.lstm.named_parameters())
        nn.init.uniform_(weights["weight_ih_l0"], -limit, limit)
        nn.init.uniform_(weights["weight_hh_l0"], -limit, limit)
        nn.init.zeros_(weights["bias_ih_l0"])
        # torch's order of gates is input, forget, cell, output.
        constant = weights["bias_hh_l0"].requires_grad_(False)
        nn.init.zeros_(constant)
        nn.init.ones_(constant[self.width : 2 * self.width])

    def forward(self, words: Tensor, word_mask: Tensor) -> Tensor:
        """Read the sentences.

        Args:
            words: (B, T) word ids.
            word_mask: (B, T), True at real words; padding may stand anywhere.

        Returns:
            (B, T, width): the state after each word, zero at padding.
        """
        vectors = self.embedding(words, word_mask)
        # Real words to the front, in their order, whichever side was padded.
        order = torch.sort(~word_mask, dim=1, stable=True).indices
        # A sentence without any word is read as one word of padding; its output is zero anyway.
        lengths = word_mask.sum(1).clamp(min=1).cpu()
        packed = pack_padded_sequence(
            _taken(vectors, order), lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=words.shape[1]
        )
        back = torch.argsort(order, dim=1)
        states = _taken(states, back) * word_mask[..., None]
        return F.normalize(states, dim=-1) if self.normalised else states


def _taken(sequence: Tensor, order: Tensor) -> Tensor:
    """Take the steps of (B, T, C) in another order (B, T)."""
    return sequence.gather(1, order[..., None].expand(-1, -1, sequence.shape[-1]))
