"""What kind of word is it? Entity, attribute, relation or none of them (001 §3.2, Eq. 1, 2 and 11).

Nobody tells the network the types: they are whatever helps to find the mask. Each word gets a
probability of each type; sums over words weighted by them are the vectors the rest of CMPC works
with. Legend: B sentences, T words, C channels.
"""

from torch import Tensor, nn

from refseg_lib.errors import UserError

TYPES = ("entity", "attribute", "relation", "unnecessary")
ACTIVATIONS = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}


class WordTypes(nn.Module):
    """p_t = softmax(W2 act(W1 l_t + b1) + b2), Eq. 1: two linear layers on each word alone."""

    def __init__(self, language: int, hidden: int = 500, activation: str = "sigmoid") -> None:
        """Make the layers.

        Args:
            language: Channels of a word, C_l.
            hidden: Hidden channels, C_n: 500 in the released code, not given in the paper.
            activation: ``"sigmoid"`` (paper) or ``"relu"`` (released).

        Raises:
            UserError: An unknown ``activation``.
        """
        super().__init__()
        if activation not in ACTIVATIONS:
            raise UserError(
                f"unknown activation {activation!r} given to WordTypes; choose one of"
                f" {', '.join(ACTIVATIONS)}"
            )
        self.hidden = nn.Linear(language, hidden)
        self.activation = ACTIVATIONS[activation]()
        self.score = nn.Linear(hidden, len(TYPES))

    def forward(self, words: Tensor, word_mask: Tensor) -> Tensor:
        """Classify the words.

        Args:
            words: (B, T, C).
            word_mask: (B, T), True at real words.

        Returns:
            p (B, T, 4) in the order of ``TYPES``: rows sum to one, and are zero at padding, so
            that sums over words need no mask.
        """
        scores = self.score(self.activation(self.hidden(words)))
        return scores.softmax(-1) * word_mask[..., None]


def entity_context(words: Tensor, types: Tensor) -> Tensor:
    """Compute q = sum over t of (p_entity + p_attribute) l_t, Eq. 2.

    Args:
        words: (B, T, C).
        types: (B, T, 4).

    Returns:
        (B, C).
    """
    return (types[..., :2].sum(-1, keepdim=True) * words).sum(1)


def necessary_words(words: Tensor, types: Tensor) -> Tensor:
    """Compute (p_entity + p_attribute + p_relation) l_t of every word; their sum is s, Eq. 11.

    Eq. 11 is printed with a sum from t = 0; the words are 1 to T.

    Args:
        words: (B, T, C).
        types: (B, T, 4).

    Returns:
        (B, T, C).
    """
    return types[..., :3].sum(-1, keepdim=True) * words
