"""CMPC of one level: what Y is told, held against the concatenations written out."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.cmpc import CMPC, Reading
from refseg_lib.fusion.cmpc_settings import CMPCSettings
from refseg_lib.vision.spatial import spatial_coordinates

RELEASED = CMPCSettings(
    spatial="heads", rel_weight="logit", concat="released", unit_sentence=True, parser_act="relu"
)
EVERY = [
    replace(base, entity=entity, layers=layers)
    for base in (CMPCSettings(), RELEASED)
    for entity in (True, False)
    for layers in (0, 1)
]


def make(settings):
    torch.manual_seed(1)
    module = CMPC(visual=5, language=6, multimodal=4, out=3, settings=settings).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


@pytest.fixture
def reading(case):
    torch.manual_seed(2)
    types = torch.rand(3, 4, 4, dtype=torch.float64).softmax(-1) * case.word_mask[..., None]
    entity, sentence = torch.randn(2, 3, 6, dtype=torch.float64)
    return Reading(case.words, case.word_mask, types, entity, sentence)


def one(reading, b):
    count = int(reading.word_mask[b].sum())
    words, mask, types = (
        x[b : b + 1, :count] for x in (reading.words, reading.word_mask, reading.types)
    )
    return Reading(words, mask, types, reading.entity[b : b + 1], reading.sentence[b : b + 1])


def literal(module, settings, feature, reading):
    """Y pixel by pixel: every part repeated and concatenated, then the convolution."""
    x = module.lateral(feature)
    place = spatial_coordinates(3, 4, dtype=x.dtype)
    perceived = None
    if settings.entity:
        perceived = module.fusion(x, reading.entity)
    elif settings.layers:
        perceived = torch.zeros_like(x)
        for row in range(3):
            for column in range(4):
                both = torch.cat([x[0, :, row, column], reading.entity[0]])
                perceived[0, :, row, column] = F.relu(module.plain_fusion(both))
    graph = perceived
    if settings.layers:
        graph = module.reasoning(perceived, reading.words, reading.word_mask, reading.types)
    y = torch.zeros(1, 3, 3, 4, dtype=x.dtype)
    for row in range(3):
        for column in range(4):
            at = (0, slice(None), row, column)
            if graph is None:
                parts = [x[at]]
            elif settings.concat == "paper":
                parts = [x[at], graph[at]]
            elif settings.entity and settings.layers:
                parts = [perceived[at], graph[at]]
            else:
                parts = [graph[at]]
            if settings.concat == "released":
                # the order of the released concatenation is free: it only permutes weights
                parts.insert(1 if graph is None else 0, place[:, row, column])
            y[at] = F.relu(module.join(torch.cat([reading.sentence[0], *parts])))
    return y


@pytest.mark.parametrize("settings", EVERY)
def test_equals_the_concatenation_for_every_sentence_of_a_padded_batch(case, reading, settings):
    module = make(settings)
    with torch.no_grad():
        got = module(case.feature, reading, case.image_of)
        for b in range(3):
            want = literal(module, settings, case.single(b)[0], one(reading, b))
            torch.testing.assert_close(got[b : b + 1], want, rtol=0, atol=1e-8)


@pytest.mark.parametrize("settings", EVERY)
def test_gradients_equal_those_of_the_concatenation(case, reading, settings):
    module = make(settings)
    feature = case.feature.requires_grad_()
    got = module(feature, reading, case.image_of)
    want = torch.cat(
        [
            literal(module, settings, feature[i : i + 1], one(reading, b))
            for b, i in enumerate(case.image_of.tolist())
        ]
    )
    upstream, leaves = torch.randn_like(got), [feature, *module.parameters()]
    for mine, theirs in zip(
        torch.autograd.grad(got, leaves, upstream),
        torch.autograd.grad(want, leaves, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-8)


def test_gradients_equal_numeric_ones(case, reading):
    module = make(CMPCSettings())
    feature = case.feature[:1, :, :2, :2].clone().requires_grad_()
    part = one(reading, 1)
    assert torch.autograd.gradcheck(lambda x: module(x, part), feature)


def test_the_baseline_takes_no_notice_of_single_words(case, reading):
    module = make(CMPCSettings(entity=False, layers=0))
    other = replace(reading, words=reading.words + 1, entity=reading.entity + 1)
    torch.testing.assert_close(
        module(case.feature, other, case.image_of), module(case.feature, reading, case.image_of)
    )


@pytest.mark.parametrize(("option", "value"), [("concat", "both"), ("spatial", "never")])
def test_unknown_settings_are_refused_with_the_known_ones(option, value):
    with pytest.raises(UserError, match=rf"unknown {option} '{value}'"):
        make(CMPCSettings(**{option: value}))
