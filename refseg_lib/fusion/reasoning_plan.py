"""Which maps meet when: the language graphs of a batch as a few steps of row numbers.

BUSNet handles the nodes of a graph one by one, modifiers first (paper 000 §3.2.1-3.2.2). Nodes
that do not wait for each other, of one sentence or of several, can be handled at once. Here every
version of a node's map gets a row in one growing bank: first the initial maps X_n of all nodes,
then, step by step, the updated maps X'_n. A step reads rows that exist and appends new ones, so
that what comes out is what the loop over sentences, nodes and edges gives, whatever the order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from refseg_lib.errors import UserError
from refseg_lib.text.graph import LanguageGraph
from refseg_lib.text.reasoning_order import reasoning_order


@dataclass
class Step:
    """E edges whose objects are ready, sorted by type, and the M maps that they change.

    Attributes:
        subject: (E,) bank row of the subject's map X_n.
        object: (E,) bank row of the object's map X'_m.
        subject_node: (E,) its node, numbered over the batch.
        object_node: (E,) likewise.
        types: (E,) numbers of relations, ascending.
        groups: (type, number of edges) of the runs of equal type.
        own: (M,) bank row of the map that each new map starts from.
        receiver: (E,) or, where objects are updated too, (2 E,): which new map gets the message;
            first all messages to subjects, then all to objects.
        parts: (M,) 1 + number of messages received: what the sum is divided by.
    """

    subject: Tensor
    object: Tensor
    subject_node: Tensor
    object_node: Tensor
    types: Tensor
    groups: list[tuple[int, int]]
    own: Tensor
    receiver: Tensor
    parts: Tensor


@dataclass
class ReasoningPlan:
    """The reasoning of a batch.

    Attributes:
        steps: In order.
        sentence: (N,) the sentence of each node; nodes stand as in their graphs.
        final: (N,) bank row of each node's last map.
        referent: (B,) bank row of each sentence's answer X'_ref.
        spans: (N, T) bool, True = a word of the node's phrase.
        step_of: (N,) the step at which a node was last changed, 0 for never.
    """

    steps: list[Step]
    sentence: Tensor
    final: Tensor
    referent: Tensor
    spans: Tensor
    step_of: Tensor


@dataclass(eq=False)
class _Map:
    """One version of one node's map; its row is known once its step is complete."""

    step: int
    row: int = -1
    own: "_Map | None" = None
    messages: int = 0


@dataclass
class _Edge:
    type: int
    subject: _Map
    object: _Map
    nodes: tuple[int, int]
    updated: tuple[_Map, ...]  # the subject's new map, and the object's where it is updated


@dataclass
class _Draft:
    edges: list[_Edge] = field(default_factory=list)
    maps: list[_Map] = field(default_factory=list)


def plan_reasoning(
    graphs: Sequence[LanguageGraph] | None,
    word_mask: Tensor,
    encode: Callable[[str], int],
    order: str = "topological",
    update_object: bool = False,
) -> ReasoningPlan:
    """Lay the graphs of a batch out in steps.

    Args:
        graphs: One per sentence.
        word_mask: (B, T), True at real words.
        encode: Relation to the number of its type.
        order: See :func:`refseg_lib.text.reasoning_order.reasoning_order`. A node that an order
            handles before its modifier meets that one's initial map.
        update_object: Whether an edge also changes its object: the mean of X'_m and the X_{n->m}
            it got, as soon as n has been handled.

    Returns:
        The plan, on the device of ``word_mask``.

    Raises:
        UserError: There are no graphs, or one cannot be reasoned along.
    """
    if graphs is None:
        raise UserError(
            "this model reasons along language graphs and the batch has none: fill Batch.graphs,"
            " one refseg_lib.text.parsing.parse(tokens, language) per sentence"
        )
    drafts: dict[int, _Draft] = {}
    finals: list[_Map] = []
    sentence: list[int] = []
    referents: list[_Map] = []
    for b, graph in enumerate(graphs):
        first = len(sentence)
        current = [_Map(0, first + i) for i in range(len(graph.nodes))]
        sentence += [b] * len(current)
        for node in reasoning_order(graph, order):
            _handle(node, graph, current, first, encode, update_object, drafts)
        finals += current
        referents.append(current[graph.referent])
    rows = len(sentence)
    device = word_mask.device
    steps = []
    for number in sorted(drafts):
        draft = drafts[number]
        for new in draft.maps:
            new.row, rows = rows, rows + 1
        steps.append(_step(draft, update_object, device))
    return ReasoningPlan(
        steps=steps,
        sentence=torch.tensor(sentence, device=device),
        final=torch.tensor([version.row for version in finals], device=device),
        referent=torch.tensor([version.row for version in referents], device=device),
        spans=_spans(graphs, word_mask),
        step_of=torch.tensor([version.step for version in finals], device=device),
    )


def _handle(
    node: int,
    graph: LanguageGraph,
    current: list[_Map],
    first: int,
    encode: Callable[[str], int],
    update_object: bool,
    drafts: dict[int, _Draft],
) -> None:
    """Give a node, if anything modifies it, its updated map; ``current`` is changed in place."""
    edges = [edge for edge in graph.edges if edge.subject == node]
    if not edges:
        return
    touched = [node, *(dict.fromkeys(edge.object for edge in edges) if update_object else ())]
    step = 1 + max(current[i].step for i in (node, *(edge.object for edge in edges)))
    updated = {i: _Map(step, own=current[i]) for i in touched}
    draft = drafts.setdefault(step, _Draft())
    for edge in edges:
        changed = [updated[i] for i in (node, edge.object) if i in updated]
        for new in changed:
            new.messages += 1
        draft.edges.append(
            _Edge(
                encode(edge.relation),
                current[node],
                current[edge.object],
                (first + node, first + edge.object),
                tuple(changed),
            )
        )
    draft.maps += updated.values()
    for i, new in updated.items():
        current[i] = new


def _step(draft: _Draft, update_object: bool, device: torch.device) -> Step:
    edges = sorted(draft.edges, key=lambda edge: edge.type)
    place = {id(new): number for number, new in enumerate(draft.maps)}
    groups: dict[int, int] = {}
    for edge in edges:
        groups[edge.type] = groups.get(edge.type, 0) + 1

    def integers(values: list[int]) -> Tensor:
        return torch.tensor(values, device=device)

    return Step(
        subject=integers([edge.subject.row for edge in edges]),
        object=integers([edge.object.row for edge in edges]),
        subject_node=integers([edge.nodes[0] for edge in edges]),
        object_node=integers([edge.nodes[1] for edge in edges]),
        types=integers([edge.type for edge in edges]),
        groups=list(groups.items()),
        own=integers([new.own.row for new in draft.maps if new.own is not None]),
        receiver=integers(
            [place[id(edge.updated[side])] for side in range(1 + update_object) for edge in edges]
        ),
        parts=integers([1 + new.messages for new in draft.maps]),
    )


def _spans(graphs: Sequence[LanguageGraph], word_mask: Tensor) -> Tensor:
    """Mark each phrase's words (N, T); the whole sentence where none is left.

    A phrase behind the last word that a model reads has no word here.
    """
    lengths = word_mask.sum(1).tolist()
    spans = torch.zeros(
        sum(len(graph.nodes) for graph in graphs), word_mask.shape[1], dtype=torch.bool
    )
    row = 0
    for graph, length in zip(graphs, lengths, strict=True):
        for node in graph.nodes:
            start, stop = node.start, min(node.stop, length)
            if start >= stop:
                start, stop = 0, length
            spans[row, start:stop] = True
            row += 1
    return spans.to(word_mask.device)
