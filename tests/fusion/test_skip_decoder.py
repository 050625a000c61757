"""The skip decoder: outlines from the fine level, no peeking at the rest of the batch."""

import torch
from torch.nn import functional as F

from refseg_lib.fusion.skip_decoder import SkipDecoder

CHANNELS = {"c3": 2, "c4": 3, "c5": 4}


def _decoder() -> SkipDecoder:
    torch.manual_seed(0)
    decoder = SkipDecoder(CHANNELS, width=32).double()
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return decoder


def _levels(count: int = 2) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    return {
        level: torch.randn(count, width, 16 >> index, 16 >> index, dtype=torch.float64)
        for index, (level, width) in enumerate(CHANNELS.items())
    }


def test_every_step_is_enlarge_lay_beside_convolve_normalise():
    decoder, levels = _decoder(), _levels()
    x = levels["c5"]
    for level, groups in (("c4", 8), ("c3", 8)):
        convolution, norm = decoder.steps[level][0], decoder.steps[level][1]
        x = torch.cat([F.interpolate(x, scale_factor=2, mode="bilinear"), levels[level]], 1)
        x = F.conv2d(x, convolution.weight, convolution.bias, padding=1)
        grouped = x.reshape(len(x), groups, -1)
        grouped = grouped - grouped.mean(-1, keepdim=True)
        grouped = grouped / (grouped.square().mean(-1, keepdim=True) + 1e-5).sqrt()
        x = grouped.reshape(x.shape) * norm.weight[:, None, None] + norm.bias[:, None, None]
        x = x.relu()
    torch.testing.assert_close(decoder(levels), x)
    assert decoder.width == x.shape[1] == 16


def test_training_in_a_batch_equals_training_alone():
    decoder, levels = _decoder().train(), _levels(3)
    together = decoder(levels)
    for row in range(3):
        alone = decoder({level: x[row : row + 1] for level, x in levels.items()})
        torch.testing.assert_close(together[row : row + 1], alone)


def test_levels_of_one_grid_are_not_resized():
    """A dilated backbone: only the 3x3 convolutions may carry a change to a neighbour."""
    decoder = _decoder()
    levels = {level: torch.zeros(1, n, 9, 9, dtype=torch.float64) for level, n in CHANNELS.items()}
    for step in decoder.steps.values():
        step[1] = torch.nn.Identity()
    before = decoder(levels)
    levels["c5"][:, :, 4, 4] = 1.0
    change = (decoder(levels) - before).abs().amax((0, 1))
    assert change[4, 4] > 0
    change[2:7, 2:7] = 0
    assert change.max() == 0
