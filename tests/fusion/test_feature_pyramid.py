"""The one-way feature pyramid."""

import torch
from torch.nn import functional as F

from refseg_lib.fusion.feature_pyramid import FeaturePyramid


def make():
    torch.manual_seed(0)
    levels = {
        "c2": torch.randn(2, 3, 6, 8, dtype=torch.float64),
        "c3": torch.randn(2, 4, 3, 4, dtype=torch.float64),
        "c4": torch.randn(2, 5, 3, 4, dtype=torch.float64),
    }
    return FeaturePyramid({k: x.shape[1] for k, x in levels.items()}, 3).double(), levels


def test_it_is_lateral_plus_enlarged_then_smoothed_then_added():
    module, x = make()
    p4 = module.enter["c4"](x["c4"])
    p3 = module.enter["c3"](x["c3"]) + p4
    up = F.interpolate(p3, (6, 8), mode="bilinear", align_corners=False)
    p2 = module.enter["c2"](x["c2"]) + up
    coarse = [
        F.interpolate(module.smooth[k](p), (6, 8), mode="bilinear", align_corners=False)
        for k, p in (("c3", p3), ("c4", p4))
    ]
    want = module.smooth["c2"](p2) + coarse[0] + coarse[1]
    torch.testing.assert_close(module(x), want, rtol=0, atol=1e-12)


def test_it_goes_one_way_only():
    """What the finest map shows never reaches the coarser ones."""
    module, x = make()
    with torch.no_grad():
        module.smooth["c2"].weight.zero_()
    before = module(x)
    x["c2"] = x["c2"] + 1
    torch.testing.assert_close(module(x), before, rtol=0, atol=1e-12)
    x["c4"] = x["c4"] + 1
    assert (module(x) - before).abs().max() > 1e-3
