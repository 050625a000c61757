"""Norms by name: what group norm leaves of one sentence does not depend on the others."""

import pytest
import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.convolution_norm import make_norm


def test_group_norm_treats_every_sentence_alone_and_batch_norm_does_not():
    torch.manual_seed(0)
    x = torch.randn(3, 32, 2, 2)
    for kind, alone in (("group", True), ("batch", False)):
        norm = make_norm(kind, 32).train()
        assert torch.allclose(norm(x)[:1], norm(x[:1]), atol=1e-6) == alone


@pytest.mark.parametrize("channels", [512, 96, 48, 40, 7, 1])
def test_a_map_of_one_cell_is_not_erased_by_groups_of_one_channel(channels):
    norm = make_norm("group", channels)
    assert channels % norm.num_groups == 0
    assert channels // norm.num_groups >= min(16, channels)


def test_paper_scale_has_32_groups_as_group_norm_is_usually_made():
    assert make_norm("group", 512).num_groups == 32


def test_none_changes_nothing_and_the_others_have_equally_many_weights():
    x = torch.randn(2, 32, 2, 2)
    assert make_norm("none", 32)(x) is x
    counts = {
        sum(p.numel() for p in make_norm(kind, 32).parameters()) for kind in ("group", "batch")
    }
    assert counts == {64}
    assert isinstance(make_norm("batch", 8), nn.BatchNorm2d)


def test_an_unknown_norm_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match=r"'layer'.*group, batch, none"):
        make_norm("layer", 8)
