"""The concat baseline's fusion."""

import torch
from torch.nn import functional as F

from refseg_lib.fusion.concat import Concat
from refseg_lib.vision.spatial import spatial_coordinates


def make():
    torch.manual_seed(1)
    module = Concat(visual=5, language=6, width=7, out=2).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


def test_equals_tiling_concatenating_and_two_1x1_convolutions(case):
    module = make()
    got = module(case.feature, case.words, case.word_mask, case.image_of)
    from_picture = module.from_picture.weight
    kernel = torch.cat([from_picture[:, :5], module.from_words.weight, from_picture[:, 5:]], 1)
    for b in range(3):
        feature, words, _ = case.single(b)
        visual = feature / feature.norm(dim=1, keepdim=True)
        sentence = (words / words.norm(dim=2, keepdim=True)).mean(1)
        tiled = sentence[:, :, None, None].expand(-1, -1, 3, 4)
        place = spatial_coordinates(3, 4, dtype=torch.float64)[None]
        joint = torch.cat([visual, tiled, place], 1)
        hidden = F.conv2d(joint, kernel[:, :, None, None], module.from_picture.bias).relu()
        want = F.conv2d(hidden, module.out.weight[:, :, None, None], module.out.bias)
        torch.testing.assert_close(got[b : b + 1], want, rtol=0, atol=1e-12)


def test_no_pixel_sees_another(case):
    module = make()
    changed = case.feature.clone()
    changed[:, :, 1, 2] += 1
    difference = module(changed, case.words, case.word_mask, case.image_of) - module(
        case.feature, case.words, case.word_mask, case.image_of
    )
    assert difference[:, :, 1, 2].abs().min() > 1e-6
    difference[:, :, 1, 2] = 0
    assert difference.abs().max() == 0


def test_padding_may_hold_anything(case):
    module = make()
    dirty = torch.where(case.word_mask[..., None], case.words, torch.full_like(case.words, 9.0))
    torch.testing.assert_close(
        module(case.feature, dirty, case.word_mask, case.image_of),
        module(case.feature, case.words, case.word_mask, case.image_of),
        rtol=0,
        atol=0,
    )
