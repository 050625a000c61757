"""The released CMSA, held against the same computation for one sentence with explicit loops."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.fusion.cmsa_released import ReleasedCMSA
from refseg_lib.trace import trace
from refseg_lib.vision.spatial import spatial_coordinates

KINDS = {"deepest": {"project": 4}, "lower": {"reduce": 7}}


@pytest.fixture(params=list(KINDS))
def module(request):
    torch.manual_seed(1)
    module = ReleasedCMSA(visual=5, language=6, width=3, out=2, **KINDS[request.param]).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


def blocks(count):
    """Neighbours two by two; the last stands alone where the count is odd."""
    return [range(i, min(i + 2, count)) for i in range(0, count, 2)]


def literal(module, feature, words):
    """One sentence: f of every pair, pooled keys by loops over blocks of pairs."""
    if module.project is not None:
        feature = module.project(feature)
    count, (height, width) = words.shape[1], feature.shape[-2:]
    place = spatial_coordinates(height, width, dtype=feature.dtype)
    f = torch.stack(
        [
            torch.cat(
                [F.normalize(feature[0, :, y, x], dim=0), F.normalize(e, dim=0), place[:, y, x]]
            )
            for e in words[0]
            for y in range(height)
            for x in range(width)
        ]
    )
    if module.reduce is not None:
        f = module.reduce(f).relu()
    q, k, v = (layer(f).relu() for layer in (module.query, module.key, module.value))
    grid = torch.arange(len(f)).view(count, height, width)
    members = [
        grid[list(n)][:, list(y)][:, :, list(x)].flatten()
        for n, y, x in itertools.product(blocks(count), blocks(height), blocks(width))
    ]
    k, v = (torch.stack([x[m].amax(0) for m in members]) for x in (k, v))
    attention = (q @ k.T).softmax(-1)
    f_hat = (module.output(attention @ v).relu() + f).unflatten(0, (count, -1)).mean(0)
    received = torch.zeros(len(f), dtype=f.dtype)
    for share, member in zip(attention.mean(0), members, strict=True):
        received[member] += share / len(member)
    x = module.out(f_hat).relu().T.unflatten(1, (height, width))[None]
    return x, received.view(count, height, width)


def test_equals_the_loop_over_pairs_and_pooling_blocks(module, case):
    got = module(case.feature, case.words, case.word_mask, case.image_of)
    for b in range(3):
        want, _ = literal(module, *case.single(b)[:2])
        torch.testing.assert_close(got[b : b + 1], want, rtol=0, atol=1e-10)


def test_traces_share_each_blocks_attention_among_its_real_pairs(module, case):
    with trace(module) as seen:
        module(case.feature, case.words, case.word_mask, case.image_of)
    for b in range(3):
        feature, words, _ = case.single(b)
        _, received = literal(module, feature, words)
        count = words.shape[1]
        torch.testing.assert_close(seen["word_attention"][b, :count], received.sum((1, 2)))
        assert seen["word_attention"][b, count:].abs().sum() == 0
        torch.testing.assert_close(seen["pixel_map"][b], received.sum(0))


def test_gradients_equal_those_of_the_loop(module, case):
    inputs = [case.feature.requires_grad_(), case.words.requires_grad_(), *module.parameters()]
    got = module(case.feature, case.words, case.word_mask, case.image_of)
    want = torch.cat([literal(module, *case.single(b)[:2])[0] for b in range(3)])
    upstream = torch.randn_like(got)
    for mine, theirs in zip(
        torch.autograd.grad(got, inputs, upstream),
        torch.autograd.grad(want, inputs, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


def test_neighbouring_words_are_pooled_together_so_order_matters(module, case):
    feature, words, mask = case.single(0)
    swapped = words[:, [0, 2, 1, 3]]
    assert (module(feature, words, mask) - module(feature, swapped, mask)).abs().max() > 1e-6
    # ... but the two words of one block may change places
    within = words[:, [1, 0, 2, 3]]
    torch.testing.assert_close(module(feature, words, mask), module(feature, within, mask))
