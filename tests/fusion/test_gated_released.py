"""The released gated fusion."""

import math

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.fusion.gated_released import ReleasedGatedFusion
from refseg_lib.trace import trace

LEVELS = ("c3", "c4", "c5")


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_one_cell_by_hand():
    """Convolutions with fixed biases and no weights: i = 0.3, f = s(-1+1), r = s(1+1)."""
    module = ReleasedGatedFusion(LEVELS, 1).double()
    for convolution in module.gates.values():
        torch.nn.init.zeros_(convolution.weight)
        convolution.bias.data = torch.tensor([0.3, -1.0, 1.0], dtype=torch.float64)
    module.alpha.data = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64)
    x = {"c3": 1.0, "c4": -2.0, "c5": 4.0}
    maps = {name: torch.full((1, 1, 1, 1), v, dtype=torch.float64) for name, v in x.items()}
    f, r = sigmoid(0), sigmoid(2)
    want = 0.0
    # own level, deeper and shallower other
    for alpha, own, deeper, shallower in (
        (0.2, "c3", "c5", "c4"),
        (0.5, "c4", "c5", "c3"),
        (0.9, "c5", "c4", "c3"),
    ):
        others = alpha * x[deeper] + (1 - alpha) * x[shallower]
        controller = f * others + (1 - f) * 0.3
        want += r * math.tanh(controller) + (1 - r) * x[own]
    with trace(module) as seen:
        assert module(maps).item() == pytest.approx(want, abs=1e-12)
    assert seen["gated.c4.memory"].item() == pytest.approx(f)
    assert seen["gated.c4.reset"].item() == pytest.approx(r)


def test_every_channel_has_gates_of_its_own():
    torch.manual_seed(0)
    module = ReleasedGatedFusion(LEVELS, 2).double()
    maps = {name: torch.randn(1, 2, 3, 3, dtype=torch.float64) for name in LEVELS}
    before = module(maps)
    # close channel 1's reset gate everywhere (bias 5 of 6): that channel becomes the plain sum
    for convolution in module.gates.values():
        convolution.weight.data[5] = 0
        convolution.bias.data[5] = -1e4
    after = module(maps)
    torch.testing.assert_close(after[:, 1], sum(maps.values())[:, 1])
    torch.testing.assert_close(after[:, 0], before[:, 0], rtol=0, atol=0)


def test_joins_three_levels_only():
    with pytest.raises(UserError, match="three levels, got c4, c5"):
        ReleasedGatedFusion(("c4", "c5"), 2)
