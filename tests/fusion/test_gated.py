"""Gated multi-level fusion, paper 004 Eq. 5."""

import math

import pytest
import torch

from refseg_lib.fusion.gated import GatedFusion, SelfGatedFusion, gate
from refseg_lib.trace import trace


def one(value):
    return torch.full((1, 1, 1, 1), float(value), dtype=torch.float64)


def random_levels(count=3):
    torch.manual_seed(0)
    levels = [torch.randn(2, 3, 4, 5, dtype=torch.float64) for _ in range(count)]
    gates = [torch.rand(2, 1, 4, 5, dtype=torch.float64) for _ in range(2 * count)]
    return levels, gates[:count], gates[count:], torch.rand(count, dtype=torch.float64)


def test_two_levels_by_hand():
    # X = (1, 2), m = (0.5, 0.25), r = (1, 0.5), gamma = (0.5, 2)
    # G1 = 0.5*1 + 2*0.25*2 = 1.5; F1 = tanh 1.5
    # G2 = 0.75*2 + 0.5*0.5*1 = 1.75; F2 = 0.5 tanh 1.75 + 0.5*2
    gamma = torch.tensor([0.5, 2.0], dtype=torch.float64)
    first, second = gate([one(1), one(2)], [one(0.5), one(0.25)], [one(1), one(0.5)], gamma)
    assert first.item() == pytest.approx(math.tanh(1.5), abs=1e-12)
    assert second.item() == pytest.approx(0.5 * math.tanh(1.75) + 1.0, abs=1e-12)


def test_equals_equation_5_written_out():
    levels, memory, reset, gamma = random_levels()
    got = gate(levels, memory, reset, gamma)
    for i in range(3):
        controller = (1 - memory[i]) * levels[i]
        for j in range(3):
            if j != i:
                controller = controller + gamma[j] * memory[j] * levels[j]
        want = reset[i] * controller.tanh() + (1 - reset[i]) * levels[i]
        torch.testing.assert_close(got[i], want, rtol=0, atol=1e-12)


def test_a_closed_reset_gate_leaves_its_level_unchanged():
    levels, memory, reset, gamma = random_levels()
    reset[1] = torch.zeros_like(reset[1])
    assert torch.equal(gate(levels, memory, reset, gamma)[1], levels[1])


def test_levels_whose_memory_gate_is_closed_send_nothing():
    levels, memory, reset, gamma = random_levels()
    memory[2] = torch.zeros_like(memory[2])
    before = gate(levels, memory, reset, gamma)
    levels[2] = levels[2] + 5
    after = gate(levels, memory, reset, gamma)
    torch.testing.assert_close(after[:2], before[:2], rtol=0, atol=0)


def test_permuting_levels_permutes_the_result():
    levels, memory, reset, gamma = random_levels()
    order = [2, 0, 1]
    straight = gate(levels, memory, reset, gamma)
    turned = gate(*([x[i] for i in order] for x in (levels, memory, reset)), gamma[order])
    torch.testing.assert_close(turned, [straight[i] for i in order], rtol=0, atol=1e-12)


def test_fusion_uses_its_own_sigmoid_gates_and_reports_them():
    levels, _, _, _ = random_levels()
    module = GatedFusion(("c3", "c4", "c5"), 3).double()
    module.gamma.data = torch.tensor([0.3, 0.6, 0.9], dtype=torch.float64)
    named = dict(zip(("c3", "c4", "c5"), levels, strict=True))
    with trace(module) as seen:
        got = module(named)
    memory, reset = [], []
    for name, x in named.items():
        own = module.gates[name]
        gates = torch.nn.functional.conv2d(x, own.weight, own.bias, padding=1).sigmoid()
        torch.testing.assert_close(seen[f"gated.{name}.memory"], gates[:, 0])
        torch.testing.assert_close(seen[f"gated.{name}.reset"], gates[:, 1])
        memory.append(gates[:, :1])
        reset.append(gates[:, 1:])
    want = sum(gate(levels, memory, reset, module.gamma))
    torch.testing.assert_close(got, want, rtol=0, atol=1e-12)


def test_gates_start_open_and_gamma_at_a_half():
    module = GatedFusion(("c4", "c5"), 3)
    module.initialise()
    assert module.gamma.tolist() == [0.5, 0.5]
    assert all(convolution.bias.tolist() == [1, 1] for convolution in module.gates.values())


def test_self_gated_levels_do_not_meet():
    levels, _, _, _ = random_levels()
    module = SelfGatedFusion(("c3", "c4", "c5"), 3).double()
    named = dict(zip(("c3", "c4", "c5"), levels, strict=True))
    with trace(module) as seen:
        got = module(named)
    want = sum(seen[f"gated.{name}.memory"][:, None] * x for name, x in named.items())
    torch.testing.assert_close(got, want, rtol=0, atol=1e-12)
    own = module.gates["c3"]
    gates = torch.nn.functional.conv2d(levels[0], own.weight, own.bias, padding=1).sigmoid()
    torch.testing.assert_close(seen["gated.c3.memory"], gates[:, 0])
