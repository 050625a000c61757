import pytest
import torch
from torch.nn import functional as F

from refseg_lib.fusion.conv3d import Conv3DFusion


def test_equals_a_three_dimensional_convolution_whose_depth_collapses():
    torch.manual_seed(0)
    module = Conv3DFusion(("c3", "c4", "c5"), 2, 4).double()
    maps = {level: torch.randn(2, 2, 3, 4, dtype=torch.float64) for level in ("c5", "c3", "c4")}
    stacked = torch.stack([maps[level] for level in ("c3", "c4", "c5")], 2)
    padded = F.pad(stacked, (1, 1, 1, 1))
    want = torch.empty(2, 4, 3, 4, dtype=torch.float64)
    for y in range(3):
        for x in range(4):
            window = padded[:, None, :, :, y : y + 3, x : x + 3]
            want[:, :, y, x] = (window * module.convolution.weight).sum((2, 3, 4, 5))
    want = want + module.convolution.bias[:, None, None]
    torch.testing.assert_close(module(maps), want, rtol=0, atol=1e-10)
    inside = F.conv3d(
        stacked, module.convolution.weight, module.convolution.bias, padding=(0, 1, 1)
    )
    torch.testing.assert_close(module(maps), inside[:, :, 0], rtol=0, atol=1e-10)


@pytest.mark.parametrize("norm", ["none", "group"])
def test_released_form_has_a_norm_and_a_leaky_relu_behind_it(norm):
    torch.manual_seed(0)
    plain = Conv3DFusion(("c4", "c5"), 2, 16)
    module = Conv3DFusion(("c4", "c5"), 2, 16, norm=norm)
    module.convolution.load_state_dict(plain.convolution.state_dict())
    maps = {level: torch.randn(1, 2, 3, 4) for level in ("c4", "c5")}
    want = plain(maps)
    if norm == "group":
        want = (want - want.mean()) / (want.var(unbiased=False) + 1e-5).sqrt()
        want = torch.where(want > 0, want, 0.01 * want)
    torch.testing.assert_close(module(maps), want)
