"""Presets."""

import pytest

from refseg_lib.errors import UserError
from refseg_lib.models.presets import get_preset


def test_paper_preset_is_what_paper_004_states():
    paper = get_preset("paper")
    # §4.1 and §3.2: 1000-d words, 320 x 320, Res3-5, 512-d attention, 500-d X, one logit per cell
    assert (paper.embedding, paper.input_size, paper.levels) == (1000, 320, ("c3", "c4", "c5"))
    assert (paper.attention, paper.width, paper.subcells) == (512, 500, 1)


def test_unknown_preset_lists_the_known():
    with pytest.raises(UserError, match=r"'huge'.*laptop, paper"):
        get_preset("huge")
