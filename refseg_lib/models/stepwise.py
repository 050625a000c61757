"""A system whose reasoning can be watched: what it would answer if it stopped at a phrase.

Paper 000 §4.4 feeds the maps X_n and X'_n of every node of the language graph into the decoder and
shows what comes out, step by step (Fig. 3). Here a node's maps of all reasoned levels stand where
the referent's do, beside the picture's own: so what comes out for the referent's X' is the answer
itself.
"""

from dataclasses import replace

import torch
from torch import Tensor

from refseg_lib.data.batch import Batch
from refseg_lib.fusion.bus import BottomUpShift
from refseg_lib.fusion.context import Context
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.trace import emit, tracing


class StepwiseSegmenter(ReferringSegmenter):
    """The whole system.

    Traces, beside those of its parts (N nodes of the batch, in the order of ``bus.node``; on the
    head's grid):
        bus.initial (N, h, w): what the decoder makes of X_n, as a probability: the "initial
            attention map" of the paper's Fig. 3.
        bus.shifted (N, h, w): of X'_n, after the last step that changed it.
    """

    def forward_with_sides(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Segment, see :class:`refseg_lib.models.system.ReferringSegmenter`."""
        if tracing(self) and isinstance(self.level_fusion, BottomUpShift):
            batch = replace(batch, features=dict(self.features(batch)))
            self._show_nodes(batch, self.level_fusion)
        # What the parts have shown while they decoded nodes is overwritten here.
        return super().forward_with_sides(batch)

    def used_levels(self) -> tuple[str, ...]:
        """Name the backbone levels that anything here looks at."""
        used = {*super().used_levels(), *getattr(self.across_fusion, "levels", ())}
        return tuple(sorted(used))

    @torch.no_grad()
    def _show_nodes(self, batch: Batch, reasoning: BottomUpShift) -> None:
        """Emit every node's answer before and after reasoning."""
        if batch.graphs is None:
            return  # The forward pass says what is missing.
        assert batch.features is not None
        words = self.text_encoder(batch.words, batch.word_mask)
        context = Context(batch.features, words, batch.word_mask, batch.image_of, batch.graphs)
        maps = reasoning.node_maps(context)
        counts = torch.tensor([len(graph.nodes) for graph in batch.graphs], device=words.device)
        of = torch.arange(len(counts), device=words.device).repeat_interleave(counts)
        nodes = Context(batch.features, words[of], batch.word_mask[of], batch.image_of[of], None)
        for place, name in enumerate(("initial", "shifted")):
            levels = {level: pair[place] for level, pair in maps.items()}
            emit(self, f"bus.{name}", torch.sigmoid(self.decode(levels, nodes).float())[:, 0])
