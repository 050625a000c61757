"""Presets."""

import pytest

from refseg_lib.errors import UserError
from refseg_lib.fusion.heads import DetailHead, SubcellHead
from refseg_lib.models.presets import get_preset, preset_head


def test_paper_preset_is_what_paper_004_states():
    paper = get_preset("paper")
    # §4.1 and §3.2: 1000-d words, 320 x 320, Res3-5, 512-d attention, 500-d X, one logit per cell
    assert (paper.embedding, paper.input_size, paper.levels) == (1000, 320, ("c3", "c4", "c5"))
    assert (paper.attention, paper.width, paper.subcells) == (512, 500, 1)


def test_unknown_preset_lists_the_known():
    with pytest.raises(UserError, match=r"'huge'.*laptop, paper"):
        get_preset("huge")


def test_the_paper_preset_changes_nothing_about_the_printed_network():
    paper = get_preset("paper")
    assert not paper.balanced
    assert paper.detail is None


def test_a_backbone_without_a_level_twice_as_fine_gets_the_plain_head(backbone):
    laptop = get_preset("laptop")
    assert isinstance(preset_head(backbone, laptop), DetailHead)
    # EfficientNet's c3 is already as fine as the fused map is coarse: c2 is not twice as fine.
    backbone.strides = {"c2": 4, "c3": 16, "c4": 16, "c5": 32}
    assert isinstance(preset_head(backbone, laptop), SubcellHead)


def test_a_narrowed_system_shares_all_but_its_own_sizes_with_the_preset():
    wide, narrow = get_preset("laptop"), get_preset("laptop", "bilingual")
    assert (narrow.embedding, narrow.multimodal) < (wide.embedding, wide.multimodal)
    assert (narrow.input_size, narrow.backbone) == (wide.input_size, wide.backbone)
    assert get_preset("paper", "bilingual") == get_preset("paper")
    assert get_preset("laptop", "cmsa") == wide
