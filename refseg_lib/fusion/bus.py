"""Bottom-up shift, BUS: stepwise inference along the language graph (paper 000 §3.2.2, Eq. 2-4).

Every phrase is laid under the picture (Eq. 2), every edge shifts what its object shows to where
its subject should be (Eq. 4), and a node becomes the mean of its own map and of what its edges
say, X'_n = (X_n + sum of X_{n<-m}) / (|E_n| + 1) (Eq. 3), modifiers first. The answer is the
referent's map. All sentences of a batch walk through their graphs together
(:mod:`refseg_lib.fusion.reasoning_plan`).
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.cmsa import mean_over_words
from refseg_lib.fusion.context import Context
from refseg_lib.fusion.node_fusion import NodeFusion, fuse
from refseg_lib.fusion.pair_attention import per_sentence
from refseg_lib.fusion.pairwise_shift import Edges, Shift
from refseg_lib.fusion.reasoning_plan import ReasoningPlan, Step, plan_reasoning
from refseg_lib.text.reasoning_order import ORDERS
from refseg_lib.trace import emit


class BottomUpShift(nn.Module):
    """BUS at one or several levels, weights not shared unless asked for.

    Traces (N nodes and E edges of the batch; edges in the order in which they were handled):
        bus.node (N, 3): of each node its sentence, its number in the graph, and the step at which
            it was last changed (0: nothing modifies it).
        bus.edge (E, 4): of each edge the rows in ``bus.node`` of subject and object, the number of
            its type, and its step.
        bus.<level>.attention (E, h, w): the last A_{s<-o} in [-1, 1]; not with concatenation.

    Attributes:
        wants_context: True: called with the context alone.
        wants_graphs: True: the context must hold the language graphs.
        levels: The levels reasoned on.
    """

    wants_context = True
    wants_graphs = True
    trace_name = "bus"

    def __init__(
        self,
        channels: Mapping[str, int],
        make_shift: Callable[[], nn.Module],
        encode: Callable[[str], int],
        *,
        language: int,
        width: int,
        share_levels: bool = False,
        order: str = "topological",
        update_object: bool = False,
        balanced: bool = False,
    ) -> None:
        """Make the fusions and the shifts.

        Args:
            channels: Level name to channels, of the levels to reason on.
            make_shift: Makes a :class:`refseg_lib.fusion.pairwise_shift.PairwiseShift` or what
                stands in its place.
            encode: Relation to the number of its type.
            language: Channels of a word, D_h.
            width: Channels of a node's map, D_x.
            share_levels: One shift for all levels (the paper does not say).
            order: ``"topological"`` (default), or ``"reverse_bfs"`` as the paper has it, which
                does not handle modifiers first in every graph.
            update_object: Whether an edge also changes its object, as the paper allows.
            balanced: See :class:`refseg_lib.fusion.node_fusion.NodeFusion`.

        Raises:
            UserError: An unknown order.
        """
        super().__init__()
        if order not in ORDERS:
            raise UserError(f"unknown order {order!r} for BUS; choose one of {', '.join(ORDERS)}")
        self.levels = tuple(channels)
        self.encode, self.order, self.update_object = encode, order, update_object
        self.fusions = nn.ModuleDict(
            {
                level: NodeFusion(visual=visual, language=language, width=width, balanced=balanced)
                for level, visual in channels.items()
            }
        )
        self.shift_of = {level: "all" if share_levels else level for level in self.levels}
        self.shifts = nn.ModuleDict({name: make_shift() for name in self.shift_of.values()})

    def forward(self, context: Context) -> dict[str, Tensor]:
        """Find the referent's map X'_ref: level name to (B, D_x, h, w).

        Raises:
            UserError: The context has no graphs.
        """
        plan = self._plan(context)
        answers = {}
        for level in self.levels:
            bank = self._reason(level, context, plan)
            answers[level] = bank.index_select(0, plan.referent)
        return answers

    def node_maps(self, context: Context) -> dict[str, tuple[Tensor, Tensor]]:
        """Compute, per level, all nodes' initial and last maps X_n, X'_n: two of (N, D_x, h, w)."""
        plan = self._plan(context)
        maps = {}
        for level in self.levels:
            bank = self._reason(level, context, plan)
            maps[level] = (bank[: len(plan.sentence)], bank[plan.final])
        return maps

    def _plan(self, context: Context) -> ReasoningPlan:
        plan = plan_reasoning(
            context.graphs, context.word_mask, self.encode, self.order, self.update_object
        )
        emit(self, "node", lambda: _describe_nodes(plan))
        emit(self, "edge", lambda: _describe_edges(plan))
        return plan

    def _reason(self, level: str, context: Context, plan: ReasoningPlan) -> Tensor:
        """Fill the bank of one level: a row (D_x, h, w) per version of a node's map."""
        fusion: NodeFusion = self.fusions[level]  # pyright: ignore[reportAssignmentType]
        shift: Shift = self.shifts[self.shift_of[level]]
        words = fusion.words(context.words, context.word_mask)
        phrase = fusion.listen(mean_over_words(words[plan.sentence], plan.spans))
        scene = fusion.look(context.features[level])
        image = plan.sentence if context.image_of is None else context.image_of[plan.sentence]
        bank = fuse(scene, phrase, image)
        attention = []
        for step in plan.steps:
            edges = _gather(step, bank, phrase, image)
            messages, seen = shift(edges, scene, True)
            attention.append(seen)
            if self.update_object:
                messages = torch.cat([messages, shift(edges, scene, False)[0]])
            bank = torch.cat([bank, integrate(bank, messages, step)])
        if attention and attention[0] is not None:
            emit(self, f"{level}.attention", lambda: torch.cat(attention))
        return bank


def integrate(bank: Tensor, messages: Tensor, step: Step) -> Tensor:
    """Average each changed node's map and its messages (Eq. 3): the step's (M, D, h, w)."""
    own = per_sentence(bank, step.own)
    total = own.index_add(0, step.receiver, messages.to(own.dtype))
    return total / step.parts[:, None, None, None]


def _gather(step: Step, bank: Tensor, phrase: Tensor, image: Tensor) -> Edges:
    return Edges(
        subject=per_sentence(bank, step.subject),
        object=per_sentence(bank, step.object),
        subject_phrase=phrase[step.subject_node],
        object_phrase=phrase[step.object_node],
        image=image[step.subject_node],
        types=step.types,
        groups=step.groups,
    )


def _describe_nodes(plan: ReasoningPlan) -> Tensor:
    sentence = plan.sentence
    first = torch.searchsorted(sentence, sentence)
    number = torch.arange(len(sentence), device=sentence.device) - first
    return torch.stack([sentence, number, plan.step_of], 1)


def _describe_edges(plan: ReasoningPlan) -> Tensor:
    rows = [
        torch.stack(
            [step.subject_node, step.object_node, step.types, torch.full_like(step.types, i + 1)], 1
        )
        for i, step in enumerate(plan.steps)
    ]
    return torch.cat(rows) if rows else plan.sentence.new_zeros(0, 4)
