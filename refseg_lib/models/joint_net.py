"""Joint net: joint attention on the coarsest level, then a skip decoder. Made for photographs.

No paper's system: the plainest network with attention over the whole picture, for strided
backbones such as EfficientNet-Lite0, whose levels have different grids.
"""

from refseg_lib.fusion.heads import ConvolutionHead
from refseg_lib.fusion.joint_attention import JointAttention
from refseg_lib.fusion.skip_decoder import SkipDecoder
from refseg_lib.models.presets import Preset
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.text.encoders import WordEmbedding
from refseg_lib.vision.backbone import Backbone


def build_joint_net(
    backbone: Backbone,
    preset: Preset,
    variant: str,
    vocabulary_size: int,
    *,
    layers: int = 2,
    heads: int = 4,
    dropout: float = 0.1,
) -> ReferringSegmenter:
    """Put the joint net together.

    Args:
        backbone: Has ``channels``.
        preset: Sizes: ``width`` channels attend, half of them decode.
        variant: Ignored: there is only this one.
        vocabulary_size: Rows of the word table.
        layers: Rounds of attention.
        heads: Attention heads.
        dropout: Share of activations dropped in training.

    Returns:
        The model, not yet initialised.
    """
    channels = {level: backbone.channels[level] for level in preset.levels}
    fusion = JointAttention(
        channels,
        language=preset.embedding,
        width=preset.width,
        skip=preset.width // 2,
        layers=layers,
        heads=heads,
        dropout=dropout,
    )
    # Finest first, as the levels are listed.
    out = {level: fusion.out_channels[level] for level in preset.levels}
    decoder = SkipDecoder(out, preset.width // 2, dropout)
    return ReferringSegmenter(
        backbone,
        WordEmbedding(vocabulary_size, preset.embedding),
        fusion,
        decoder,
        ConvolutionHead(decoder.width),
    )
