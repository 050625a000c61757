"""CMPC at every level, and the one reading of the sentence that all levels share (001 §3.2).

Legend: B sentences, T words.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from refseg_lib.fusion.cmpc import CMPC, Reading
from refseg_lib.fusion.cmpc_settings import CMPCSettings
from refseg_lib.fusion.cmsa import word_vectors
from refseg_lib.fusion.context import Context
from refseg_lib.fusion.released_norms import unit
from refseg_lib.fusion.sentence import last_word
from refseg_lib.fusion.thin_convolution import ThinConvolution
from refseg_lib.fusion.word_types import WordTypes, entity_context, necessary_words
from refseg_lib.trace import emit


class CMPCLevels(nn.Module):
    """CMPC at every level; the word types are found once.

    It leaves the necessary words, (1 - p_unnecessary) l_t, in ``context.level_words``: their sum is
    the s that TGFE asks for. Side heads leave their logits in ``context.side_logits``.

    Traces:
        cmpc.word_types (B, T, 4): p, Eq. 1, in the order of
            :data:`refseg_lib.fusion.word_types.TYPES`; zero at padding.
        cmpc.<level>.affinity, .routing, .adjacency: see
            :class:`refseg_lib.fusion.relation_reasoning.RelationReasoning`.

    Attributes:
        wants_context: True, see :class:`refseg_lib.fusion.context.Context`.
        levels: Names of the levels used.
    """

    wants_context = True
    trace_name = "cmpc"

    def __init__(
        self,
        channels: Mapping[str, int],
        *,
        language: int,
        multimodal: int,
        out: int,
        hidden: int,
        settings: CMPCSettings,
        balanced: bool = False,
    ) -> None:
        """Make the levels.

        Args:
            channels: Level name to channels.
            language: See :class:`CMPC`.
            multimodal: See there.
            out: See there.
            hidden: Hidden channels of the word types.
            settings: How.
            balanced: See there.
        """
        super().__init__()
        self.levels, self.settings, self.balanced = tuple(channels), settings, balanced
        self.types = None
        if settings.entity or settings.layers:
            self.types = WordTypes(language, hidden, settings.parser_act)
        self.modules_by_level, self.side_heads = nn.ModuleDict(), nn.ModuleDict()
        for level, visual in channels.items():
            module = CMPC(
                visual=visual,
                language=language,
                multimodal=multimodal,
                out=out,
                settings=settings,
                balanced=balanced,
            )
            if module.reasoning is not None:
                module.reasoning.__dict__["trace_name"] = f"cmpc.{level}"
            self.modules_by_level[level] = module
            if settings.side_heads:
                self.side_heads[level] = ThinConvolution(out, 1)

    def forward(self, context: Context) -> dict[str, Tensor]:
        """Fuse every level with the sentence: level name to (B, out, h, w)."""
        reading = self._read(context)
        fused = {}
        for level, module in self.modules_by_level.items():
            fused[level] = module(context.features[level], reading, context.image_of)
            if level in self.side_heads:
                context.side_logits[level] = self.side_heads[level](fused[level])
        return fused

    def _read(self, context: Context) -> Reading:
        """Find the types, q and s of the sentences."""
        mask = context.word_mask
        words = word_vectors(context.words, mask, self.balanced)
        if self.types is None:
            last = last_word(words, mask)
            return Reading(words, mask, None, last, last)
        types = self.types(words, mask)
        emit(self, "word_types", types)
        necessary = necessary_words(words, types)
        context.level_words.update(dict.fromkeys(self.levels, necessary))
        entity = entity_context(words, types) if self.settings.entity else last_word(words, mask)
        sentence = entity if self.settings.concat == "released" else necessary.sum(1)
        if self.settings.unit_sentence:
            entity, sentence = unit(entity, self.balanced), unit(sentence, self.balanced)
        return Reading(words, mask, types, entity, sentence)
