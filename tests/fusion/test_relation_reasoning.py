"""Relation-aware reasoning, held against Eq. 5-10 of paper 001 with the P x P matrix A in full."""

import math

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.relation_reasoning import RelationReasoning
from refseg_lib.trace import trace

SETTINGS = [
    {"norm": "none", "scale": False, "rel_weight": "word", "layers": 1},
    {"norm": "none", "scale": True, "rel_weight": "word", "layers": 3},
    {"norm": "ln", "scale": True, "rel_weight": "logit", "layers": 1},
    {"norm": "ln", "scale": True, "rel_weight": "word", "layers": 2},
    {"norm": "none", "scale": False, "rel_weight": "logit", "layers": 2},
]


def make(**options):
    torch.manual_seed(1)
    module = RelationReasoning(multimodal=5, language=6, affinity=4, **options).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return module


@pytest.fixture
def inputs(case):
    torch.manual_seed(3)
    joint = torch.randn(3, 5, 3, 4, dtype=torch.float64)
    types = torch.rand(3, 4, 4, dtype=torch.float64).softmax(-1) * case.word_mask[..., None]
    return joint, case.words, case.word_mask, types


def single(inputs, b):
    joint, words, mask, types = inputs
    count = int(mask[b].sum())
    return joint[b : b + 1], *(x[b : b + 1, :count] for x in (words, mask, types))


def softmax(numbers):
    total = sum(math.exp(v) for v in numbers)
    return [math.exp(v) / total for v in numbers]


def literal(module, joint, words, types):
    """Eq. 5-10, or the released layer, for one sentence without padding."""
    scale = module.temperature
    pixels = [joint[0, :, y, x] for y in range(3) for x in range(4)]
    if module.vertices is not None:
        pixels = [module.vertices.weight @ m + module.vertices.bias for m in pixels]
    affinity = torch.zeros(len(pixels), words.shape[1], dtype=joint.dtype)
    for p, m in enumerate(pixels):
        for t, word in enumerate(words[0]):
            relation = types[0, t, 2]
            word = relation * word if module.rel_weight == "word" else word
            left, right = module.of_pixels.weight @ m, module.of_words.weight @ word
            if module.of_pixels.bias is not None:
                left, right = left + module.of_pixels.bias, right + module.of_words.bias
            value = left @ right / scale
            affinity[p, t] = relation * value if module.rel_weight == "logit" else value
    b1 = torch.tensor([softmax(row) for row in affinity.tolist()], dtype=joint.dtype)
    b2 = torch.tensor([softmax(column) for column in affinity.T.tolist()], dtype=joint.dtype)
    adjacency = b1 @ b2
    graph = torch.stack(pixels)
    for layer, update in enumerate(module.updates):
        if module.norms is None:
            graph = (adjacency + torch.eye(len(graph)).double()) @ graph @ update.weight.T
        else:
            first, second = module.norms[2 * layer], module.norms[2 * layer + 1]
            graph = F.relu(normed(adjacency @ graph, first) + graph)
            graph = F.relu(normed(graph @ update.weight.T + update.bias, second))
    if module.norms is not None:
        graph = torch.stack([m / max(m.norm(), 1e-12) for m in graph])
    return graph.T.unflatten(1, (3, 4))[None], affinity, adjacency


def normed(graph, norm):
    return (graph - graph.mean()) / graph.var(correction=0) ** 0.5 * norm.weight + norm.bias


@pytest.mark.parametrize("options", SETTINGS)
def test_equals_the_literal_equations_for_every_sentence_of_a_padded_batch(inputs, options):
    module = make(**options)
    with torch.no_grad():
        got = module(*inputs)
        for b in range(3):
            joint, words, _, types = single(inputs, b)
            want, _, _ = literal(module, joint, words, types)
            torch.testing.assert_close(got[b : b + 1], want, rtol=0, atol=1e-8)


@pytest.mark.parametrize("options", SETTINGS)
def test_gradients_equal_those_of_the_adjacency_matrix_in_full(inputs, options):
    module = make(**options)
    joint, words, mask, types = inputs
    joint, words, types = (x.requires_grad_() for x in (joint, words, types))

    def in_full(b):
        joint, words, _, types = single((inputs[0], inputs[1], mask, inputs[3]), b)
        graph = joint.flatten(2)[0].T
        if module.vertices is not None:
            graph = module.vertices(graph)
        weight = types[0, :, 2]
        asked = words[0] * weight[:, None] if module.rel_weight == "word" else words[0]
        affinity = module.of_pixels(graph) @ module.of_words(asked).T / module.temperature
        affinity = affinity * weight if module.rel_weight == "logit" else affinity
        adjacency = affinity.softmax(1) @ affinity.softmax(0).T
        for layer, update in enumerate(module.updates):
            if module.norms is None:
                graph = update((adjacency + torch.eye(len(graph)).double()) @ graph)
            else:
                first, second = module.norms[2 * layer], module.norms[2 * layer + 1]
                graph = F.relu(normed(adjacency @ graph, first) + graph)
                graph = F.relu(normed(update(graph), second))
        graph = graph if module.norms is None else F.normalize(graph, dim=-1)
        return graph.T.unflatten(1, (3, 4))[None]

    got, want = module(joint, words, mask, types), torch.cat([in_full(b) for b in range(3)])
    upstream = torch.randn_like(got)
    leaves = [joint, words, types, *module.parameters()]
    for mine, theirs in zip(
        torch.autograd.grad(got, leaves, upstream),
        torch.autograd.grad(want, leaves, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-8)


@pytest.mark.parametrize("options", SETTINGS)
def test_word_order_does_not_matter_and_maps_follow_their_words(inputs, options):
    module, order = make(**options), torch.tensor([2, 0, 3, 1])
    joint, words, mask, types = single(inputs, 0)
    with trace(module) as before:
        straight = module(joint, words, mask, types)
    with trace(module) as after:
        shuffled = module(joint, words[:, order], mask, types[:, order])
    torch.testing.assert_close(straight, shuffled, rtol=0, atol=1e-10)
    for name in ("affinity", "routing"):
        torch.testing.assert_close(after[name], before[name][:, order], rtol=0, atol=1e-10)
    assert before["routing"].std() > 1e-3


def test_padding_may_hold_anything(inputs):
    module = make()
    joint, words, mask, types = inputs
    dirty = torch.where(mask[..., None], words, torch.full_like(words, 9.0))
    torch.testing.assert_close(
        module(joint, dirty, mask, types), module(joint, words, mask, types), rtol=0, atol=0
    )


def test_traces_are_the_literal_matrices(inputs):
    module = make(norm="ln", rel_weight="logit")
    with trace(module) as seen:
        module(*inputs)
    for b in range(3):
        joint, words, _, types = single(inputs, b)
        count = words.shape[1]
        with torch.no_grad():
            _, affinity, adjacency = literal(module, joint, words, types)
        torch.testing.assert_close(seen["adjacency"][b], adjacency)
        torch.testing.assert_close(seen["affinity"][b, :count].flatten(1), affinity.T)
        assert seen["affinity"][b, count:].abs().sum() == 0
        assert seen["routing"][b, count:].abs().sum() == 0
    torch.testing.assert_close(seen["adjacency"].sum(-1), torch.ones(3, 12).double())


def test_with_no_relation_word_every_pixel_hears_the_mean_of_all(inputs):
    module = make(norm="none")
    joint, words, mask, types = inputs
    types = types.clone()
    types[..., 2] = 0
    with trace(module) as seen:
        module(joint, words, mask, types)
    torch.testing.assert_close(seen["adjacency"], torch.full((3, 12, 12), 1 / 12).double())


def test_two_layers_are_not_one(inputs):
    assert (make(layers=1)(*inputs) - make(layers=2)(*inputs)).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rel_weight": "both"}, "unknown rel_weight 'both'.*word, logit"),
        ({"norm": "batch"}, "unknown norm 'batch'.*none, ln"),
        ({"layers": 0}, "0 layers"),
    ],
)
def test_what_cannot_be_built_is_one_clear_error(options, message):
    with pytest.raises(UserError, match=message):
        make(**options)
