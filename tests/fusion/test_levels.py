"""The same fusion at every level, and levels of different size."""

import torch
from torch import nn
from torch.nn import functional as F

from refseg_lib.fusion.levels import PerLevel, SumOfLevels, add, same_size


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
