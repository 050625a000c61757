"""How large the models are: one row per preset."""

from dataclasses import dataclass, replace

from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.heads import make_head
from refseg_lib.vision.backbone import Backbone


@dataclass(frozen=True)
class Preset:
    """Sizes.

    Attributes:
        backbone: Name of the backbone.
        input_size: Side of the square input in pixels.
        levels: Backbone levels that are fused.
        embedding: Channels per word, C_l.
        vector: Channels of a word vector that an encoder reads (300 in the papers: GloVe).
        multimodal: Channels of CMPC's and the bilingual network's joint maps, C_m.
        shared: Channels of SHNet and BUSNet, the same for pictures and words.
        attention: Channels of queries, keys and values of CMSA.
        width: Channels of each level after fusion.
        hidden: Hidden channels of the concat baseline, so that it has as many parameters as CMSA.
        subcells: Logits per cell and axis; 1 as in the papers.
        detail: A finer level that the head looks at, see
            :class:`refseg_lib.fusion.heads.DetailHead`; None as in the papers.
        balanced: Whether CMSA and the baseline balance their inputs, see
            :func:`refseg_lib.fusion.cmsa.picture_vectors`, and CMSA scales its scores.
    """

    backbone: str
    input_size: int
    levels: tuple[str, ...]
    embedding: int
    vector: int
    multimodal: int
    shared: int
    attention: int
    width: int
    hidden: int
    subcells: int
    balanced: bool
    detail: str | None


PRESETS = {
    "laptop": Preset(
        backbone="laptop",
        input_size=128,
        levels=("c3", "c4", "c5"),
        embedding=96,
        vector=64,
        multimodal=96,
        shared=96,
        attention=48,
        width=96,
        hidden=192,
        subcells=2,
        balanced=True,
        detail="c2",
    ),
    "paper": Preset(
        backbone="deeplab_v2_r101",
        input_size=320,
        levels=("c3", "c4", "c5"),
        embedding=1000,
        vector=300,
        multimodal=1000,
        shared=512,
        attention=512,
        width=500,
        hidden=2048,
        subcells=1,
        balanced=False,
        detail=None,
    ),
}

# What these systems must be narrowed to for a quarter of an hour on two cores: they do more for
# every channel than the others.
NARROWED: dict[tuple[str, str], dict[str, int]] = {
    ("cmpc", "laptop"): {"multimodal": 64, "width": 64},
    ("bilingual", "laptop"): {"embedding": 48, "multimodal": 64, "width": 64},
}


def get_preset(name: str, model: str | None = None) -> Preset:
    """Look a preset up.

    Args:
        name: A key of ``PRESETS``.
        model: The model that it is for; some are narrower.

    Raises:
        UserError: An unknown name.
    """
    if name not in PRESETS:
        raise UserError(f"unknown preset {name!r}; choose one of {', '.join(PRESETS)}")
    return replace(PRESETS[name], **NARROWED.get((model or "", name), {}))


def preset_head(backbone: Backbone, preset: Preset) -> nn.Module:
    """Make the mask head of a preset.

    A backbone whose next finer level is not twice as fine as the fused ones has no detail to look
    at: the plain head is used there.
    """
    detail = preset.detail
    if detail is not None:
        strides = backbone.strides
        fused = min(strides[level] for level in preset.levels)
        if 2 * strides[detail] != fused:
            detail = None
    channels = 0 if detail is None else backbone.channels[detail]
    return make_head(preset.width, preset.subcells, detail, channels)
