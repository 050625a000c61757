"""GBFM, held against its six units written out."""

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.gated_bidirectional import GatedBidirectionalFusion
from refseg_lib.trace import trace

LEVELS = ("c3", "c4", "c5")


def make():
    torch.manual_seed(1)
    return GatedBidirectionalFusion(LEVELS, 3).double()


@pytest.fixture
def maps():
    torch.manual_seed(0)
    return {level: torch.randn(2, 3, 4, 5, dtype=torch.float64) for level in LEVELS}


def literal_unit(unit, x, y):
    both = torch.cat([x, y], 1)
    mixed = torch.empty_like(x)
    for channel in range(3):
        weight = unit.mix.weight[channel, :, 0, 0]
        total = unit.mix.bias[channel] + sum(weight[c] * both[:, c] for c in range(6))
        mixed[:, channel] = total.clamp(min=0)
    gate = F.conv2d(mixed, unit.gate.weight, unit.gate.bias, padding=1).sigmoid()
    return gate * x + y


def test_equals_a_pass_down_and_a_pass_up_of_gated_units(maps):
    module = make()
    c3, c4, c5 = (maps[level] for level in LEVELS)
    down, up = module.down, module.up
    falling = literal_unit(
        down["joined"],
        literal_unit(down["deep"], c5, c4),
        literal_unit(down["shallow"], c4, c3),
    )
    rising = literal_unit(
        up["joined"], literal_unit(up["shallow"], c3, c4), literal_unit(up["deep"], c4, c5)
    )
    want = F.conv2d(falling + rising, module.out.weight, module.out.bias, padding=1).clamp(min=0)
    torch.testing.assert_close(module(maps), want, rtol=0, atol=1e-10)


def test_closed_gates_leave_the_shallowest_and_the_deepest_level(maps):
    module = make()
    with torch.no_grad():
        for units in (module.down, module.up):
            for unit in units.values():
                unit.gate.bias.fill_(-1e4)
    want = module.out(maps["c3"] + maps["c5"]).relu()
    torch.testing.assert_close(module(maps), want, rtol=0, atol=1e-12)


def test_six_gates_are_traced_and_lie_between_0_and_1(maps):
    module = make()
    with trace(module) as seen:
        module(maps)
    assert set(seen) == {
        f"gbfm.{way}.{unit}.gate"
        for way in ("down", "up")
        for unit in ("shallow", "deep", "joined")
    }
    assert all(0 < gate.min() <= gate.max() < 1 for gate in seen.values())


def test_other_than_three_levels_are_refused():
    with pytest.raises(UserError, match="three levels, got c4, c5"):
        GatedBidirectionalFusion(("c4", "c5"), 3)
