"""The recurrent multimodal interaction that paper 004 compares with (RMI-LSTM, Table 3).

RMI (Liu et al., ICCV 2017): at every pixel one LSTM reads the sentence word by word; its input is
[l2(v_p); w_t; l2(h_t); s_p], the picture's vector, the word's vector and the state of an LSTM over
the words alone. The weights are those of a 1x1 convolution: the same at all pixels. After the last
word the released code undoes the tanh of the state before a ReLU and the mask's convolution.

The input's product with the weights is a sum of a part per image and a part per word, each made
once; only the product with the state has to be made for every pixel and word. Sentences that have
been read to their end drop out of the loop.
Legend: I images, B sentences, P pixels, T words, D channels of the state.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.fusion.cmsa import word_vectors
from refseg_lib.fusion.mutan import Lateral, with_place
from refseg_lib.fusion.pair_attention import per_sentence
from refseg_lib.text.lstm import LSTMEncoder

# Keeps the inverse of tanh finite, as in the released code.
_MARGIN = 1e-3


class WordsAndStates(nn.Module):
    """Text encoder of RMI: beside each word's vector the LSTM's state after it, [w_t; h_t].

    Attributes:
        width: Channels of the output, those of word and state together.
        embedding: The word table.
    """

    def __init__(self, lstm: LSTMEncoder, vector: int) -> None:
        """Take an LSTM over word vectors of ``vector`` channels."""
        super().__init__()
        self.lstm = lstm
        self.width = vector + lstm.width

    @property
    def embedding(self) -> nn.Module:
        """The word table of the LSTM."""
        return self.lstm.embedding

    def forward(self, words: Tensor, word_mask: Tensor) -> Tensor:
        """Read (B, T) word ids into (B, T, width), zero at padding."""
        states = F.normalize(self.lstm(words, word_mask), dim=-1)
        return torch.cat([self.lstm.embedding(words, word_mask), states], -1)


class MultimodalLSTM(nn.Module):
    """An LSTM over the words at every pixel of one level."""

    def __init__(
        self, *, visual: int, language: int, reduced: int, out: int, balanced: bool = False
    ) -> None:
        """Make the weights.

        Args:
            visual: Channels of the level.
            language: Channels of a word.
            reduced: Channels that the picture is brought to first.
            out: Channels of the state, D.
            balanced: See :func:`refseg_lib.fusion.cmsa.picture_vectors`.
        """
        super().__init__()
        self.balanced = balanced
        self.lateral = Lateral(visual, reduced, spatial=False, balanced=balanced)
        # Gates in the order input, forget, candidate, output.
        self.from_picture = nn.Linear(reduced + 8, 4 * out)
        self.from_words = nn.Linear(language, 4 * out, bias=False)
        self.from_state = nn.Linear(out, 4 * out, bias=False)

    def forward(
        self, feature: Tensor, words: Tensor, word_mask: Tensor, image_of: Tensor | None = None
    ) -> Tensor:
        """Read the sentence at every pixel.

        Args:
            feature: (I, C_v, h, w).
            words: (B, T, C_l), padded on the right.
            word_mask: (B, T), True at real words.
            image_of: (B,) the image of each sentence; None when sentence b looks at image b.

        Returns:
            ReLU(atanh(h)) of the state after the last word, (B, D, h, w).
        """
        size = (feature.shape[-2], feature.shape[-1])
        picture = with_place(self.lateral(feature).flatten(2).mT, size, self.balanced)
        if self.balanced:
            words = word_vectors(words, word_mask, balanced=True)
        # Longest first: whoever still reads is a slice at the front.
        lengths, order = word_mask.sum(1).sort(descending=True, stable=True)
        seen = per_sentence(self.from_picture(picture), image_of)[order]
        said = self.from_words(words)[order].to(seen.dtype)
        reading = [int((lengths > step).sum()) for step in range(int(lengths[0]))]
        hidden = cell = seen.new_zeros(*seen.shape[:2], seen.shape[2] // 4)
        finished: list[Tensor] = []
        for step, count in enumerate(reading):
            if count < len(hidden):
                finished.insert(0, hidden[count:])
                hidden, cell = hidden[:count], cell[:count]
            gates = seen[:count] + said[:count, step, None]
            if step:
                gates = gates + self.from_state(hidden)
            admit, keep, candidate, show = gates.chunk(4, -1)
            cell = (keep + 1).sigmoid() * cell + admit.sigmoid() * candidate.tanh()
            hidden = show.sigmoid() * cell.tanh()
        state = torch.cat([hidden, *finished])[order.argsort()]
        # In half precision 1 + the margin would be 1, and a full state infinite.
        state = state.to(torch.promote_types(state.dtype, torch.float32))
        state = 0.5 * ((1 + _MARGIN + state) / (1 + _MARGIN - state)).log()
        return state.to(hidden.dtype).relu().mT.unflatten(-1, size)
