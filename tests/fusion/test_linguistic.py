"""LE and LA, held against paper 002's equations written out number by number."""

import math

import pytest
import torch

from refseg_lib.fusion.linguistic import LA, LE

B, P, C, D = 2, 12, 5, 6


@pytest.fixture
def inputs():
    torch.manual_seed(0)
    return (
        torch.randn(B, P, C, dtype=torch.float64),
        torch.randn(B, D, dtype=torch.float64),
    )


def filled(module):
    torch.manual_seed(1)
    module = module.double()
    for parameter in module.parameters():
        if parameter.dim():
            torch.nn.init.normal_(parameter)
    return module


def linear(layer, vector):
    """W x + b of one vector, as lists."""
    rows = layer.weight.tolist()
    bias = [0.0] * len(rows) if layer.bias is None else layer.bias.tolist()
    return [sum(w * x for w, x in zip(row, vector, strict=True)) + b
            for row, b in zip(rows, bias, strict=True)]  # fmt: skip


def literal_le(module, m, sentence):
    """Eq. 5-8 for one sentence."""
    mean = [sum(pixel[c] for pixel in m) / len(m) for c in range(len(m[0]))]
    m_g = [math.tanh(x) for x in linear(module.from_maps, mean)]
    l_g = [math.tanh(x) for x in linear(module.from_sentence, sentence)]
    a_g = [x * y for x, y in zip(m_g, l_g, strict=True)]
    hidden = [max(0.0, x) for x in linear(module.squeeze, a_g)]
    return [1 / (1 + math.exp(-x)) for x in linear(module.excite, hidden)]


def literal_la(module, m, sentence, sigma, temperature):
    """Eq. 10-15 for one sentence: P, m_c, D and M_LA."""
    asked = linear(module.from_sentence, sentence)
    scores = [
        sum(x * y for x, y in zip(linear(module.from_maps, pixel), asked, strict=True))
        / temperature
        for pixel in m
    ]
    total = sum(math.exp(s) for s in scores)
    attention = [math.exp(s) / total for s in scores]
    context = [sum(a * pixel[c] for a, pixel in zip(attention, m, strict=True)) for c in range(C)]
    distance = [
        math.sqrt(sum((x - y) ** 2 for x, y in zip(context, pixel, strict=True))) for pixel in m
    ]
    near = [math.exp(-(d - min(distance)) / sigma) for d in distance]
    return attention, context, near, [[n * x for x in context] for n in near]


@pytest.mark.parametrize("reduction", [1, 2])
def test_le_equals_equations_5_to_8_written_out(inputs, reduction):
    module = filled(LE(channels=C, language=D, reduction=reduction))
    assert module.squeeze.out_features == C // reduction
    got = module(*inputs)
    for b in range(B):
        want = literal_le(module, inputs[0][b].tolist(), inputs[1][b].tolist())
        assert got[b].tolist() == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("learned_sigma", [True, False])
def test_la_equals_equations_10_to_15_written_out(inputs, scale, learned_sigma):
    module = LA(channels=C, language=D, scale=scale, sigma=0.7, learned_sigma=learned_sigma)
    module = filled(module)
    got = module(*inputs)
    for b in range(B):
        attention, context, near, maps = literal_la(
            module, inputs[0][b].tolist(), inputs[1][b].tolist(), 0.7, C**0.5 if scale else 1.0
        )
        assert got.projection[b].tolist() == pytest.approx(attention, abs=1e-10)
        assert got.context[b].tolist() == pytest.approx(context, abs=1e-10)
        # sigma is learned in single precision
        slack = 1e-6 if learned_sigma else 1e-10
        assert got.reprojection[b].tolist() == pytest.approx(near, abs=slack)
        torch.testing.assert_close(
            got.maps()[b], torch.tensor(maps, dtype=torch.float64), rtol=0, atol=slack
        )


def test_gradients_equal_numeric_ones(inputs):
    le, la = filled(LE(channels=C, language=D)), filled(LA(channels=C, language=D))
    maps, sentence = (x[:, :4] if x.dim() == 3 else x for x in inputs)
    inputs = (maps.clone().requires_grad_(), sentence.requires_grad_())
    assert torch.autograd.gradcheck(le, inputs)
    literal_minimum = filled(LA(channels=C, language=D, detach_nearest=False))
    assert torch.autograd.gradcheck(lambda m, s: literal_minimum(m, s)[2], inputs)
    assert torch.autograd.gradcheck(lambda m, s: tuple(la(m, s)[:2]), inputs)


def test_the_nearest_pixel_passes_a_gradient_only_when_asked_to(inputs):
    module = filled(LA(channels=C, language=D))
    literal = filled(LA(channels=C, language=D, detach_nearest=False))
    for la, moved in ((module, True), (literal, False)):
        maps = inputs[0].clone().requires_grad_()
        found = la(maps, inputs[1])
        nearest = found.reprojection.argmax(1)
        chosen = found.reprojection[torch.arange(B), nearest]
        # Its own weight is 1 whatever happens; only a detached minimum thinks it could change.
        (grad,) = torch.autograd.grad(chosen.sum(), maps)
        assert bool(grad.abs().max() > 1e-6) == moved


def test_a_learned_sigma_gets_a_gradient_and_stays_positive(inputs):
    module = LA(channels=C, language=D, sigma=0.3, learned_sigma=True).double()
    module(*inputs).reprojection.sum().backward()
    assert module.raw_sigma.grad.abs() > 0
    module.raw_sigma.data.fill_(-20.0)
    assert module.sigma > 0


def test_where_all_pixels_are_one_gradients_stay_numbers():
    module = LA(channels=C, language=D).double()
    maps = torch.ones(1, P, C, dtype=torch.float64, requires_grad=True)
    found = module(maps, torch.randn(1, D, dtype=torch.float64))
    assert found.reprojection.tolist() == [[1.0] * P]
    found.maps().sum().backward()
    assert maps.grad.isfinite().all()


def test_permuting_pixels_permutes_where_la_looks_and_leaves_le_alone(inputs):
    maps, sentence = inputs
    order = torch.randperm(P)
    le, la = filled(LE(channels=C, language=D)), filled(LA(channels=C, language=D))
    torch.testing.assert_close(le(maps[:, order], sentence), le(maps, sentence))
    straight, turned = la(maps, sentence), la(maps[:, order], sentence)
    torch.testing.assert_close(turned.projection, straight.projection[:, order])
    torch.testing.assert_close(turned.context, straight.context)
    torch.testing.assert_close(turned.reprojection, straight.reprojection[:, order])


def test_no_sentence_changes_another(inputs):
    maps, sentence = inputs
    other = sentence.clone()
    other[1] = 3
    for module in (filled(LE(channels=C, language=D)), filled(LA(channels=C, language=D))):
        before, after = module(maps, sentence), module(maps, other)
        before, after = (x if isinstance(x, tuple) else (x,) for x in (before, after))
        for x, y in zip(before, after, strict=True):
            assert torch.equal(x[0], y[0])
            # a context that the pixels lie around symmetrically may keep a distance; not all do
            assert not torch.equal(x[1], y[1])
