"""CMSA-Net (paper 004): word vectors, CMSA per level, gated multi-level fusion."""

from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.cmsa import CMSA
from refseg_lib.fusion.cmsa_released import ReleasedCMSA
from refseg_lib.fusion.convlstm import ConvLSTM
from refseg_lib.fusion.deconvolution import Deconvolution
from refseg_lib.fusion.gated import GatedFusion, SelfGatedFusion
from refseg_lib.fusion.gated_released import ReleasedGatedFusion
from refseg_lib.fusion.heads import ConvolutionHead
from refseg_lib.fusion.levels import PerLevel, SumOfLevels
from refseg_lib.fusion.pyramid_pooling import PyramidPooling
from refseg_lib.models.ablations import Ablation
from refseg_lib.models.compared_fusions import compared
from refseg_lib.models.presets import Preset, preset_head
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.text.encoders import WordEmbedding
from refseg_lib.vision.backbone import Backbone

FUSIONS = ("gated", "self_gated", "convlstm", "deconv", "ppm", "sum")
REPRESENTATIONS = ("cmsa", "cmsa_sentence", "rmi_lstm", "rrn_cnn")


def build_cmsa_net(
    backbone: Backbone,
    preset: Preset,
    variant: str,
    vocabulary_size: int,
    *,
    attention: str = "full",
    scale: bool | None = None,
    fusion: str = "gated",
    representation: str = "cmsa",
) -> ReferringSegmenter:
    """Put CMSA-Net together.

    Args:
        backbone: Has ``channels``.
        preset: Sizes.
        variant: ``"paper"`` or ``"released"``.
        vocabulary_size: Rows of the word table.
        attention: Table 2 of the paper, see :class:`refseg_lib.fusion.cmsa.CMSA`.
        scale: Divide attention scores by sqrt(width); the paper does not. None: as the preset
            has it.
        fusion: Table 3 of the paper, below: ``"gated"``, ``"self_gated"`` ("CMSA+Gated"),
            ``"convlstm"``, ``"deconv"``, ``"ppm"``, or ``"sum"``.
        representation: Table 3, above: ``"cmsa"`` ("CMSA-W", word by word), ``"cmsa_sentence"``
            ("CMSA-S", the last state of an LSTM as the only word), ``"rmi_lstm"`` (an LSTM over
            the words at every pixel) or ``"rrn_cnn"`` (the LSTM's last state concatenated).

    Returns:
        The model, not yet initialised.

    Raises:
        UserError: An unknown fusion or representation, or an ablation of the printed module with
            ``variant="released"``.
    """
    for what, given, known in (
        ("fusion", fusion, FUSIONS),
        ("representation", representation, REPRESENTATIONS),
    ):
        if given not in known:
            raise UserError(f"unknown {what} {given!r} for cmsa; choose one of {', '.join(known)}")
    channels = {level: backbone.channels[level] for level in preset.levels}
    text_encoder = None
    if variant == "released":
        if (attention, scale or False, fusion, representation) != ("full", False, "gated", "cmsa"):
            raise UserError(
                "attention, scale, fusion and representation are ablations of the printed CMSA-Net;"
                " use them with variant='paper'"
            )
        level_fusion = PerLevel(_released(preset), channels, "cmsa")
        across = ReleasedGatedFusion(preset.levels, preset.width)
    else:
        scaled = preset.balanced if scale is None else scale
        level_fusion = PerLevel(_paper(preset, attention, scaled), channels, "cmsa")
        if representation != "cmsa":
            text_encoder, level_fusion = compared(
                representation, level_fusion, channels, preset, vocabulary_size
            )
        across = {
            "gated": lambda: GatedFusion(preset.levels, preset.width),
            "self_gated": lambda: SelfGatedFusion(preset.levels, preset.width),
            # RRN, whose idea it was, reads from high to low.
            "convlstm": lambda: ConvLSTM(
                preset.levels, preset.width, preset.width, order=preset.levels[::-1]
            ),
            "deconv": lambda: Deconvolution(preset.levels, preset.width),
            "ppm": lambda: PyramidPooling(preset.levels, preset.width),
            "sum": SumOfLevels,
        }[fusion]()
    if text_encoder is None:
        text_encoder = WordEmbedding(vocabulary_size, preset.embedding)
    # A deconvolved map is as fine as the detail level itself; the detail head wants half of that.
    plain = isinstance(across, Deconvolution)
    head = ConvolutionHead(across.out_channels) if plain else preset_head(backbone, preset)
    return ReferringSegmenter(backbone, text_encoder, level_fusion, across, head)


def _paper(preset: Preset, attention: str, scale: bool):
    def make(level: str, visual: int) -> nn.Module:
        return CMSA(
            visual=visual,
            language=preset.embedding,
            width=preset.attention,
            out=preset.width,
            attention=attention,
            scale=scale,
            balanced=preset.balanced,
        )

    return make


def _released(preset: Preset):
    """Size the levels as the code does: 512, 128 and 64 channels of attention, deep to shallow.

    The deepest reduces the picture to the width of a word first, the others f to twice their
    attention channels. Below 16 channels (laptop preset) nothing is left to attend with.
    """
    deepest = preset.levels[-1]
    divisor = dict(zip(reversed(preset.levels), (1, 4, 8), strict=False))

    def make(level: str, visual: int) -> nn.Module:
        width = max(16, preset.attention // divisor.get(level, 8))
        return ReleasedCMSA(
            visual=visual,
            language=preset.embedding,
            width=width,
            out=preset.width,
            project=preset.embedding if level == deepest else None,
            reduce=None if level == deepest else 2 * width,
        )

    return make


PAPER = "004_CMSA_CVPR19"
# "We directly take the output of the Res5 ... without the multi-level fusion" (§4.3). The ReLU that
# is left of the sum stands behind X in the released code too.
RES5 = {"levels": ("c5",)}


def _res5(name: str, table: str, row: str, note: str = "", **options: str) -> Ablation:
    return Ablation(name, PAPER, table, row, {"fusion": "sum", **options}, RES5, note)


ABLATIONS = (
    _res5("no-attention", "T2", "No attention", attention="none"),
    _res5("word-attention", "T2", "Word attention", attention="word"),
    _res5("pixel-attention", "T2", "Pixel attention", attention="pixel"),
    _res5("pair-attention", "T2", "Word-pixel pair attention", attention="pair"),
    _res5("cross-modal-attention", "T2", "Cross-modal self-attention"),
    _res5(
        "rmi-lstm",
        "T3",
        "RMI-LSTM",
        "read off RMI's paper and released code: the LSTM at every pixel, then ReLU",
        representation="rmi_lstm",
    ),
    _res5(
        "rrn-cnn",
        "T3",
        "RRN-CNN*",
        'the paper calls it "convolution integration" on Res5 without multi-level fusion: RRN'
        " without its ConvLSTM, the sentence's last state concatenated, two 1x1 convolutions",
        representation="rrn_cnn",
    ),
    _res5(
        "cmsa-s",
        "T3",
        "CMSA-S",
        "CMSA with one word: the last state of an LSTM",
        representation="cmsa_sentence",
    ),
    _res5("cmsa-w", "T3", "CMSA-W", "the same model as T2's last row"),
    Ablation(
        "cmsa-ppm",
        PAPER,
        "T3",
        "CMSA+PPM",
        {"fusion": "ppm"},
        note="levels concatenated and reduced before the pyramid: our reading",
    ),
    Ablation(
        "cmsa-deconv",
        PAPER,
        "T3",
        "CMSA+Deconv",
        {"fusion": "deconv"},
        note="transposed convolutions from deep to shallow, then twice as fine: our reading",
    ),
    Ablation(
        "cmsa-convlstm",
        PAPER,
        "T3",
        "CMSA+ConvLSTM",
        {"fusion": "convlstm"},
        note="in RRN's order, deep to shallow",
    ),
    Ablation("cmsa-gated", PAPER, "T3", "CMSA+Gated", {"fusion": "self_gated"}),
    Ablation("cmsa-gf", PAPER, "T3", "CMSA+GF (ours)"),
    Ablation(
        "chinese",
        "002_Bilingual_TIST21",
        "T3",
        "CMSA",
        note="paper 002 trained CMSA-Net on Chinese: the same model, --lang zh",
    ),
)
