"""Early fusion of paper 002, Eq. 1-4, written out."""

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.fusion.early_fusion import EarlyConcat, EarlyMutan
from refseg_lib.vision.spatial import spatial_coordinates


def filled(module):
    torch.manual_seed(2)
    for parameter in module.double().parameters():
        torch.nn.init.normal_(parameter)
    return module


@pytest.mark.parametrize("literal", [True, False])
def test_mutan_equals_equations_1_to_4_pixel_by_pixel(case, literal):
    module = filled(EarlyMutan(visual=5, language=6, out=4, literal=literal))
    sentence = torch.randn(3, 6, dtype=torch.float64)
    got = module(case.feature, sentence, case.image_of)
    place = spatial_coordinates(3, 4, dtype=torch.float64)
    lateral, mutan = module.lateral.layer, module.mutan
    for b in range(3):
        for y in range(3):
            for x in range(4):
                v = case.feature[case.image_of[b], :, y, x]
                v = lateral.weight @ torch.cat([v, place[:, y, x]]) + lateral.bias
                if not literal:
                    v = v / v.norm()
                m = torch.zeros(4, dtype=torch.float64)
                for j in range(5):
                    rows = slice(4 * j, 4 * j + 4)
                    seen = mutan.from_picture.weight[rows] @ v
                    said = mutan.from_sentence.weight[rows] @ sentence[b]
                    if not literal:
                        seen = (seen + mutan.from_picture.bias[rows]).tanh()
                        said = (said + mutan.from_sentence.bias[rows]).tanh()
                    m += seen * said
                if not literal:
                    m = m.tanh() / m.tanh().norm()
                torch.testing.assert_close(got[b, :, y, x], m, rtol=0, atol=1e-10)


def test_without_its_relu_the_sentence_would_add_the_same_everywhere(case):
    module = filled(EarlyConcat(visual=5, language=6, out=4))
    one, other = torch.randn(2, 3, 6, dtype=torch.float64)
    moved = module(case.feature, one, case.image_of) - module(case.feature, other, case.image_of)
    assert moved.flatten(2).std(-1).max() > 0.1
    # Far into the positive, where the ReLU does nothing, the difference is one number a channel.
    module.from_picture.bias.data += 100
    moved = module(case.feature, one, case.image_of) - module(case.feature, other, case.image_of)
    assert moved.flatten(2).std(-1).max() < 1e-10


def test_concat_is_one_convolution_of_the_concatenation(case):
    module = filled(EarlyConcat(visual=5, language=6, out=4))
    sentence = torch.randn(3, 6, dtype=torch.float64)
    weight = torch.cat([module.from_picture.weight, module.from_sentence.weight], 1)
    place = spatial_coordinates(3, 4, dtype=torch.float64).expand(3, -1, -1, -1)
    picture = F.normalize(case.feature, dim=1)[case.image_of]
    tiled = sentence[..., None, None].expand(-1, -1, 3, 4)
    want = F.conv2d(
        torch.cat([picture, place, tiled], 1), weight[..., None, None], module.from_picture.bias
    ).relu()
    got = module(case.feature, sentence, case.image_of)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-12)
