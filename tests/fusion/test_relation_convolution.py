"""Convolutions with weights per type of relation."""

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.fusion.pairwise_shift import Edges
from refseg_lib.fusion.relation_convolution import RelationConvolution, SharedRelationConvolution

KINDS = [RelationConvolution, SharedRelationConvolution]
TYPES = [0, 2, 2, 2, 3]


def make(kind):
    torch.manual_seed(0)
    module = kind(types=4, channels=3, hidden=5).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter))
    maps = torch.randn(5, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    none = torch.empty(0)
    groups = [(kind, TYPES.count(kind)) for kind in sorted(set(TYPES))]
    return module, maps, Edges(none, none, none, none, none, torch.tensor(TYPES), groups)


def literal(module, x, row):
    """Two convolutions and a ReLU, of one edge."""
    if isinstance(module, RelationConvolution):
        first, bias = module.first[row], module.first_bias[row]
    else:
        first, bias = module.first.weight, module.first.bias
    hidden = F.conv2d(x[None], first, bias, padding=1).relu()
    return F.conv2d(hidden, module.last[row][None], module.last_bias[row][None], padding=1)[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("inverse", [False, True])
def test_each_edge_gets_its_own_types_convolutions_with_their_gradients(kind, inverse):
    module, maps, edges = make(kind)
    got = module(maps, edges, inverse)
    want = torch.stack(
        [literal(module, x, r + 4 * inverse) for x, r in zip(maps, TYPES, strict=True)]
    )
    torch.testing.assert_close(got, want, rtol=0, atol=1e-12)
    everything = [maps, *module.parameters()]
    upstream = torch.randn_like(got)
    for mine, theirs in zip(
        torch.autograd.grad(got, everything, upstream, allow_unused=True),
        torch.autograd.grad(want, everything, upstream, allow_unused=True),
        strict=True,
    ):
        # The kernels of a type that does not occur hear nothing.
        assert (mine is None) == (theirs is None)
        if mine is not None:
            torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_a_relation_and_its_inverse_are_two_things(kind):
    module, maps, edges = make(kind)
    assert (module(maps, edges, False) - module(maps, edges, True)).abs().max() > 1e-2


def test_31_types_at_the_papers_widths_have_36_65_million_weights_and_shared_ones_0_66():
    with torch.device("meta"):
        own, shared = (kind(types=31, channels=512, hidden=128) for kind in KINDS)
    count = [sum(p.numel() for p in module.parameters()) for module in (own, shared)]
    assert count == [
        62 * (9 * 512 * 128 + 128 + 9 * 128 + 1),
        9 * 512 * 128 + 128 + 62 * (9 * 128 + 1),
    ]
    assert [round(n / 1e6, 2) for n in count] == [36.65, 0.66]


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_starts_at_glorot_and_none_like_another(kind):
    torch.manual_seed(0)
    module = kind(types=3, channels=64, hidden=16)
    limit = (6 / (9 * 16 + 9)) ** 0.5
    assert module.last.abs().max() <= limit
    assert module.last.std().item() == pytest.approx(limit / 3**0.5, rel=0.1)
    assert len({kernel.sum().item() for kernel in module.last}) == 6
    if kind is RelationConvolution:
        wide = (6 / (9 * 64 + 9 * 16)) ** 0.5
        spread = torch.stack(list(module.first)).std().item()
        assert spread == pytest.approx(wide / 3**0.5, rel=0.05)
