"""What holds for every model: it is one sentence with five words."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.models.build import ABLATIONS, MODELS, VARIANTS, build_model
from refseg_lib.models.system import ReferringSegmenter, heat_map
from refseg_lib.trace import trace

EVERY = [(name, variant) for name in MODELS for variant in VARIANTS]
ROWS = [(name, row.name) for name, rows in ABLATIONS.items() for row in rows]


def build(name, variant, backbone, ablation=None):
    torch.manual_seed(3)
    # Dropout draws other numbers for a batch than for its singles; batch norm mixes sentences.
    options = {
        "joint": {"dropout": 0.0},
        "shnet": {"dropout": 0.0, "norm": "group"},
    }.get(name, {})
    model = build_model(
        name,
        "laptop",
        variant,
        vocabulary_size=20,
        backbone=backbone,
        ablation=ablation,
        **options,
    )
    if variant == "released":
        # unbalanced inputs: large weights, so that attention and gates are far from uniform
        with torch.no_grad():
            for parameter in model.level_fusion.parameters():
                parameter.mul_(3)
    return model


def all_answers(model, batch):
    """A number that depends on the logits and on those of the side heads."""
    logits, sides = model.forward_with_sides(batch)
    return sum(x.square().sum() for x in (logits, *sides.values()))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_a_batch_of_unequal_sentences_equals_the_loop_of_singles(
    name, variant, training, backbone, batch, alone
):
    model = build(name, variant, backbone).train(training)
    together = model(batch)
    assert together.std() > 1e-2
    for b in range(len(batch)):
        torch.testing.assert_close(
            together[b : b + 1], model(alone(batch, b)), rtol=1e-5, atol=1e-5
        )


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_gradients_of_a_batch_are_those_of_its_singles_added(name, variant, backbone, batch, alone):
    model = build(name, variant, backbone).double()
    batch = replace(batch, image=batch.image.double())
    parameters = [p for p in model.parameters() if p.requires_grad]
    together = torch.autograd.grad(all_answers(model, batch), parameters)
    losses = [all_answers(model, alone(batch, b)) for b in range(len(batch))]
    apart = torch.autograd.grad(sum(losses), parameters)
    for mine, theirs in zip(together, apart, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-8, atol=1e-7)


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_every_trained_weight_gets_a_gradient(name, variant, backbone, batch):
    model = build(name, variant, backbone)
    all_answers(model, batch).backward()
    silent = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
    ]
    assert silent == []


@pytest.mark.parametrize("name", list(MODELS))
def test_the_backbone_sees_each_image_once_however_many_sentences(name, backbone, batch):
    build(name, "paper", backbone)(batch)
    assert backbone.images_seen == 2


@pytest.mark.parametrize("name", list(MODELS))
def test_as_many_images_as_sentences_may_still_stand_in_another_order(name, backbone, batch, alone):
    model = build(name, "paper", backbone)
    two = replace(
        batch,
        words=batch.words[:2],
        word_mask=batch.word_mask[:2],
        image_of=batch.image_of[:2],
        graphs=batch.graphs[:2],
    )
    assert two.image_of.tolist() == [1, 0]
    got = model(two)
    for b in range(2):
        torch.testing.assert_close(got[b : b + 1], model(alone(two, b)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", list(MODELS))
def test_cached_features_give_the_same_logits_without_the_image(name, backbone, batch):
    model = build(name, "paper", backbone)
    want = model(batch)
    cached = replace(batch, image=None, features=backbone(batch.image))
    torch.testing.assert_close(model(cached), want, rtol=0, atol=0)


def test_cached_features_of_an_input_no_stride_divides_follow_the_mask(backbone, batch):
    model = build("baseline", "paper", backbone)
    cached = replace(
        batch, image=None, features=backbone(batch.image), mask=torch.zeros(4, 1, 41, 50)
    )
    assert model(cached).shape == (4, 1, 41, 50)


@pytest.mark.parametrize("name", list(MODELS))
def test_the_sentence_and_its_image_both_matter(name, backbone, batch):
    model = build(name, "paper", backbone)
    before = model(batch)
    words = batch.words.clone()
    words[1, 0] = 4 + (words[1, 0] - 3) % 16
    after = model(replace(batch, words=words))
    assert (after[1] - before[1]).abs().max() > 1e-3
    torch.testing.assert_close(after[[0, 2, 3]], before[[0, 2, 3]], rtol=0, atol=1e-6)
    swapped = model(replace(batch, image_of=1 - batch.image_of))
    assert (swapped - before).abs().amax((1, 2, 3)).min() > 1e-3


@pytest.mark.parametrize(
    ("name", "variant", "ablation"),
    [(*one, None) for one in EVERY] + [(name, "paper", row) for name, row in ROWS],
)
def test_bf16_autocast_moves_logits_by_little(name, variant, ablation, backbone, batch):
    model = build(name, variant, backbone, ablation)
    want = model(batch)
    with torch.autocast("cpu", torch.bfloat16):
        got = model(batch)
    got.square().sum().backward()
    assert got.dtype == torch.float32
    assert (got - want).abs().max() < 0.08 * want.abs().max()


def test_a_level_fusion_that_knows_nothing_of_shared_images_gets_one_row_per_sentence(
    backbone, batch
):
    class Mine(nn.Module):
        def forward(self, features, words, word_mask):
            assert features["c5"].shape[0] == words.shape[0] == 4
            return {"c5": features["c5"]}

    class Only(nn.Module):
        def forward(self, levels):
            return levels["c5"]

    model = ReferringSegmenter(
        backbone, lambda words, mask: words[..., None].float(), Mine(), Only(), nn.Conv2d(7, 1, 1)
    )
    logits = model(batch)
    torch.testing.assert_close(logits[0], logits[2])
    torch.testing.assert_close(logits[0], logits[3])
    assert (logits[0] - logits[1]).abs().max() > 1e-3


def test_neither_image_nor_features_is_one_clear_error(backbone, batch):
    model = build("baseline", "paper", backbone)
    with pytest.raises(UserError, match="without image and without features"):
        model(replace(batch, image=None))


def test_heat_map_is_the_strongest_channel_scaled_to_0_1(backbone, batch):
    fused = torch.zeros(1, 3, 1, 4)
    fused[0, 0, 0] = torch.tensor([-9.0, 1, 1, 1])
    fused[0, 2, 0] = torch.tensor([0.0, 2, 1, 4])
    assert heat_map(fused).tolist() == [[[0, 0.5, 0.25, 1]]]
    model = build("cmsa", "paper", backbone)
    with trace(model) as seen:
        model(batch)
    torch.testing.assert_close(seen["heat_map"], heat_map(seen["fused"]))


def test_a_trace_changes_no_logit(backbone, batch):
    model = build("cmsa", "paper", backbone)
    want = model(batch)
    with trace(model):
        got = model(batch)
    assert torch.equal(got, want)


class SentenceLength(nn.Module):
    """Across-level fusion that asks the sentence again and answers on the side, too."""

    wants_context = True

    def forward(self, levels, context):
        length = context.word_mask.sum(1)[:, None, None, None].float()
        fused = levels["c5"] * 0 + length
        context.side_logits["c5"] = -fused[:, :1]
        return fused


class FirstChannel(nn.Module):
    def forward(self, fused):
        return fused[:, :1]


class Raw(nn.Module):
    """Per-level fusion that takes everything from the context."""

    wants_context = True
    levels = ("c5",)

    def forward(self, context):
        assert context.graphs is not None
        return {"c5": context.features["c5"][context.image_of]}


def test_parts_that_look_back_get_the_context_and_may_answer_on_the_side(backbone, batch):
    model = build("baseline", "paper", backbone)
    model.level_fusion, model.across_fusion = Raw(), SentenceLength()
    model.head = FirstChannel()
    logits, sides = model.forward_with_sides(batch)
    lengths = batch.word_mask.sum(1).float()
    assert torch.equal(logits[:, 0, 0, 0], lengths)
    assert torch.equal(sides["c5"], -logits)
    assert torch.equal(model(batch), logits)
