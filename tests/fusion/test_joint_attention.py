"""Joint attention against a literal loop, and what it must not notice."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.fusion.context import Context
from refseg_lib.fusion.joint_attention import JointAttention
from refseg_lib.trace import trace
from refseg_lib.vision.spatial import spatial_coordinates

CHANNELS = {"c3": 6, "c4": 5, "c5": 7}


@pytest.fixture
def module() -> JointAttention:
    torch.manual_seed(0)
    made = JointAttention(CHANNELS, language=5, width=8, skip=16, layers=2, heads=2)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return made.double().eval()


@pytest.fixture
def inputs() -> tuple[dict[str, Tensor], Tensor, Tensor]:
    torch.manual_seed(1)
    sizes = {"c3": (4, 8), "c4": (2, 4), "c5": (1, 2)}
    features = {
        level: torch.randn(2, CHANNELS[level], *sizes[level], dtype=torch.float64)
        for level in CHANNELS
    }
    words = torch.randn(2, 4, 5, dtype=torch.float64)
    mask = torch.tensor([[True, True, False, False], [True, True, True, True]])
    return features, words * mask[..., None], mask


def _literal(module: JointAttention, features: dict[str, Tensor], words: Tensor) -> Tensor:
    """One picture, one unpadded sentence: every attention weight computed on its own."""

    def norm(layer: torch.nn.Module, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        spread = (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
        return centred / spread * layer.weight + layer.bias

    normed = {
        level: norm(module.norms[level], features[level][0].permute(1, 2, 0)) for level in CHANNELS
    }
    place = spatial_coordinates(1, 2, dtype=torch.float64)
    cells = []
    for column in range(2):
        window = {level: 4 >> index for index, level in enumerate(CHANNELS)}
        means = [
            normed[level][:, column * size : (column + 1) * size]
            .reshape(-1, CHANNELS[level])
            .mean(0)
            for level, size in window.items()
        ]
        cells.append(torch.cat([*means, place[:, 0, column]]))
    x = norm(module.cell_norm, module.from_cells(torch.stack(cells)))
    spoken = F.relu(module.from_words(words)) + module.word_place[: len(words)]
    spoken = norm(module.word_norm, spoken)
    weights = torch.exp(module.word_score(spoken)[:, 0])
    sentence = (weights[:, None] * spoken).sum(0) / weights.sum()
    scale, shift = module.modulate(sentence).chunk(2)
    both = torch.cat([x * (1 + scale) + shift, spoken])
    for layer in module.layers:
        q, k, v = layer.qkv(norm(layer.attention_norm, both)).chunk(3, -1)
        seen = torch.zeros_like(both)
        for head in range(2):
            part = slice(4 * head, 4 * head + 4)
            for row in range(len(both)):
                scores = torch.stack(
                    [q[row, part] @ k[other, part] / 2 for other in range(len(both))]
                )
                share = scores.exp() / scores.exp().sum()
                seen[row, part] = sum(share[o] * v[o, part] for o in range(len(both)))
        both = both + layer.joined(seen)
        both = both + layer.feed(norm(layer.feed_norm, both))
    return norm(module.out_norm, both[:2]).T[None, :, None]


def fuse(module, features, words, mask, image_of=None):
    return module(Context(features, words, mask, image_of))


def test_the_coarsest_level_equals_the_literal_loop(module, inputs):
    features, words, mask = inputs
    fused = fuse(module, features, words, mask)
    for sentence, length in enumerate((2, 4)):
        single = {level: x[sentence : sentence + 1] for level, x in features.items()}
        literal = _literal(module, single, words[sentence, :length])
        torch.testing.assert_close(fused["c5"][sentence : sentence + 1], literal)


def test_padding_may_hold_anything(module, inputs):
    features, words, mask = inputs
    dirty = torch.where(mask[..., None], words, 7.0)
    clean, other = fuse(module, features, words, mask), fuse(module, features, dirty, mask)
    for level in CHANNELS:
        torch.testing.assert_close(other[level], clean[level], rtol=0, atol=0)


def test_the_order_of_the_words_matters_through_their_places_alone(module, inputs):
    features, words, mask = inputs
    turned = words.clone()
    turned[1] = words[1].flip(0)
    level = "c5"
    apart = fuse(module, features, turned, mask)[level] - fuse(module, features, words, mask)[level]
    assert apart[1].abs().max() > 1e-3
    torch.nn.init.zeros_(module.word_place)
    for level in CHANNELS:
        torch.testing.assert_close(
            fuse(module, features, turned, mask)[level][1],
            fuse(module, features, words, mask)[level][1],
        )


def test_the_side_answer_is_a_linear_score_of_every_attended_cell(module, inputs):
    features, words, mask = inputs
    context = Context(features, words, mask)
    fused = module(context)["c5"]
    want = torch.einsum("bchw,c->bhw", fused, module.side.weight[0]) + module.side.bias
    torch.testing.assert_close(context.side_logits["c5"][:, 0], want)


def test_a_sentence_longer_than_the_known_places_is_read_to_its_end(module, inputs):
    features, _, _ = inputs
    words = torch.randn(2, 40, 5, dtype=torch.float64)
    mask = torch.ones(2, 40).bool()
    before = fuse(module, features, words, mask)["c5"]
    words[:, -1] += 1
    assert (fuse(module, features, words, mask)["c5"] - before).abs().amax() > 1e-6


def test_a_far_cell_is_seen_and_the_finer_levels_see_only_their_own(module, inputs):
    features, words, mask = inputs
    before = fuse(module, features, words, mask)
    moved = {level: x.clone() for level, x in features.items()}
    moved["c3"][:, :, 0, 7] += torch.arange(6.0)
    after = fuse(module, moved, words, mask)
    assert (after["c5"] - before["c5"])[:, :, 0, 0].abs().max() > 1e-6
    change = (after["c3"] - before["c3"]).abs().amax(1)
    assert (change[:, 0, 7] > 1e-6).all()
    change[:, 0, 7] = 0
    assert change.max() == 0


def test_sentences_may_share_a_picture(module, inputs):
    features, words, mask = inputs
    first = {level: x[:1] for level, x in features.items()}
    shared = fuse(module, first, words, mask, torch.tensor([0, 0]))
    repeated = fuse(
        module, {level: x.repeat(2, 1, 1, 1) for level, x in first.items()}, words, mask
    )
    for level in CHANNELS:
        torch.testing.assert_close(shared[level], repeated[level])


def test_the_scale_of_a_backbones_maps_does_not_matter(module, inputs):
    features, words, mask = inputs
    louder = {level: 100 * x for level, x in features.items()}
    for level in CHANNELS:
        torch.testing.assert_close(
            fuse(module, louder, words, mask)[level],
            fuse(module, features, words, mask)[level],
            rtol=1e-3,
            atol=1e-3,
        )


def test_traced_word_weights_are_shares_and_none_is_paddings(module, inputs):
    features, words, mask = inputs
    with trace(module) as collected:
        fuse(module, features, words, mask)
    weights = collected["joint.word_weights"]
    torch.testing.assert_close(weights.sum(1), torch.ones(2, dtype=torch.float64))
    assert (weights[~mask] == 0).all()
    assert (weights[mask] > 0).all()
