"""Initialisation as the released code does it."""

import pytest
import torch
from torch import nn

from refseg_lib.models.build import build_model
from refseg_lib.models.initialise import initialise


def test_glorot_uniform_weights_and_zero_biases():
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Linear(300, 200), nn.Conv2d(20, 30, 3))
    for layer in layers:
        nn.init.constant_(layer.weight, 9)
        nn.init.constant_(layer.bias, 9)
    initialise(layers)
    # bound sqrt(6 / (fan_in + fan_out)), a convolution's fans counting its kernel
    for layer, bound in zip(layers, ((6 / 500) ** 0.5, (6 / (9 * 50)) ** 0.5), strict=True):
        assert layer.bias.abs().max() == 0
        assert 0.98 * bound < layer.weight.abs().max() <= bound
        assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.03)


def test_a_built_model_keeps_open_gates_small_embeddings_and_its_backbone(backbone):
    before = {k: v.clone() for k, v in backbone.state_dict().items()}
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone)
    gates = model.across_fusion.gates
    assert all(gates[level].bias.tolist() == [1, 1] for level in gates)
    assert 0.07 < model.text_encoder.table.abs().max() <= 0.08
    assert model.level_fusion.modules_by_level["c5"].out.bias.abs().max() == 0
    for name, tensor in backbone.state_dict().items():
        assert torch.equal(tensor, before[name])
