"""CMPC-Net (paper 001): LSTM words, CMPC per level, TGFE between levels, ConvLSTM over them."""

from dataclasses import replace

from refseg_lib.errors import UserError
from refseg_lib.fusion.cmpc_levels import CMPCLevels
from refseg_lib.fusion.cmpc_settings import CMPCSettings
from refseg_lib.fusion.convlstm import ConvLSTM
from refseg_lib.fusion.levels import SumOfLevels
from refseg_lib.fusion.tgfe import TGFE, ExchangeThenMerge
from refseg_lib.models.ablations import Ablation
from refseg_lib.models.presets import Preset, preset_head
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.text.lstm import LSTMEncoder
from refseg_lib.vision.backbone import Backbone

# Fields of CMPCSettings, and the last three of TGFE, as the released code has them.
RELEASED = {
    "parser_act": "relu",
    "spatial": "heads",
    "rel_weight": "logit",
    "concat": "released",
    "unit_sentence": True,
    "side_heads": True,
    "rounds": 2,
    "source_transform": True,
}


def build_cmpc_net(
    backbone: Backbone,
    preset: Preset,
    variant: str,
    vocabulary_size: int,
    *,
    entity: bool = True,
    gcn_layers: int = 1,
    rounds: int | None = None,
    mutan_heads: int = 5,
    mutan_activation: str = "tanh",
    mutan_norm: str = "tanh_l2",
    spatial: str | None = None,
    parser_act: str | None = None,
    affinity_scale: bool = True,
    rel_weight: str | None = None,
    gcn_norm: str = "ln",
    concat: str | None = None,
    unit_sentence: bool | None = None,
    side_heads: bool | None = None,
    tgfe_norm: str = "softmax_l2",
    share_rounds: bool = False,
    source_transform: bool | None = None,
    peephole: str = "channel",
    order: str = "low_to_high",
    glove: bool = True,
) -> ReferringSegmenter:
    """Put CMPC-Net together.

    Options that are None follow the variant: the paper, or the released code (``RELEASED``).

    Args:
        backbone: Has ``channels`` and ``strides``.
        preset: Sizes. With one level there is nothing to exchange or to merge.
        variant: ``"paper"`` or ``"released"``.
        vocabulary_size: Rows of the word table.
        entity: Entity perception (EP, Table 2).
        gcn_layers: Graph convolutions of relation-aware reasoning (RAR); 0 leaves it out (Tables 2
            and 4). The paper has 2 on G-Ref, 1 elsewhere.
        rounds: Rounds of TGFE, 0 leaves it out (Tables 2 and 3); 3 in the paper, 2 released.
        mutan_heads: r.
        mutan_activation: See :class:`refseg_lib.fusion.cmpc_settings.CMPCSettings`, as for all up
            to ``side_heads``.
        mutan_norm: See there.
        spatial: See there.
        parser_act: See there.
        affinity_scale: See there.
        rel_weight: See there.
        gcn_norm: See there.
        concat: See there; Y has C_m channels in the paper, the ConvLSTM's number in the released
            code.
        unit_sentence: See there; s of TGFE as well.
        side_heads: See there.
        tgfe_norm: ``norm`` of :class:`refseg_lib.fusion.tgfe.TGFE`.
        share_rounds: See there.
        source_transform: See there.
        peephole: See :class:`refseg_lib.fusion.convlstm.ConvLSTM`. The released code has
            ``"spatial"``, which ties the model to ``preset.input_size``; not the default in either
            variant.
        order: ``"low_to_high"`` (released: C3, C4, C5) or ``"high_to_low"``.
        glove: Whether the word table is meant to start from GloVe vectors. They are loaded into a
            built model, so that this changes no module: it is kept in ``model.config["options"]``
            for who trains.

    Returns:
        The model, not yet initialised.

    Raises:
        UserError: An unknown option value.
    """
    if order not in ("low_to_high", "high_to_low"):
        raise UserError(f"unknown order {order!r} for cmpc; choose one of low_to_high, high_to_low")
    released = RELEASED if variant == "released" else {}
    of_variant = {
        "spatial": spatial,
        "parser_act": parser_act,
        "rel_weight": rel_weight,
        "concat": concat,
        "unit_sentence": unit_sentence,
        "side_heads": side_heads,
    }
    settings = CMPCSettings(
        entity=entity,
        layers=gcn_layers,
        heads=mutan_heads,
        mutan_activation=mutan_activation,
        mutan_norm=mutan_norm,
        affinity_scale=affinity_scale,
        gcn_norm=gcn_norm,
    )
    given = {key: value for key, value in of_variant.items() if value is not None}
    chosen = {key: released[key] for key in of_variant if key in released} | given
    settings = replace(settings, **chosen)
    if rounds is None:
        rounds = released.get("rounds", 3)
    if source_transform is None:
        source_transform = bool(released.get("source_transform", False))

    levels = preset.levels
    joint = preset.multimodal if settings.concat == "paper" else preset.width
    level_fusion = CMPCLevels(
        {level: backbone.channels[level] for level in levels},
        language=preset.embedding,
        multimodal=preset.multimodal,
        out=joint,
        hidden=preset.embedding // 2,
        settings=settings,
        balanced=preset.balanced,
    )
    if len(levels) == 1:
        across, fused = SumOfLevels(), joint
    else:
        side = preset.input_size // min(backbone.strides[level] for level in levels)
        across, fused = (
            ConvLSTM(
                levels,
                joint,
                preset.width,
                order=levels if order == "low_to_high" else levels[::-1],
                peephole=peephole,
                size=(side, side),
            ),
            preset.width,
        )
    if len(levels) > 1 and rounds:
        exchange = TGFE(
            levels,
            joint,
            preset.embedding,
            rounds=rounds,
            share_rounds=share_rounds,
            norm=tgfe_norm,
            source_transform=source_transform,
            balanced=preset.balanced,
        )
        across = ExchangeThenMerge(
            exchange, across, unit_sentence=settings.unit_sentence, balanced=preset.balanced
        )
    return ReferringSegmenter(
        backbone,
        LSTMEncoder(vocabulary_size, embedding=preset.vector, width=preset.embedding),
        level_fusion,
        across,
        preset_head(backbone, replace(preset, width=fused)),
    )


_SINGLE = {"levels": ("c5",)}
_PAPER = "001_CMPC_CVPR20"
_BASELINE = "Y = ReLU(conv1x1([l_T; X])), l_T the last state of the LSTM"
_CONCAT = "without EP, M = ReLU(conv1x1([X; l_T]))"
_GLOVE = "load GloVe vectors; the other rows start from random ones"


def _table_2(name: str, row: str, note: str = "", **options: object) -> Ablation:
    options = {"glove": False, **options}
    if name.startswith("single"):
        return Ablation(name, _PAPER, "T2", row, options, _SINGLE, note)
    return Ablation(name, _PAPER, "T2", row, {"rounds": 1, **options}, {}, note)


ABLATIONS = (
    _table_2(
        "single-baseline", "row1: baseline (single level)", _BASELINE, entity=False, gcn_layers=0
    ),
    _table_2("single-ep", "row2: EP", gcn_layers=0),
    _table_2("single-rar", "row3: RAR", _CONCAT, entity=False),
    _table_2("single-ep-rar", "row4: EP+RAR"),
    _table_2("single-ep-rar-glove", "row5: EP+RAR+GloVe", _GLOVE, glove=True),
    _table_2(
        "multi-baseline",
        "row6*: multi-level baseline with ConvLSTM only",
        _BASELINE,
        entity=False,
        gcn_layers=0,
        rounds=0,
    ),
    _table_2(
        "multi-tgfe",
        "row7: TGFE",
        f"{_BASELINE}; no word types, so that TGFE's s is the sum of all words",
        entity=False,
        gcn_layers=0,
    ),
    _table_2("multi-ep-tgfe", "row8: EP+TGFE", gcn_layers=0),
    _table_2("multi-rar-tgfe", "row9: RAR+TGFE", _CONCAT, entity=False),
    _table_2("multi-ep-rar-tgfe", "row10: EP+RAR+TGFE"),
    _table_2("multi-ep-rar-tgfe-glove", "row11: EP+RAR+TGFE+GloVe", _GLOVE, glove=True),
    *(
        Ablation(
            f"tgfe-{n}",
            _PAPER,
            "T3",
            f"CMPC+TGFE n={n}" if n else "CMPC only (no TGFE)",
            {"rounds": n, "glove": False},
            note="without GloVe: n = 1 has the number of Table 2, row 10",
        )
        for n in (0, 1, 2, 3)
    ),
    *(
        Ablation(
            f"gcn-{n}",
            _PAPER,
            "T4",
            f"CMPC with {n} graph-conv layers",
            {"gcn_layers": n, "glove": False},
            _SINGLE,
            "without GloVe: n = 0 and 1 have the numbers of Table 2, rows 2 and 4; its line for"
            " G-Ref is the same model on other data",
        )
        for n in (0, 1, 2, 3)
    ),
    Ablation("full", _PAPER, "text §4.2", "CMPC+TGFE (ours)", note="Table 1; with DenseCRF there"),
    Ablation(
        "updated",
        "code:spyflying/CMPC-Refseg",
        "README",
        "CMPC Ours-Updated",
        RELEASED,
        note="the released variant; its spatial peepholes need peephole='spatial'",
    ),
)
