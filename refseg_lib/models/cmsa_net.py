"""CMSA-Net (paper 004): word vectors, CMSA per level, gated multi-level fusion."""

from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.cmsa import CMSA
from refseg_lib.fusion.cmsa_released import ReleasedCMSA
from refseg_lib.fusion.gated import GatedFusion, SelfGatedFusion
from refseg_lib.fusion.gated_released import ReleasedGatedFusion
from refseg_lib.fusion.levels import PerLevel, SumOfLevels
from refseg_lib.models.presets import Preset, preset_head
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.text.encoders import WordEmbedding
from refseg_lib.vision.backbone import Backbone

FUSIONS = ("gated", "self_gated", "sum")


def build_cmsa_net(
    backbone: Backbone,
    preset: Preset,
    variant: str,
    vocabulary_size: int,
    *,
    attention: str = "full",
    scale: bool | None = None,
    fusion: str = "gated",
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
        fusion: Table 3 of the paper: ``"gated"``, ``"self_gated"`` ("CMSA+Gated") or ``"sum"``.

    Returns:
        The model, not yet initialised.

    Raises:
        UserError: An unknown fusion, or an ablation of the printed module with
            ``variant="released"``.
    """
    channels = {level: backbone.channels[level] for level in preset.levels}
    if fusion not in FUSIONS:
        raise UserError(f"unknown fusion {fusion!r} for cmsa; choose one of {', '.join(FUSIONS)}")
    if variant == "released":
        if (attention, scale or False, fusion) != ("full", False, "gated"):
            raise UserError(
                "attention, scale and fusion are ablations of the printed CMSA-Net; use them with"
                " variant='paper'"
            )
        level_fusion = PerLevel(_released(preset), channels, "cmsa")
        across = ReleasedGatedFusion(preset.levels, preset.width)
    else:
        scaled = preset.balanced if scale is None else scale
        level_fusion = PerLevel(_paper(preset, attention, scaled), channels, "cmsa")
        across = {
            "gated": lambda: GatedFusion(preset.levels, preset.width),
            "self_gated": lambda: SelfGatedFusion(preset.levels, preset.width),
            "sum": SumOfLevels,
        }[fusion]()
    return ReferringSegmenter(
        backbone,
        WordEmbedding(vocabulary_size, preset.embedding),
        level_fusion,
        across,
        preset_head(backbone, preset),
    )


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
