"""What stands around SFM: shared or not, left out, concatenated, enlarged."""

import pytest
import torch

from refseg_lib.fusion.context import Context
from refseg_lib.fusion.sfm import SFM
from refseg_lib.fusion.shared_grid import CommonGrid
from refseg_lib.fusion.shnet_levels import (
    ConcatOfLevels,
    SeparateLevels,
    SynchronousLevels,
    UpConvolution,
)

CHANNELS, C = {"c4": 3, "c5": 2}, 8


@pytest.fixture
def context():
    torch.manual_seed(0)
    mask = torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 0]]).bool()
    features = {level: torch.randn(2, n, 5, 6) for level, n in CHANNELS.items()}
    words = torch.randn(3, 3, C) * mask[..., None]
    return Context(features, words, mask, torch.tensor([1, 0, 1]))


def grid():
    torch.manual_seed(1)
    return CommonGrid(CHANNELS, C, grid=3)


@pytest.mark.parametrize("shared", [True, False])
def test_levels_share_one_sfm_or_have_one_each_and_leave_their_words_behind(context, shared):
    module = SynchronousLevels(grid(), lambda: SFM(C, heads=2), share_levels=shared)
    assert (module.sfm["c4"] is module.sfm["c5"]) == shared
    assert len({id(p) for p in module.sfm.parameters()}) == (10 if shared else 20)
    got = module(context)
    for level, x in module.grid(context.features).items():
        want, said = module.sfm[level](x, context.words, context.word_mask, context.image_of)
        torch.testing.assert_close(got[level], want)
        torch.testing.assert_close(context.level_words[level], said)
    assert not torch.allclose(got["c4"], got["c5"])


@pytest.mark.parametrize("balanced", [True, False])
def test_without_sfm_maps_are_the_images_and_words_are_the_encoders(context, balanced):
    module = SeparateLevels(grid(), balanced=balanced)
    got = module(context)
    for level, x in module.grid(context.features).items():
        torch.testing.assert_close(got[level], x[[1, 0, 1]])
        length = context.level_words[level].norm(dim=-1)
        if balanced:
            torch.testing.assert_close(length, C**0.5 * context.word_mask.float())
        else:
            assert torch.equal(context.level_words[level], context.words)


def test_concat_lays_the_mean_word_beside_the_summed_maps(context):
    maps = {level: torch.randn(3, C, 2, 3) for level in CHANNELS}
    context.level_words = {level: torch.randn(3, 3, C) for level in CHANNELS}
    got = ConcatOfLevels(tuple(CHANNELS))(maps, context)
    for b, count in enumerate((3, 2, 1)):
        want = torch.cat(
            [
                maps["c4"][b, :, 1, 2] + maps["c5"][b, :, 1, 2],
                sum(words[b, :count].mean(0) for words in context.level_words.values()),
            ]
        )
        torch.testing.assert_close(got[b, :, 1, 2], want)


def test_up_convolution_gives_every_quarter_of_a_cell_its_own_weights(context):
    fused = torch.randn(3, 4, 3, 3)
    module = UpConvolution(lambda levels: fused, tuple(CHANNELS), 4, 2)
    context.features = {level: x[..., :4, :4] for level, x in context.features.items()}
    context.features["c4"] = torch.randn(2, 3, 6, 6)
    got = module({}, context)
    bent = torch.where(fused > 0, fused, 0.01 * fused)
    scores = torch.einsum("oc,bcyx->boyx", module.quarters.weight[..., 0, 0], bent)
    scores = scores + module.quarters.bias[:, None, None]
    for channel in range(2):
        for quarter in range(4):
            mine = got[:, channel, quarter // 2 :: 2, quarter % 2 :: 2]
            torch.testing.assert_close(mine, scores[:, 4 * channel + quarter])


def test_up_convolution_ends_on_the_finest_used_grid_whatever_its_shape(context):
    module = UpConvolution(lambda levels: torch.randn(3, 4, 3, 3), tuple(CHANNELS), 4, 2)
    with torch.no_grad():
        module.quarters.weight.zero_()
        module.quarters.bias.fill_(2.0)
    torch.testing.assert_close(module({}, context), torch.full((3, 2, 5, 6), 2.0))


def test_up_convolution_hands_the_context_to_a_fusion_that_wants_it(context):
    maps = {level: torch.randn(3, C, 3, 3) for level in CHANNELS}
    context.level_words = {level: context.words for level in CHANNELS}
    module = UpConvolution(ConcatOfLevels(tuple(CHANNELS)), tuple(CHANNELS), 2 * C, 2)
    assert module(maps, context).isfinite().all()
