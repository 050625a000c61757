"""Pairwise relational shift, PRS (paper 000 §3.2.3, Eq. 4), and the concatenation in its place.

For an edge (s, r, o): A_{s<-o} = tanh(Conv_{r^-1}(X_o)), X_{s<-o} = F(A_{s<-o} * V, P, s), and the
other way round A_{s->o} = tanh(Conv_r(X_s)), X_{s->o} = F(A_{s->o} * V, P, o); then both results
are fed back, three times in all, with the same weights.

Each direction reads the other one's last result, so the six maps of three rounds are two chains
that never meet: X_o, X_{s<-o}, X_{s->o}, X_{s<-o} and X_s, X_{s->o}, X_{s<-o}, X_{s->o}. The
integration (Eq. 3) asks for the end of one of them; the other is computed only where objects are
updated as well. Together with :mod:`refseg_lib.fusion.node_fusion` (W_V V once per image) nothing
but the convolutions of one chain is left to do per edge.

Legend: E edges, N nodes, D channels, h x w cells.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from refseg_lib.fusion.node_fusion import Scene
from refseg_lib.fusion.pair_attention import per_sentence


class Edges(NamedTuple):
    """Edges handled together, sorted by type.

    Attributes:
        subject: (E, D, h, w) X_s.
        object: (E, D, h, w) X_o.
        subject_phrase: (E, D, 1, 1) tanh(W_h h) of the subject.
        object_phrase: (E, D, 1, 1) of the object.
        image: (E,) the image of each edge.
        types: (E,) numbers of relations, ascending.
        groups: (type, number of edges) of the runs of equal type.
    """

    subject: Tensor
    object: Tensor
    subject_phrase: Tensor
    object_phrase: Tensor
    image: Tensor
    types: Tensor
    groups: list[tuple[int, int]]


Shift = Callable[[Edges, Scene, bool], tuple[Tensor, Tensor | None]]
"""(edges, scene, to_subject) -> messages (E, D, h, w) and the last attention (E, h, w), if any."""


class PairwiseShift(nn.Module):
    """PRS, applied ``iterations`` times."""

    def __init__(self, convolution: nn.Module, iterations: int = 3) -> None:
        """Take the convolutions.

        Args:
            convolution: See :class:`refseg_lib.fusion.relation_convolution.RelationConvolution`.
            iterations: How often, at least once; 3 in the paper.
        """
        super().__init__()
        self.convolution = convolution
        self.iterations = iterations

    def forward(self, edges: Edges, scene: Scene, to_subject: bool) -> tuple[Tensor, Tensor]:
        """Pass messages along edges.

        Args:
            edges: The edges.
            scene: The level's map, once per image.
            to_subject: Return X_{s<-o}; otherwise X_{s->o}.

        Returns:
            ``(messages, attention)``: (E, D, h, w), and the A of the last round (E, h, w) in
            [-1, 1].
        """
        visual = per_sentence(scene.visual, edges.image)
        # The last round ends where it is asked to; each round before it ends at the other node.
        ends_at_subject = [
            to_subject == ((self.iterations - 1 - i) % 2 == 0) for i in range(self.iterations)
        ]
        maps = edges.object if ends_at_subject[0] else edges.subject
        attention = maps
        for at_subject in ends_at_subject:
            attention = torch.tanh(self.convolution(maps, edges, inverse=at_subject))
            phrase = edges.subject_phrase if at_subject else edges.object_phrase
            maps = torch.tanh(torch.addcmul(scene.place, attention, visual)) * phrase
        return maps, attention[:, 0]


class ConcatMessage(nn.Module):
    """Concat-1 of Table 2: the nodes' maps and the edge's language side by side, no shift.

    X_{n<-m} = tanh(Conv([X_n; X_m; e])), a 1x1 convolution, so that a cell only hears of itself.
    "The edge's language features" e are, as our reading, one learned vector per type of relation
    (and per direction): an edge of a language graph has a type and no words of its own.
    """

    def __init__(self, *, types: int, channels: int) -> None:
        """Make the layers: R ``types``, D ``channels`` of a node's map."""
        super().__init__()
        self.types = types
        self.relation = nn.Embedding(2 * types, channels)
        self.receiver = nn.Conv2d(channels, channels, 1)
        self.sender = nn.Conv2d(channels, channels, 1, bias=False)
        self.edge = nn.Linear(channels, channels, bias=False)

    def forward(self, edges: Edges, scene: Scene, to_subject: bool) -> tuple[Tensor, None]:
        """Pass messages along edges, see :class:`PairwiseShift`; there is no attention."""
        nodes = (edges.subject, edges.object)
        receiver, sender = nodes if to_subject else nodes[::-1]
        language = self.edge(self.relation(edges.types + (0 if to_subject else self.types)))
        mixed = self.receiver(receiver) + self.sender(sender) + language[..., None, None]
        return torch.tanh(mixed), None
