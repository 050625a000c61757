"""The same fusion at every level, and levels of different size."""

import torch
from torch import nn
from torch.nn import functional as F

from refseg_lib.fusion.context import Context
from refseg_lib.fusion.levels import PerLevel, PerLevelInContext, SumOfLevels, add, same_size


class Times(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, feature, words, word_mask, image_of):
        return self.factor * feature[image_of]


def test_every_level_has_a_module_of_its_own_that_knows_its_place():
    fusion = PerLevel(lambda level, channels: Times(channels), {"c4": 2, "c5": 3}, "cmsa")
    features = {
        "c3": torch.ones(1, 1, 1, 1),
        "c4": torch.ones(1, 2, 1, 1),
        "c5": torch.ones(1, 3, 1, 1),
    }
    out = fusion(features, torch.zeros(2, 1, 1), torch.ones(2, 1).bool(), torch.tensor([0, 0]))
    assert list(out) == ["c4", "c5"]
    assert out["c4"].unique().tolist() == [2]
    assert out["c5"].unique().tolist() == [3]
    assert [module.trace_name for module in fusion.modules_by_level.values()] == [
        "cmsa.c4",
        "cmsa.c5",
    ]


def test_coarse_levels_are_enlarged_to_the_finest_and_equal_ones_left_alone():
    fine, coarse = torch.randn(1, 2, 4, 6), torch.randn(1, 2, 2, 3)
    out = same_size([coarse, fine])
    assert out[1] is fine
    want = F.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(out[0], want)


def test_sum_of_levels_is_a_rectified_sum():
    levels = [torch.tensor([1.0, -5.0]).view(1, 2, 1, 1), torch.tensor([2.0, 3.0]).view(1, 2, 1, 1)]
    assert add(levels).flatten().tolist() == [3, -2]
    assert SumOfLevels()({"c4": levels[0], "c5": levels[1]}).flatten().tolist() == [3, 0]


class Counts(nn.Module):
    def forward(self, feature, context):
        return feature[context.image_of] * context.word_mask.sum(1)[:, None, None, None]


def test_a_module_that_looks_back_is_handed_its_own_level_and_the_context():
    fusion = PerLevelInContext(lambda level, channels: Counts(), {"c4": 2, "c5": 3}, "net")
    features = {"c4": torch.full((1, 2, 1, 1), 4.0), "c5": torch.full((1, 3, 1, 1), 5.0)}
    mask = torch.tensor([[True, False], [True, True]])
    out = fusion(Context(features, torch.zeros(2, 2, 1), mask, torch.tensor([0, 0])))
    assert out["c4"][:, 0, 0, 0].tolist() == [4, 8]
    assert out["c5"][:, 0, 0, 0].tolist() == [5, 10]
    assert fusion.levels == ("c4", "c5")
    assert fusion.modules_by_level["c5"].trace_name == "net.c5"
