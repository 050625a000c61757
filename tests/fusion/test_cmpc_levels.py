"""CMPC at every level: one reading of the sentence for all."""

from dataclasses import replace

import pytest
import torch

from refseg_lib.fusion.cmpc_levels import CMPCLevels
from refseg_lib.fusion.cmpc_settings import CMPCSettings
from refseg_lib.fusion.context import Context
from refseg_lib.trace import trace

FULL = CMPCSettings(side_heads=True)
EVERY = [
    FULL,
    replace(FULL, entity=False),
    replace(FULL, layers=0),
    replace(FULL, entity=False, layers=0),
    replace(FULL, concat="released", unit_sentence=True, spatial="heads", rel_weight="logit"),
]


def make(settings=FULL):
    torch.manual_seed(1)
    module = CMPCLevels(
        {"c4": 5, "c5": 5}, language=6, multimodal=4, out=3, hidden=3, settings=settings
    ).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


def context_of(case, words=None, b=None):
    if b is None:
        features, image_of = {"c4": case.feature, "c5": 2 * case.feature}, case.image_of
        return Context(features, case.words if words is None else words, case.word_mask, image_of)
    feature, words, mask = case.single(b)
    return Context({"c4": feature, "c5": 2 * feature}, words, mask)


@pytest.mark.parametrize("settings", EVERY)
def test_a_padded_batch_equals_the_loop_of_its_sentences(case, settings):
    module = make(settings)
    together = context_of(case)
    got = module(together)
    for b in range(3):
        alone = context_of(case, b=b)
        want = module(alone)
        for level in ("c4", "c5"):
            torch.testing.assert_close(got[level][b : b + 1], want[level], rtol=0, atol=1e-10)
            torch.testing.assert_close(
                together.side_logits[level][b : b + 1], alone.side_logits[level]
            )


@pytest.mark.parametrize("settings", EVERY)
def test_padding_may_hold_anything(case, settings):
    module = make(settings)
    dirty = torch.where(case.word_mask[..., None], case.words, torch.full_like(case.words, 9.0))
    torch.testing.assert_close(
        module(context_of(case, dirty)), module(context_of(case)), rtol=0, atol=0
    )


def test_the_necessary_words_are_left_for_what_follows(case):
    module, context = make(), context_of(case)
    with trace(module) as seen:
        module(context)
    types = seen["cmpc.word_types"]
    for b in range(3):
        for t in range(4):
            word = case.words[b, t]
            unit = word / word.norm().clamp(min=1e-12)
            want = (1 - types[b, t, 3]) * unit
            torch.testing.assert_close(context.level_words["c4"][b, t], want)
    assert context.level_words["c5"] is context.level_words["c4"]


def test_without_types_the_words_stay_as_they_were(case):
    context = context_of(case)
    make(replace(FULL, entity=False, layers=0))(context)
    assert context.level_words == {}


def test_side_logits_are_a_convolution_of_each_level(case):
    module, context = make(), context_of(case)
    fused = module(context)
    for level in ("c4", "c5"):
        head = module.side_heads[level]
        want = torch.nn.functional.conv2d(fused[level], head.weight, head.bias, padding=1)
        torch.testing.assert_close(context.side_logits[level], want)
    without = context_of(case)
    make(replace(FULL, side_heads=False))(without)
    assert without.side_logits == {}


def test_without_entity_perception_order_matters_and_with_it_words_are_a_set(case):
    # l_T is the last word's vector; q, s and the graph are sums over words
    for settings, changes in ((FULL, False), (replace(FULL, entity=False), True)):
        module, context = make(settings), context_of(case, b=0)
        turned = replace(context, words=context.words.flip(1), level_words={}, side_logits={})
        difference = (module(context)["c5"] - module(turned)["c5"]).abs().max()
        assert (difference > 1e-3) == changes


def test_unit_sentence_hides_how_many_words_there_were(case):
    module = make(EVERY[-1])
    feature, words, mask = case.single(1)
    doubled = Context({"c4": feature, "c5": feature}, words.repeat(1, 2, 1), mask.repeat(1, 2))
    plain = Context({"c4": feature, "c5": feature}, words, mask)
    readings = [module._read(context) for context in (plain, doubled)]
    torch.testing.assert_close(readings[0].entity, readings[1].entity)
    torch.testing.assert_close(readings[0].entity.norm(dim=1), torch.ones(1).double())
    raw = make()
    readings = [raw._read(context) for context in (plain, doubled)]
    torch.testing.assert_close(2 * readings[0].entity, readings[1].entity)


def test_traces_carry_their_level(case):
    module = make()
    with trace(module) as seen:
        module(context_of(case))
    for level in ("c4", "c5"):
        assert seen[f"cmpc.{level}.affinity"].shape == (3, 4, 3, 4)
        assert seen[f"cmpc.{level}.adjacency"].shape == (3, 12, 12)
    assert seen["cmpc.word_types"].shape == (3, 4, 4)
