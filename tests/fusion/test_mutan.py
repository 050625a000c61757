"""Bilinear fusion, held against Eq. 3-4 of paper 001 written out pixel by pixel."""

import math

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.fusion.mutan import Lateral, Mutan, sum_of_products
from refseg_lib.vision.spatial import spatial_coordinates

SETTINGS = [
    ("tanh", "tanh_l2", "heads"),
    ("none", "none", "none"),
    ("tanh", "none", "none"),
    ("none", "tanh_l2", "heads"),
]


def make(activation="tanh", norm="tanh_l2", spatial="heads", heads=3, balanced=False):
    torch.manual_seed(1)
    module = Mutan(
        visual=5,
        language=6,
        out=4,
        heads=heads,
        activation=activation,
        norm=norm,
        spatial=spatial,
        balanced=balanced,
    ).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


def affine(layer, vector, start=0, stop=None):
    """Rows ``start`` to ``stop`` of a linear layer, in plain numbers."""
    weight = layer.weight[start:stop].tolist()
    bias = [0.0] * len(weight) if layer.bias is None else layer.bias[start:stop].tolist()
    return [
        sum(w * x for w, x in zip(row, vector, strict=True)) + offset
        for row, offset in zip(weight, bias, strict=True)
    ]


def literal(module, feature, sentence):
    """M of one sentence and one image (1, C, h, w): head by head, pixel by pixel."""
    height, width = feature.shape[-2:]
    place = spatial_coordinates(height, width, dtype=feature.dtype)
    out = torch.zeros(1, 4, height, width, dtype=feature.dtype)
    for y in range(height):
        for x in range(width):
            pixel = feature[0, :, y, x].tolist()
            if module.spatial != "none":
                pixel += place[:, y, x].tolist()
            total = [0.0] * 4
            for head in range(module.heads):
                left = affine(module.from_sentence, sentence[0].tolist(), 4 * head, 4 * head + 4)
                right = affine(module.from_picture, pixel, 4 * head, 4 * head + 4)
                if module.activation == "tanh":
                    left, right = [math.tanh(v) for v in left], [math.tanh(v) for v in right]
                total = [t + a * b for t, a, b in zip(total, left, right, strict=True)]
            if module.norm == "tanh_l2":
                total = [math.tanh(v) for v in total]
                length = math.sqrt(sum(v**2 for v in total))
                total = [v / length for v in total]
            out[0, :, y, x] = torch.tensor(total, dtype=feature.dtype)
    return out


@pytest.fixture
def sentence(case):
    return case.words[:, 0].clone()


@pytest.mark.parametrize(("activation", "norm", "spatial"), SETTINGS)
def test_equals_the_literal_equations(case, sentence, activation, norm, spatial):
    module = make(activation, norm, spatial)
    with torch.no_grad():
        got = module(case.feature, sentence, case.image_of)
        for b in range(3):
            want = literal(module, case.single(b)[0], sentence[b : b + 1])
            torch.testing.assert_close(got[b : b + 1], want, rtol=0, atol=1e-8)


def test_one_picture_per_sentence_needs_no_image_of(case, sentence):
    module = make()
    got = module(case.feature, sentence[:2])
    want = module(case.feature, sentence[:2], torch.tensor([0, 1]))
    torch.testing.assert_close(got, want, rtol=0, atol=0)


def test_gradients_of_the_sum_of_products_equal_those_of_the_repeated_picture():
    torch.manual_seed(0)
    picture = torch.randn(2, 6, 3, 4, dtype=torch.float64, requires_grad=True)
    spoken = torch.randn(4, 3, 4, dtype=torch.float64, requires_grad=True)
    image_of = torch.tensor([1, 0, 1, 1])
    got = sum_of_products(picture, spoken, image_of)
    want = (picture[image_of] * spoken[:, None]).sum(2)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-12)
    upstream = torch.randn_like(got)
    for mine, theirs in zip(
        torch.autograd.grad(got, (picture, spoken), upstream),
        torch.autograd.grad(want, (picture, spoken), upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)
    assert torch.autograd.gradcheck(lambda p, s: sum_of_products(p, s, image_of), (picture, spoken))


def test_printed_fusion_is_bilinear(case, sentence):
    module = make("none", "none", "none")
    once = module(case.feature, sentence, case.image_of)
    thrice = module(3 * case.feature, sentence, case.image_of)
    torch.testing.assert_close(thrice, 3 * once, rtol=0, atol=1e-10)
    both = module(case.feature, sentence + sentence.flip(0), case.image_of)
    apart = once + module(case.feature, sentence.flip(0), case.image_of)
    torch.testing.assert_close(both, apart, rtol=0, atol=1e-10)


def test_only_the_picture_with_coordinates_tells_equal_cells_apart():
    flat, sentence = torch.ones(1, 5, 2, 3).double(), torch.ones(1, 6).double()
    for spatial in ("heads", "none"):
        spread = make(spatial=spatial)(flat, sentence).flatten(2).std(-1).max()
        assert (spread > 1e-3) == (spatial != "none")


def test_balancing_keeps_values_around_1(case, sentence):
    plain = make()(case.feature, sentence, case.image_of)
    torch.testing.assert_close(plain.norm(dim=1), torch.ones(3, 3, 4).double())
    balanced = make(balanced=True)(case.feature, sentence, case.image_of)
    torch.testing.assert_close(balanced.norm(dim=1), torch.full((3, 3, 4), 2.0).double())


def test_every_head_starts_as_a_layer_of_its_own():
    torch.manual_seed(0)
    module = Mutan(visual=100, language=50, out=100, spatial="none")
    module.initialise()
    assert module.from_picture.weight.std().item() == pytest.approx((2 / 200) ** 0.5, rel=0.02)
    assert module.from_sentence.weight.std().item() == pytest.approx((2 / 150) ** 0.5, rel=0.02)


@pytest.mark.parametrize("option", ["activation", "norm", "spatial"])
def test_unknown_options_are_refused_with_the_known_ones(option):
    with pytest.raises(UserError, match=rf"unknown {option} 'relu'.*none"):
        make(**{option: "relu"})


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("spatial", [True, False])
def test_lateral_is_a_convolution_of_picture_and_place(case, spatial, normalised):
    torch.manual_seed(2)
    lateral = Lateral(5, 4, spatial=spatial, normalised=normalised).double()
    got = lateral(case.feature)
    place = spatial_coordinates(3, 4, dtype=torch.float64)
    for y in range(3):
        for x in range(4):
            pixel = case.feature[1, :, y, x]
            if spatial:
                pixel = torch.cat([pixel, place[:, y, x]])
            want = lateral.layer.weight @ pixel + lateral.layer.bias
            want = want / want.norm() if normalised else want
            torch.testing.assert_close(got[1, :, y, x], want, rtol=0, atol=1e-12)
