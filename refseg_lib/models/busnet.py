"""BUSNet (paper 000): attentive words, bottom-up shift along the language graph, BIAR.

No code was ever published, so there is one variant; ``variant`` changes nothing.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.biar import BIAR
from refseg_lib.fusion.bus import BottomUpShift
from refseg_lib.fusion.convlstm import ConvLSTM
from refseg_lib.fusion.feature_pyramid import FeaturePyramid
from refseg_lib.fusion.heads import make_head
from refseg_lib.fusion.levels import PerLevel, SumOfLevels
from refseg_lib.fusion.node_fusion import SentenceFusion
from refseg_lib.fusion.pairwise_shift import ConcatMessage, PairwiseShift
from refseg_lib.fusion.relation_convolution import RelationConvolution, SharedRelationConvolution
from refseg_lib.models.ablations import Ablation
from refseg_lib.models.presets import Preset
from refseg_lib.models.stepwise import StepwiseSegmenter
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.text.attention_encoder import AttentionEncoder
from refseg_lib.text.encoders import WordEmbedding
from refseg_lib.text.relations import OTHER, RelationVocabulary
from refseg_lib.vision.backbone import Backbone

LEVELS = ("c2", "c3", "c4", "c5")
WORDS = ("attention", "embedding")
REASONINGS = ("shift", "concat", "none")
REFINEMENTS = ("biar", "fpn", "convlstm", "sum")
SHIFTS = {"per_type": RelationConvolution, "lowrank": SharedRelationConvolution}
# With <other> 31 types, as many as the paper has on UNC; its list was not published.
RELATIONS = (
    "in", "on", "with", "wearing", "holding", "next to", "behind", "in front of", "left of",
    "right of", "above", "under", "between", "sitting on", "standing on", "riding", "held by",
    "of", "by", "at", "near", "to", "over", "below", "from", "walking", "flying", "ridden by",
    "sat on by", "walked by",
)  # fmt: skip


def build_busnet(
    backbone: Backbone,
    preset: Preset,
    variant: str,
    vocabulary_size: int,
    *,
    words: str = "attention",
    reasoning: str = "shift",
    reasoned_levels: int = 2,
    typed: bool = True,
    refinement: str = "biar",
    shift: str | None = None,
    hidden: int | None = None,
    iterations: int = 3,
    share_levels: bool = False,
    order: str = "topological",
    update_object: bool = False,
    gate: str = "lower",
    down: str = "convolution",
    activation: bool | None = None,
    position: str = "sin",
    scale: bool | None = None,
    residual: bool | None = None,
    relations: Sequence[str] | None = None,
) -> ReferringSegmenter:
    """Put BUSNet together.

    Args:
        backbone: Has ``channels`` and ``strides`` of c2 to c5.
        preset: Sizes.
        variant: Ignored: no code was published.
        vocabulary_size: Rows of the word table.
        words: ``"attention"`` (§3.1), or ``"embedding"``: vectors of single words (Table 2,
            row 1).
        reasoning: ``"shift"``: BUS; ``"concat"``: messages by concatenation (row 8); ``"none"``:
            the mean of all words is laid under the picture, and no graph is needed.
        reasoned_levels: On how many levels, counted from c5: BUS-1 to BUS-4.
        typed: Whether relations have types; without, all share one set of weights (row 9).
        refinement: ``"biar"``, ``"fpn"``, ``"convlstm"`` or ``"sum"``; the last three without
            reasoning only.
        shift: Convolutions of the shift: ``"per_type"`` or ``"lowrank"``, see
            :mod:`refseg_lib.fusion.relation_convolution`. None: as the preset has it, lowrank
            where it is small.
        hidden: Channels between these convolutions; None: a quarter of the nodes' channels.
        iterations: How often the shift is applied.
        share_levels: One shift for all levels.
        order: Of reasoning: ``"topological"``, or ``"reverse_bfs"`` as printed.
        update_object: Whether an edge also changes its object.
        gate: Bottom-up gate of BIAR: ``"lower"``, ``"self"`` or ``"none"``.
        down: Way down of BIAR: ``"convolution"`` or ``"pool"``.
        activation: ReLU after BIAR's convolutions; the paper prints none. None: where the preset
            is balanced.
        position: ``"sin"`` or ``"learned"`` places of words.
        scale: Divide the words' attention scores by sqrt(D_w); the paper does not. None: where
            the preset is balanced.
        residual: Add each word to what it heard; likewise.
        relations: Names of the types, the most frequent of the training data; all others are one
            type ``<other>``. None: a general list.

    Returns:
        The model, not yet initialised.

    Raises:
        UserError: An unknown option, or options that do not go together.
    """
    _refuse(words, reasoning, reasoned_levels, refinement, shift)
    small, language = preset.balanced, preset.shared
    # On a laptop maps are what costs: words keep their channels, maps get fewer.
    width, inside = (2 * language // 3, language // 3) if small else (language, language)
    if words == "attention":
        encoder = AttentionEncoder(
            vocabulary_size,
            embedding=preset.vector,
            width=language,
            # Places have a size of 0.7, words of the usual start 0.05: they would be drowned.
            weights=torch.randn(vocabulary_size, preset.vector) if small else None,
            position=position,
            scale=small if scale is None else scale,
            residual=small if residual is None else residual,
        )
    else:
        encoder = WordEmbedding(vocabulary_size, language)
    taken = LEVELS[-reasoned_levels:] if refinement == "biar" else LEVELS
    channels = {level: backbone.channels[level] for level in taken}
    if reasoning == "none":

        def make(level: str, visual: int) -> nn.Module:
            return SentenceFusion(visual=visual, language=language, width=width, balanced=small)

        level_fusion = PerLevel(make, channels, "sentence")
    else:
        names = RELATIONS if relations is None else relations
        known = RelationVocabulary({OTHER: 0, **dict.fromkeys(names, 0)})
        types = len(known) if typed else 1
        kind = shift or ("lowrank" if small else "per_type")
        level_fusion = BottomUpShift(
            channels,
            partial(_make_shift, reasoning, kind, types, width, hidden or width // 4, iterations),
            known.encode if typed else _one_type,
            language=language,
            width=width,
            share_levels=share_levels,
            order=order,
            update_object=update_object,
            balanced=small,
        )
    if refinement == "biar":
        # Five maps whatever is reasoned on, as Eq. 5 counts them: raw up to the lowest reasoned
        # level, and the reasoned ones.
        raw = LEVELS[: 5 - reasoned_levels]
        across = BIAR(
            {level: backbone.channels[level] for level in raw},
            dict.fromkeys(taken, width),
            backbone.strides,
            inside,
            gate=gate,
            down=down,
            activation=small if activation is None else activation,
        )
    else:
        across = {
            "fpn": lambda: FeaturePyramid(dict.fromkeys(taken, width), inside),
            "convlstm": lambda: ConvLSTM(taken, width, inside),
            "sum": SumOfLevels,
        }[refinement]()
        inside = width if refinement == "sum" else inside
    # Everything ends on c2's grid, so the finer level that other heads look at is inside already.
    head = make_head(inside, preset.subcells)
    return StepwiseSegmenter(backbone, encoder, level_fusion, across, head)


def _refuse(
    words: str, reasoning: str, reasoned_levels: int, refinement: str, shift: str | None
) -> None:
    for what, given, known in (
        ("words", words, WORDS),
        ("reasoning", reasoning, REASONINGS),
        ("refinement", refinement, REFINEMENTS),
        ("shift", shift or "per_type", tuple(SHIFTS)),
        ("reasoned_levels", reasoned_levels, (1, 2, 3, 4)),
    ):
        if given not in known:
            listed = ", ".join(map(str, known))
            raise UserError(f"unknown {what} {given!r} for busnet; choose one of {listed}")
    if reasoning != "none" and refinement != "biar":
        raise UserError(
            f"refinement={refinement!r} is compared without reasoning in paper 000: add"
            " reasoning='none', or leave refinement='biar'"
        )


def _make_shift(
    reasoning: str, kind: str, types: int, width: int, hidden: int, iterations: int
) -> nn.Module:
    if reasoning == "concat":
        return ConcatMessage(types=types, channels=width)
    convolution = SHIFTS[kind](types=types, channels=width, hidden=hidden)
    return PairwiseShift(convolution, iterations)


def _one_type(relation: str) -> int:
    return 0


_PLAIN = {"reasoning": "none", "refinement": "sum"}
_LEVELS = "all four levels, each fused with the mean of the words; the paper does not name them"
ABLATIONS = tuple(
    Ablation(name, "000_BUSNet_CVPR21", "T2", row, options, note=note)
    for name, row, options, note in (
        ("baseline", "row1: Baseline", {**_PLAIN, "words": "embedding"}, _LEVELS),
        ("attention-words", "row2: + Positional Encoding (with Self-attention)", _PLAIN,
         "the word table starts at random: train without --vectors"),
        ("multi-level", "row3: + Positional Encoding + GloVe = Multi-level", _PLAIN,
         "attention-words, its word table started from GloVe: train with --vectors"),
        ("fpn", "row4: Multi-level + FPN", {**_PLAIN, "refinement": "fpn"}, _LEVELS),
        ("convlstm", "row5: Multi-level + ConvLSTM", {**_PLAIN, "refinement": "convlstm"}, _LEVELS),
        ("refinement", "row6: Multi-level + BIAR = Refinement", {"reasoning": "none"},
         "where BUS-2 has reasoned maps, c4 and c5 fused with the mean of the words"),
        ("bus-1", "row7: Refinement + BUS-1", {"reasoned_levels": 1},
         "five maps as in Eq. 5: V2, V3, V4, V5, X5'"),
        ("concat-1", "row8: Refinement + Concat-1", {"reasoned_levels": 1, "reasoning": "concat"},
         "an edge's language is one learned vector per type of relation"),
        ("bus-1-no-type", "row9: Refinement + BUS-1 w/o Type",
         {"reasoned_levels": 1, "typed": False}, ""),
        ("bus-3", "row10: Refinement + BUS-3", {"reasoned_levels": 3},
         "five maps as in Eq. 5: V2, V3, X3', X4', X5'"),
        ("bus-4", "row11: Refinement + BUS-4", {"reasoned_levels": 4},
         "five maps as in Eq. 5: V2, X2', X3', X4', X5'"),
        ("bus-2", "row12: Refinement + BUS-2", {}, "the whole model"),
    )
)  # fmt: skip
