"""A system whose reasoning can be watched: what the mask head sees in every phrase's map.

Paper 000 §4.4 feeds the maps X_n and X'_n of every node of the language graph into the decoder and
shows what comes out, step by step (Fig. 3).
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

    Traces, beside those of its parts (N nodes of the batch, in the order of ``bus.node``):
        bus.<level>.initial (N, h, w): what the mask head makes of X_n alone, as a probability: the
            "initial attention map" of the paper's Fig. 3.
        bus.<level>.shifted (N, h, w): of X'_n, after the last step that changed it.
    """

    def forward_with_sides(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Segment, see :class:`refseg_lib.models.system.ReferringSegmenter`."""
        if tracing(self) and isinstance(self.level_fusion, BottomUpShift):
            batch = replace(batch, features=dict(self.features(batch)))
            self._show_nodes(batch, self.level_fusion)
        return super().forward_with_sides(batch)

    def used_levels(self) -> tuple[str, ...]:
        """Name the backbone levels that anything here looks at."""
        used = {*super().used_levels(), *getattr(self.across_fusion, "levels", ())}
        return tuple(sorted(used))

    def _show_nodes(self, batch: Batch, reasoning: BottomUpShift) -> None:
        """Emit every node's map before and after reasoning, seen through the mask head."""
        if getattr(self.head, "wants_features", False):
            return
        assert batch.features is not None
        with torch.no_grad():
            words = self.text_encoder(batch.words, batch.word_mask)
            context = Context(batch.features, words, batch.word_mask, batch.image_of, batch.graphs)
            for level, (initial, shifted) in reasoning.node_maps(context).items():
                for name, maps in (("initial", initial), ("shifted", shifted)):
                    seen = self._decode(level, maps)
                    emit(self, f"bus.{level}.{name}", seen)

    def _decode(self, level: str, maps: Tensor) -> Tensor:
        """Let the head score maps (N, D, h, w) that it was not made for: (N, h', w')."""
        enter = getattr(self.across_fusion, "enter", {})
        name = f"{level}_reasoned"
        maps = enter[name](maps) if name in enter else maps
        return torch.sigmoid(self.head(maps))[:, 0]
