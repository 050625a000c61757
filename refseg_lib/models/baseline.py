"""The concat baseline: every system of the five papers without its ideas."""

from torch import nn

from refseg_lib.fusion.concat import Concat
from refseg_lib.fusion.levels import PerLevel, SumOfLevels
from refseg_lib.models.presets import Preset, preset_head
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.text.encoders import WordEmbedding
from refseg_lib.vision.backbone import Backbone


def build_baseline(
    backbone: Backbone, preset: Preset, variant: str, vocabulary_size: int
) -> ReferringSegmenter:
    """Put the baseline together: mean word vector, concatenation, sum of levels, 3x3 head.

    Args:
        backbone: Has ``channels``.
        preset: Sizes.
        variant: Ignored: no paper prints the baseline in two ways.
        vocabulary_size: Rows of the word table.

    Returns:
        The model, not yet initialised.
    """
    channels = {level: backbone.channels[level] for level in preset.levels}

    def make(level: str, visual: int) -> nn.Module:
        return Concat(
            visual=visual,
            language=preset.embedding,
            width=preset.hidden,
            out=preset.width,
            balanced=preset.balanced,
        )

    return ReferringSegmenter(
        backbone,
        WordEmbedding(vocabulary_size, preset.embedding),
        PerLevel(make, channels, "concat"),
        SumOfLevels(),
        preset_head(backbone, preset),
    )
