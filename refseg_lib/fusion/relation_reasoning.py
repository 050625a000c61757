"""Relation-aware reasoning, RAR (001 §3.2, Eq. 5-10): relation words tell pixels whom to listen to.

Pixels are the vertices of a graph. B = (M_g W5)(R W6)^T says how much each pixel has to do with
each relation word, B1 = softmax of B over words, B2 = softmax of B^T over pixels, and A = B1 B2 is
the adjacency: pixel to word to pixel. Then M' = (A + I) M_g W7.

A has P x P entries but rank T: A M = B1 (B2 M), so it is never built; and (M_g W5)(R W6)^T =
M_g (R W6 W5^T)^T moves W5 from the P pixels to the T words. Both are exact. The released code
differs: the affinity is divided by sqrt(C_h) and has biases; the probability of being a relation
multiplies the affinity instead of the word; M itself is the graph, not a linear map of it; and a
layer is ReLU(norm(conv1x1(ReLU(norm(A M) + M)))), the result divided by its length.
Legend: B sentences, P pixels, T words, C = C_m channels of a pixel.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.released_norms import JointNorm, unit
from refseg_lib.trace import emit

REL_WEIGHTS = ("word", "logit")
NORMS = ("none", "ln")


class RelationReasoning(nn.Module):
    """The graph of one level and its convolutions.

    Traces (h x w is the level's grid):
        affinity (B, T, h, w): B, zero at padding (paper 001 Fig. 5: its first word).
        routing (B, T, h, w): B1, to which word every pixel turns; sums to one over words.
        adjacency (B, P, P): A; rows sum to one.
    """

    def __init__(
        self,
        *,
        multimodal: int,
        language: int,
        affinity: int,
        layers: int = 1,
        scale: bool = True,
        rel_weight: str = "word",
        norm: str = "ln",
        balanced: bool = False,
    ) -> None:
        """Make the linear maps.

        Args:
            multimodal: Channels of a pixel, C_m.
            language: Channels of a word, C_l.
            affinity: Channels in which pixels and words are compared, C_h.
            layers: Graph convolutions, one after another over the same A: 1, and 2 on G-Ref.
            scale: Divide the affinity by sqrt(C_h) (released; the paper does not).
            rel_weight: What the probability of being a relation multiplies: the ``"word"`` (paper,
                Eq. 5) or the ``"logit"`` (released).
            norm: ``"none"``: Eq. 10 on a linear map of M (paper); ``"ln"``: the released layer.
            balanced: See :func:`refseg_lib.fusion.released_norms.unit`.

        Raises:
            UserError: An unknown ``rel_weight`` or ``norm``, or no layer.
        """
        super().__init__()
        for what, given, known in (
            ("rel_weight", rel_weight, REL_WEIGHTS),
            ("norm", norm, NORMS),
        ):
            if given not in known:
                raise UserError(
                    f"unknown {what} {given!r} given to RelationReasoning; choose one of"
                    f" {', '.join(known)}"
                )
        if layers < 1:
            raise UserError(f"{layers} layers given to RelationReasoning; expected 1 or more")
        self.temperature = affinity**0.5 if scale else 1.0
        self.rel_weight, self.balanced = rel_weight, balanced
        bias = rel_weight == "logit"
        self.of_pixels = nn.Linear(multimodal, affinity, bias=bias)
        self.of_words = nn.Linear(language, affinity, bias=bias)
        self.vertices = nn.Linear(multimodal, multimodal) if norm == "none" else None
        self.updates = nn.ModuleList(
            nn.Linear(multimodal, multimodal, bias=norm == "ln") for _ in range(layers)
        )
        self.norms = None
        if norm == "ln":
            self.norms = nn.ModuleList(JointNorm(multimodal) for _ in range(2 * layers))

    def forward(self, joint: Tensor, words: Tensor, word_mask: Tensor, types: Tensor) -> Tensor:
        """Let the pixels talk.

        Args:
            joint: M (B, C, h, w).
            words: (B, T, C_l), zero at padding.
            word_mask: (B, T), True at real words.
            types: (B, T, 4), see :mod:`refseg_lib.fusion.word_types`.

        Returns:
            M' (B, C, h, w).
        """
        size = (joint.shape[-2], joint.shape[-1])
        graph = joint.flatten(2).mT
        if self.vertices is not None:
            graph = self.vertices(graph)
        affinity = self._affinity(graph, words, types[..., 2:3])
        by_word = affinity.masked_fill(~word_mask[:, None], -torch.inf).softmax(-1)
        # Padding needs no mask here: no pixel turns to it.
        by_pixel = affinity.softmax(1).mT
        known = word_mask[..., None, None]
        emit(self, "affinity", lambda: affinity.mT.unflatten(-1, size) * known)
        emit(self, "routing", lambda: by_word.mT.unflatten(-1, size))
        emit(self, "adjacency", lambda: by_word @ by_pixel)
        for layer in range(len(self.updates)):
            heard = by_word @ (by_pixel @ graph.to(by_pixel.dtype))
            graph = self._updated(layer, graph, heard)
        if self.norms is not None:
            graph = unit(graph, self.balanced)
        return graph.mT.unflatten(-1, size)

    def _affinity(self, graph: Tensor, words: Tensor, relation: Tensor) -> Tensor:
        """Compute B (B, P, T)."""
        if self.rel_weight == "word":
            words = relation * words
        asked = self.of_words(words) / self.temperature
        # (M W5 + b5) k = M (W5 k) + b5 k: the pixels' matrix is applied to the words.
        affinity = graph @ F.linear(asked, self.of_pixels.weight.mT).mT.to(graph.dtype)
        if self.of_pixels.bias is not None:
            affinity = affinity + (asked @ self.of_pixels.bias.to(asked.dtype))[:, None]
        return affinity if self.rel_weight == "word" else affinity * relation.mT

    def _updated(self, layer: int, graph: Tensor, heard: Tensor) -> Tensor:
        """Turn what pixels are and what they heard into what they become."""
        if self.norms is None:
            return self.updates[layer](heard + graph)
        hidden = F.relu(self.norms[2 * layer](heard) + graph)
        return F.relu(self.norms[2 * layer + 1](self.updates[layer](hidden)))
