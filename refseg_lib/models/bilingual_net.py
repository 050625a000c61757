"""The bilingual network (paper 002): MUTAN, LE and LA per level, CLAF and a ConvLSTM across them.

English and Chinese are this one network with another vocabulary and other word vectors. No code
was published: ``variant`` changes nothing.
"""

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.claf import CLAF
from refseg_lib.fusion.context import Context
from refseg_lib.fusion.convlstm import ConvLSTM
from refseg_lib.fusion.early_fusion import EarlyConcat, EarlyMutan
from refseg_lib.fusion.levels import PerLevel, SumOfLevels
from refseg_lib.fusion.linguistic import LA, LE
from refseg_lib.fusion.linguistic_level import LinguisticLevel
from refseg_lib.fusion.sentence import max_pooled
from refseg_lib.models.ablations import Ablation
from refseg_lib.models.presets import Preset, preset_head
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.text.lstm import LSTMEncoder
from refseg_lib.vision.backbone import Backbone

EARLY = ("mutan", "mutan_literal", "concat")


class AttentiveLevels(nn.Module):
    """CLAF between the levels, then a ConvLSTM over them (paper 002 §3.5).

    Attributes:
        wants_context: True: the sentence gates CLAF.
    """

    wants_context = True

    def __init__(self, claf: CLAF, convlstm: ConvLSTM, *, balanced: bool = False) -> None:
        """Join the two; ``balanced`` as in :func:`refseg_lib.fusion.sentence.max_pooled`."""
        super().__init__()
        self.claf = claf
        self.convlstm = convlstm
        self.balanced = balanced

    def forward(self, levels: Mapping[str, Tensor], context: Context) -> Tensor:
        """Fuse level name -> Y_k (B, C_m, h, w) into Z (B, C, h, w)."""
        sentence = max_pooled(context.words, context.word_mask, self.balanced)
        return self.convlstm(self.claf(levels, sentence))


def build_bilingual_net(
    backbone: Backbone,
    preset: Preset,
    variant: str,
    vocabulary_size: int,
    *,
    early: str = "mutan",
    le: bool = True,
    la: bool = True,
    claf: bool = True,
    le_reduction: int = 1,
    la_scale: bool = True,
    learned_sigma: bool = False,
    claf_norm: str = "softmax",
    claf_share: str = "per_level",
    claf_unit_length: bool = True,
    peephole: str = "channel",
) -> ReferringSegmenter:
    """Put the bilingual network together.

    Args:
        backbone: Has ``channels`` and ``strides``.
        preset: Sizes: ``vector`` word vectors, ``embedding`` = C_l, ``multimodal`` = C_m, ``width``
            the ConvLSTM's cell. The paper says both that C_l is 1000 and that the LSTM's hidden
            size is 300 (Chinese 256); the latter is ``sizes={"embedding": 300}``.
        variant: Ignored: there is no released code.
        vocabulary_size: Rows of the word table.
        early: ``"mutan"``, ``"mutan_literal"`` (see
            :class:`refseg_lib.fusion.early_fusion.EarlyMutan`) or ``"concat"``.
        le: With linguistic excitation.
        la: With linguistic aggregation.
        claf: With cross-level attentive fusion.
        le_reduction: See :class:`refseg_lib.fusion.linguistic.LE`.
        la_scale: See :class:`refseg_lib.fusion.linguistic.LA`.
        learned_sigma: See there.
        claf_norm: See :class:`refseg_lib.fusion.claf.CLAF`.
        claf_share: See there.
        claf_unit_length: See there.
        peephole: See :class:`refseg_lib.fusion.convlstm.ConvLSTMCell`; ``"spatial"`` ties the
            model to the preset's input size.

    Returns:
        The model, not yet initialised. Of one level only, that level's Y goes to the head behind
        a ReLU; of several without CLAF, through the ConvLSTM alone.

    Raises:
        UserError: An unknown ``early``, ``claf_norm``, ``claf_share`` or ``peephole``.
    """
    if early not in EARLY:
        raise UserError(f"unknown early {early!r} for bilingual; choose one of {', '.join(EARLY)}")
    channels, language, balanced = preset.multimodal, preset.embedding, preset.balanced

    def make(level: str, visual: int) -> nn.Module:
        sizes = {"visual": visual, "language": language, "out": channels, "balanced": balanced}
        # Balanced maps are sqrt(C) times longer, and so are the distances between their pixels.
        sigma = channels**0.5 if balanced else 1.0
        return LinguisticLevel(
            EarlyConcat(**sizes)
            if early == "concat"
            else EarlyMutan(**sizes, literal=early == "mutan_literal"),
            channels=channels,
            language=language,
            out=channels,
            le=LE(channels=channels, language=language, reduction=le_reduction) if le else None,
            la=LA(
                channels=channels,
                language=language,
                scale=la_scale,
                sigma=sigma,
                learned_sigma=learned_sigma,
            )
            if la
            else None,
            balanced=balanced,
        )

    across: nn.Module = SumOfLevels()
    fused = channels
    if claf or len(preset.levels) > 1:
        fused = preset.width
        side = preset.input_size // min(backbone.strides[level] for level in preset.levels)
        across = convlstm = ConvLSTM(
            preset.levels, channels, fused, peephole=peephole, size=(side, side)
        )
        if claf:
            attentive = CLAF(
                preset.levels,
                channels=channels,
                language=language,
                norm=claf_norm,
                share=claf_share,
                unit_length=claf_unit_length,
                balanced=balanced,
            )
            across = AttentiveLevels(attentive, convlstm, balanced=balanced)
    return ReferringSegmenter(
        backbone,
        LSTMEncoder(vocabulary_size, embedding=preset.vector, width=language),
        PerLevel(make, {level: backbone.channels[level] for level in preset.levels}, "bilingual"),
        across,
        preset_head(backbone, replace(preset, width=fused)),
    )


PAPER = "002_Bilingual_TIST21"
SINGLE = {"levels": ("c5",)}
# Table 4 prints tick marks; the columns are as reconstructed in published.csv.
ABLATIONS = (
    Ablation(
        "single-baseline",
        PAPER,
        "T4",
        "row1: baseline",
        {"early": "concat", "le": False, "la": False, "claf": False},
        SINGLE,
        'Res5; "a variant of the CNN-LSTM model whose last convolution is 3x3": [V; S; l_s]'
        " through a 1x1 convolution and a ReLU, then Y = conv1x1([M; L_s; S])",
    ),
    Ablation(
        "single-le",
        PAPER,
        "T4",
        "row2: LE",
        {"early": "concat", "la": False, "claf": False},
        SINGLE,
        "Res5; rows without MUTAN fuse early by concatenation",
    ),
    Ablation(
        "single-la",
        PAPER,
        "T4",
        "row3: LA",
        {"early": "concat", "le": False, "claf": False},
        SINGLE,
    ),
    Ablation(
        "single-le-la", PAPER, "T4", "row4: LE+LA", {"early": "concat", "claf": False}, SINGLE
    ),
    Ablation("single-le-la-mutan", PAPER, "T4", "row5: LE+LA+MUTAN", {"claf": False}, SINGLE),
    Ablation(
        "claf",
        PAPER,
        "T4",
        "row6: CLAF",
        {"early": "concat", "le": False, "la": False},
        note="rows 6 to 10: three levels, CLAF, then the ConvLSTM",
    ),
    Ablation("le-claf", PAPER, "T4", "row7: LE+CLAF", {"early": "concat", "la": False}),
    Ablation("la-claf", PAPER, "T4", "row8: LA+CLAF", {"early": "concat", "le": False}),
    Ablation("le-la-claf", PAPER, "T4", "row9: LE+LA+CLAF", {"early": "concat"}),
    Ablation("le-la-mutan-claf", PAPER, "T4", "row10: LE+LA+MUTAN+CLAF"),
    Ablation("english", PAPER, "T2", "LE+LA+CLAF (ours)", note="the full model in English"),
    Ablation(
        "chinese",
        PAPER,
        "T3",
        "LE+LA+CLAF (ours)",
        note="the full model in Chinese; the paper's word vectors have 256 channels there:"
        ' sizes={"vector": 256} with the paper preset',
    ),
)
