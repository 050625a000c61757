import torch
from torch import nn

from refseg_lib.fusion.default_start import default_start


def test_every_layer_stays_within_one_over_the_root_of_its_inputs_and_fills_that_range():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(8, 40, 3), nn.Sequential(nn.Linear(25, 80)), nn.Conv3d(4, 9, 3))
    for parameter in net.parameters():
        nn.init.constant_(parameter, 7.0)
    default_start(net)
    for layer, inputs in ((net[0], 72), (net[1][0], 25), (net[2], 108)):
        bound = inputs**-0.5
        assert 0.95 * bound < layer.weight.abs().max() <= bound
        assert 0 < layer.bias.abs().max() <= bound


def test_norms_keep_their_start():
    norm = nn.LayerNorm(4)
    nn.init.constant_(norm.weight, 3.0)
    default_start(nn.Sequential(norm))
    assert norm.weight.tolist() == [3.0] * 4
