"""A level of the bilingual network: Y of the five parts, none of which is built."""

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.fusion.early_fusion import EarlyConcat
from refseg_lib.fusion.linguistic import LA, LE
from refseg_lib.fusion.linguistic_level import LinguisticLevel
from refseg_lib.trace import trace
from refseg_lib.vision.spatial import spatial_coordinates

C, D, OUT = 4, 6, 3


def make(le=True, la=True, balanced=False):
    torch.manual_seed(1)
    module = LinguisticLevel(
        EarlyConcat(visual=5, language=D, out=C, balanced=balanced),
        channels=C,
        language=D,
        out=OUT,
        le=LE(channels=C, language=D) if le else None,
        la=LA(channels=C, language=D) if la else None,
        balanced=balanced,
    ).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


def literal(module, feature, words):
    """Eq. 1-2 with a concatenation, then 5-15, then Y: one sentence, everything built."""
    height, width = feature.shape[-2:]
    place = spatial_coordinates(height, width, dtype=feature.dtype).permute(1, 2, 0)
    sentence = words[0].max(0).values
    early = module.early
    weight = torch.cat([early.from_picture.weight, early.from_sentence.weight], 1)
    y = torch.zeros(height, width, OUT, dtype=feature.dtype)
    maps = torch.zeros(height, width, C, dtype=feature.dtype)
    for row in range(height):
        for column in range(width):
            v = F.normalize(feature[0, :, row, column], dim=0)
            stacked = torch.cat([v, place[row, column], sentence])
            maps[row, column] = (weight @ stacked + early.from_picture.bias).relu()
    parts = []
    if module.le is not None:
        a = module.le(maps.flatten(0, 1)[None], sentence[None])[0]
        parts.append(a * maps)
    if module.la is not None:
        found = module.la(maps.flatten(0, 1)[None], sentence[None])
        parts.append(found.maps()[0].unflatten(0, (height, width)))
    tiled = sentence.expand(height, width, -1)
    stacked = torch.cat([*parts, maps, tiled, place], -1)
    y = stacked @ module.join.weight.T + module.join.bias
    return y.permute(2, 0, 1)[None]


@pytest.mark.parametrize(("le", "la"), [(True, True), (True, False), (False, True), (False, False)])
def test_equals_the_concatenation_of_all_parts_for_every_sentence(case, le, la):
    module = make(le, la)
    got = module(case.feature, case.words, case.word_mask, case.image_of)
    for b in range(3):
        feature, words, _ = case.single(b)
        want = literal(module, feature, words)
        torch.testing.assert_close(got[b : b + 1], want, rtol=0, atol=1e-10)


def test_gradients_equal_those_of_the_concatenation(case):
    module = make()
    module.la.detach_nearest = False
    inputs = [case.feature.requires_grad_(), case.words.requires_grad_(), *module.parameters()]
    got = module(case.feature, case.words, case.word_mask, case.image_of)
    want = torch.cat([literal(module, *case.single(b)[:2]) for b in range(3)])
    upstream = torch.randn_like(got)
    for mine, theirs in zip(
        torch.autograd.grad(got, inputs, upstream),
        torch.autograd.grad(want, inputs, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-9)


def test_word_order_and_padding_do_not_matter(case):
    module = make()
    straight = module(case.feature, case.words, case.word_mask, case.image_of)
    dirty = torch.where(case.word_mask[..., None], case.words, torch.full_like(case.words, 9.0))
    dirty[0] = dirty[0].flip(0)
    got = module(case.feature, dirty, case.word_mask, case.image_of)
    torch.testing.assert_close(got, straight, rtol=0, atol=1e-12)


def test_traces_are_what_le_and_la_found(case):
    module = make()
    with trace(module) as seen:
        module(case.feature, case.words, case.word_mask, case.image_of)
    maps = module.early(
        case.feature, torch.stack([case.single(b)[1][0].amax(0) for b in range(3)]), case.image_of
    )
    maps = maps.flatten(2).mT
    sentences = torch.stack([case.single(b)[1][0].amax(0) for b in range(3)])
    found = module.la(maps, sentences)
    torch.testing.assert_close(seen["le_weights"], module.le(maps, sentences))
    assert seen["la_projection"].shape == seen["la_reprojection"].shape == (3, 3, 4)
    torch.testing.assert_close(seen["la_projection"].flatten(1), found.projection)
    torch.testing.assert_close(seen["la_reprojection"].flatten(1), found.reprojection)
    torch.testing.assert_close(seen["la_projection"].sum((1, 2)), torch.ones(3).double())
    assert seen["la_reprojection"].amax((1, 2)).tolist() == [1, 1, 1]


def test_balanced_inputs_are_the_same_network_with_rescaled_weights(case):
    printed, balanced = make(), make(balanced=True)
    balanced.load_state_dict(printed.state_dict())
    # Words of unit length, so that balancing them is a factor too.
    words = F.normalize(case.words, dim=-1)
    with torch.no_grad():
        early = balanced.early
        early.from_picture.weight /= torch.tensor([5.0] * 5 + [8.0] * 8).sqrt()
        early.from_sentence.weight /= D**0.5
        balanced.le.from_sentence.weight /= D**0.5
        balanced.la.from_sentence.weight /= D**0.5
        balanced.join.weight[:, 3 * C : 3 * C + D] /= D**0.5
        balanced.join.weight[:, 3 * C + D :] /= 8**0.5
    torch.testing.assert_close(
        balanced(case.feature, words, case.word_mask, case.image_of),
        printed(case.feature, words, case.word_mask, case.image_of),
        rtol=0,
        atol=1e-6,
    )
