"""SHNet (paper 003): LSTM words, SFM per level, HCAM across levels, ASPP decoder."""

from collections.abc import Callable
from dataclasses import replace

from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.aspp import RATES
from refseg_lib.fusion.conv3d import Conv3DFusion
from refseg_lib.fusion.convlstm import ConvLSTM
from refseg_lib.fusion.gated_bidirectional import GatedBidirectionalFusion
from refseg_lib.fusion.gated_released import ReleasedGatedFusion
from refseg_lib.fusion.hcam import HCAM
from refseg_lib.fusion.mask_decoder import MaskDecoder
from refseg_lib.fusion.sfm import SFM
from refseg_lib.fusion.sfm_released import ReleasedSFM
from refseg_lib.fusion.shared_grid import CommonGrid
from refseg_lib.fusion.shnet_levels import (
    ConcatOfLevels,
    SeparateLevels,
    SynchronousLevels,
    UpConvolution,
)
from refseg_lib.fusion.tgfe import TGFE, ExchangeThenMerge
from refseg_lib.models.ablations import Ablation
from refseg_lib.models.presets import Preset, preset_head
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.text.lstm import LSTMEncoder
from refseg_lib.vision.backbone import Backbone

ATTENTIONS = ("sfm", "none")
FUSIONS = ("hcam", "conv3d", "convlstm", "mgate", "tgfe", "gbfm", "concat")
VECTORS = ("frozen", "learned")
# Cells per side: the paper's for inputs of 320 and of 448 pixels, and ours at the laptop preset.
GRID, LAPTOP_GRID = 18, 8


def build_shnet(
    backbone: Backbone,
    preset: Preset,
    variant: str,
    vocabulary_size: int,
    *,
    attention: str = "sfm",
    fusion: str = "hcam",
    vectors: str | None = None,
    positions: bool = True,
    residual: bool | None = None,
    layers: int = 2,
    feed: int | None = None,
    pos_to_value: bool = False,
    heads: int = 8,
    share_levels: bool = True,
    grid: int | None = None,
    pool: str = "adaptive_max",
    norm: str | None = None,
    dropout: float | None = None,
    rates: tuple[int, ...] | list[int] = RATES,
) -> ReferringSegmenter:
    """Put SHNet together.

    Args:
        backbone: Has ``channels``.
        preset: Sizes: ``vector`` word vectors, ``shared`` = C of pixels and words.
        variant: ``"paper"``: one attention, HCAM without norm; ``"released"``: a Transformer
            encoder as SFM, batch norm, dropout. The decoder is the released one, which the paper
            does not describe, in both; the laptop preset has its own head.
        vocabulary_size: Rows of the word table.
        attention: ``"sfm"``, or ``"none"`` ("Baseline" and "Only HCAM" of Table 2).
        fusion: Across levels: ``"hcam"``; ``"conv3d"``, ``"convlstm"`` and ``"concat"`` of Table
            2; ``"mgate"``, ``"tgfe"`` and ``"gbfm"`` of Table 4.
        vectors: ``"frozen"``: the word table stays as it is loaded (GloVe); ``"learned"``: a
            table that is trained, the same function as the one-hot vectors of Table 2. None:
            frozen at the paper preset, learned at the laptop preset, which loads none.
        positions: Position encodings in SFM.
        residual: See :class:`refseg_lib.fusion.sfm.SFM`; None: at the laptop preset only.
        layers: See :class:`refseg_lib.fusion.sfm_released.ReleasedSFM`.
        feed: See there; None: as many as ``shared`` (512).
        pos_to_value: See there.
        heads: Attention heads of SFM.
        share_levels: One SFM for all levels, as released.
        grid: Cells per side of every level; None: 18 (8 at the laptop preset).
        pool: See :class:`refseg_lib.fusion.shared_grid.CommonGrid`.
        norm: See :func:`refseg_lib.fusion.convolution_norm.make_norm`; None: ``"batch"`` as
            released, ``"group"`` otherwise.
        dropout: In SFM, HCAM and decoder; None: 0.2, behind ASPP 0.25, as released, else 0.
        rates: Dilations of ASPP.

    Returns:
        The model, not yet initialised.

    Raises:
        UserError: An unknown ``attention``, ``fusion``, ``vectors``, ``pool`` or ``norm``, or an
            option of the other variant.
    """
    for what, given, known in (
        ("attention", attention, ATTENTIONS),
        ("fusion", fusion, FUSIONS),
        ("vectors", vectors or "frozen", VECTORS),
    ):
        if given not in known:
            raise UserError(f"unknown {what} {given!r} for shnet; choose one of {', '.join(known)}")
    released, small, width = variant == "released", preset.balanced, preset.shared
    if released and residual is not None:
        raise UserError("residual is a switch of the printed SFM; use it with variant='paper'")
    if not released and (layers, feed, pos_to_value) != (2, None, False):
        raise UserError(
            "layers, feed and pos_to_value are switches of the released SFM; use them with"
            " variant='released'"
        )
    norm = norm or ("batch" if released else "group")
    dropped = (0.2 if released else 0.0) if dropout is None else dropout
    cells = grid if grid is not None else LAPTOP_GRID if small else GRID
    common = CommonGrid(
        {level: backbone.channels[level] for level in preset.levels},
        width,
        grid=cells,
        pool=pool,
        norm=norm,
    )

    def make_sfm() -> nn.Module:
        if released:
            return ReleasedSFM(
                width,
                layers=layers,
                feed=feed or width,
                heads=heads,
                dropout=dropped,
                positions=positions,
                pos_to_value=pos_to_value,
            )
        summed = small if residual is None else residual
        return SFM(width, heads=heads, positions=positions, residual=summed)

    across, fused = _across(
        fusion, preset.levels, width, norm if released else "none", dropped, small
    )
    if small:
        across = UpConvolution(across, preset.levels, fused, width)
        head = preset_head(backbone, replace(preset, width=width))
    else:
        behind_aspp = 0.25 if released and dropout is None else dropped
        head = MaskDecoder(
            fused, width, rates=rates, norm=norm, dropout=dropped, aspp_dropout=behind_aspp
        )
    return ReferringSegmenter(
        backbone,
        LSTMEncoder(
            vocabulary_size,
            embedding=preset.vector,
            width=width,
            trainable=(vectors or ("learned" if small else "frozen")) == "learned",
        ),
        SynchronousLevels(common, make_sfm, share_levels=share_levels)
        if attention == "sfm"
        else SeparateLevels(common, balanced=small),
        across,
        head,
    )


def _across(
    fusion: str, levels: tuple[str, ...], width: int, norm: str, dropout: float, balanced: bool
) -> tuple[nn.Module, int]:
    """Make a fusion across levels; return it with the channels of its map."""
    makers: dict[str, Callable[[], nn.Module]] = {
        "hcam": lambda: HCAM(levels, width, width, norm=norm, dropout=dropout),
        "conv3d": lambda: Conv3DFusion(levels, width, width, norm=norm),
        # The cell of SHNet's code has a bias, no peepholes and no norm; CMPC's, behind TGFE, has.
        "convlstm": lambda: ConvLSTM(levels, width, width, peephole="none", norm="none"),
        "mgate": lambda: ReleasedGatedFusion(levels, width),
        "tgfe": lambda: ExchangeThenMerge(
            TGFE(levels, width, width, rounds=2, source_transform=True, balanced=balanced),
            ConvLSTM(levels, width, width),
            unit_sentence=True,
            balanced=balanced,
        ),
        "gbfm": lambda: GatedBidirectionalFusion(levels, width),
        "concat": lambda: ConcatOfLevels(levels),
    }
    return makers[fusion](), 2 * width if fusion == "concat" else width


PAPER = "003_SHNet_ACLF22"
DEEPLAB = "the paper preset's DeepLab-v2 stands in for DeepLabv3+, which is not in this library"


# Table 4: paper 003 took the others' modules from their public code, and so do we.
AGGREGATIONS = {
    "mgate": "the authors' code of paper 004",
    "tgfe": "the authors' code of paper 001: two rounds, then its ConvLSTM",
    "gbfm": "credited to LSCM in paper 003; the name is BRINet's module",
    "hcam": "",
}

ABLATIONS = (
    Ablation(
        "baseline",
        PAPER,
        "T2",
        "row1: Baseline",
        {"attention": "none", "fusion": "concat"},
        note="[visual features; tiled mean word]; that the levels are summed is our reading",
    ),
    Ablation("only-hcam", PAPER, "T2", "row2: Only HCAM", {"attention": "none"}),
    Ablation(
        "only-sfm",
        PAPER,
        "T2",
        "row3: Only SFM",
        {"fusion": "concat"},
        note="the baseline's fusion of levels over what SFM makes of pixels and words",
    ),
    Ablation("sfm-convlstm", PAPER, "T2", "row4: SFM+ConvLSTM", {"fusion": "convlstm"}),
    Ablation("sfm-conv3d", PAPER, "T2", "row5: SFM+Conv3D", {"fusion": "conv3d"}),
    Ablation(
        "no-glove",
        PAPER,
        "T2",
        "row6: SHNet w/o Glove",
        {"vectors": "learned"},
        note="one-hot words are a learned table; frozen GloVe elsewhere, not at the laptop preset",
    ),
    Ablation("no-positions", PAPER, "T2", "row7: SHNet w/o P.E", {"positions": False}),
    Ablation("full", PAPER, "T2", "row8: SHNet", note=DEEPLAB),
    *(
        Ablation(
            f"{name}-{side}",
            PAPER,
            "T3",
            f"SHNet, {printed}, {side}x{side}",
            sizes={**backbone, "input_size": side},
            note=note,
        )
        for name, printed, backbone, note in (
            ("resnet101", "ResNet101", {"backbone": "resnet101"}, ""),
            ("deeplab", "DeepLabv3+", {}, DEEPLAB),
        )
        for side in (320, 448)
    ),
    *(
        Ablation(
            f"sfm-{fusion}-{side}",
            PAPER,
            "T4",
            f"SFM+{fusion.upper()}, {side}x{side}",
            {"fusion": fusion},
            {"input_size": side},
            note,
        )
        for fusion, note in AGGREGATIONS.items()
        for side in (320, 448)
    ),
)
