"""How CMPC is done where paper 001 and its released code differ, and what is left out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CMPCSettings:
    """Settings of :mod:`refseg_lib.fusion.cmpc`; the defaults are our reading of the paper.

    Attributes:
        entity: Entity perception (EP).
        layers: Graph convolutions of relation-aware reasoning (RAR); 0 leaves it out.
        heads: Heads of the bilinear fusion, r.
        mutan_activation: See :class:`refseg_lib.fusion.mutan.Mutan`.
        mutan_norm: See there.
        spatial: ``"once"``: coordinates are fused into X (paper); ``"heads"``: into every head of
            the bilinear fusion (released).
        parser_act: See :class:`refseg_lib.fusion.word_types.WordTypes`.
        affinity_scale: See :class:`refseg_lib.fusion.relation_reasoning.RelationReasoning`.
        rel_weight: See there.
        gcn_norm: ``norm`` there.
        concat: ``"paper"`` or ``"released"``, see the module's docstring.
        unit_sentence: Divide q and s by their length (released).
        side_heads: A 3x3 convolution to logits per level, for the losses of the released code.
    """

    entity: bool = True
    layers: int = 1
    heads: int = 5
    mutan_activation: str = "tanh"
    mutan_norm: str = "tanh_l2"
    spatial: str = "once"
    parser_act: str = "sigmoid"
    affinity_scale: bool = True
    rel_weight: str = "word"
    gcn_norm: str = "ln"
    concat: str = "paper"
    unit_sentence: bool = False
    side_heads: bool = False
