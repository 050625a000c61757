"""ASPP: five looks at one map."""

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.fusion.aspp import ASPP


def look(x, weight, bias, rate, y, column):
    """One output cell of a dilated 3x3 convolution, tap by tap."""
    total = bias.clone()
    for i in range(3):
        for j in range(3):
            row, across = y + rate * (i - 1), column + rate * (j - 1)
            if 0 <= row < x.shape[1] and 0 <= across < x.shape[2]:
                total = total + weight[:, :, i, j] @ x[:, row, across]
    return total


def test_equals_its_five_branches_cell_by_cell():
    torch.manual_seed(0)
    module = ASPP(2, 3, rates=(1, 2, 4), norm="none").double()
    maps = torch.randn(2, 2, 5, 4, dtype=torch.float64)
    got = module(maps)
    near, whole, project = (part[0] for part in (module.near, module.whole, module.project))
    for b, x in enumerate(maps):
        mean = whole.weight[:, :, 0, 0] @ x.mean((1, 2)) + whole.bias
        for y in range(5):
            for column in range(4):
                looks = [near.weight[:, :, 0, 0] @ x[:, y, column] + near.bias]
                for branch, rate in zip(module.dilated, (1, 2, 4), strict=True):
                    looks.append(look(x, branch[0].weight, branch[0].bias, rate, y, column))
                seen = torch.cat([value.clamp(min=0) for value in [*looks, mean]])
                want = (project.weight[:, :, 0, 0] @ seen + project.bias).clamp(min=0)
                torch.testing.assert_close(got[b, :, y, column], want, rtol=0, atol=1e-10)


def test_on_18_cells_a_rate_of_24_sees_no_neighbour_and_a_rate_of_12_does():
    torch.manual_seed(0)
    x = torch.randn(1, 2, 18, 18)
    module = ASPP(2, 3, norm="none")
    other = x.clone()
    other[..., 0, 0] += 5.0
    elsewhere = torch.ones(18, 18, dtype=torch.bool)
    elsewhere[0, 0] = False
    for branch, sees in zip(module.dilated, (True, True, False), strict=True):
        change = (branch[0](other) - branch[0](x)).abs().amax((0, 1))
        assert bool((change[elsewhere] > 1e-6).any()) == sees


def test_512_channels_have_8_92_million_weights():
    assert sum(p.numel() for p in ASPP(512, 512, norm="batch").parameters()) == 8_919_040


def test_one_sentence_trains_with_group_norm_and_is_refused_with_batch_norm():
    x = torch.randn(1, 16, 3, 4)
    assert ASPP(16, 16)(x).isfinite().all()
    module = ASPP(16, 16, norm="batch")
    with pytest.raises(UserError, match=r"batch of one sentence.*norm='group'"):
        module(x)
    assert module.eval()(x).isfinite().all()


def test_dropout_drops_whole_channels_in_training_only():
    torch.manual_seed(0)
    module = ASPP(4, 64, dropout=0.5)
    x = torch.randn(1, 4, 3, 3)
    dropped = module(x)
    whole = module.eval()(x)
    kept = dropped.flatten(2).any(-1)
    assert 0.2 < kept.float().mean() < 0.8
    torch.testing.assert_close(dropped, 2 * whole * kept[..., None, None])
