"""plug: a student's function inside a whole model."""

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.models.build import build_model
from refseg_lib.models.plug import plug
from refseg_lib.vision.spatial import spatial_coordinates


def literal_cross_attention(query, key, value, word_mask):
    """What a student writes from paper 004: every pair, every score."""
    q, k, v = (part.words[:, :, None] + part.pixels[:, None] for part in (query, key, value))
    scores = torch.einsum("bnpd,bmkd->bnpmk", q, k)
    scores = scores.masked_fill(~word_mask[:, None, None, :, None], -torch.inf)
    weights = scores.flatten(3).softmax(-1).unflatten(3, scores.shape[3:])
    attended = torch.einsum("bnpmk,bmkd->bnpd", weights, v) * word_mask[:, :, None, None]
    return attended.sum(1) / word_mask.sum(1)[:, None, None]


def literal_gate(levels, memory, reset, gamma):
    fused = []
    for i, x in enumerate(levels):
        controller = (1 - memory[i]) * x
        for j in range(len(levels)):
            if j != i:
                controller = controller + gamma[j] * memory[j] * levels[j]
        fused.append(reset[i] * torch.tanh(controller) + (1 - reset[i]) * x)
    return fused


CORRECT = {
    "cross_attention": literal_cross_attention,
    "gate": literal_gate,
    "spatial_coordinates": lambda height, width: spatial_coordinates(height, width),
}
WRONG = {
    "cross_attention": lambda q, k, v, mask: literal_cross_attention(q, k, v, mask) + 1,
    "gate": lambda levels, memory, reset, gamma: literal_gate(levels, reset, memory, gamma),
    "spatial_coordinates": lambda height, width: torch.zeros(8, height, width),
}


@pytest.fixture
def model(backbone):
    torch.manual_seed(0)
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone)
    with torch.no_grad():
        for parameter in model.across_fusion.parameters():
            parameter.mul_(1.5)
    return model


@pytest.mark.parametrize("name", list(CORRECT))
def test_a_correct_function_leaves_every_logit_as_it_was_and_a_wrong_one_does_not(
    name, model, batch
):
    want = model(batch)
    with plug(**{name: CORRECT[name]}):
        torch.testing.assert_close(model(batch), want, rtol=0, atol=1e-4)
    with plug(**{name: WRONG[name]}):
        assert (model(batch) - want).abs().max() > 1e-2
    assert torch.equal(model(batch), want)


def test_gradients_flow_through_a_plugged_function(model, batch):
    with plug(cross_attention=literal_cross_attention):
        model(batch).sum().backward()
    assert model.level_fusion.modules_by_level["c5"].query.weight.grad.abs().max() > 0


def test_everything_is_put_back_after_an_exception(model, batch):
    want = model(batch)

    def broken(levels, memory, reset, gamma):
        raise ZeroDivisionError

    with (
        pytest.raises(ZeroDivisionError),
        plug(gate=broken, cross_attention=WRONG["cross_attention"]),
    ):
        model(batch)
    assert torch.equal(model(batch), want)


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ({"attention": print}, "nothing called 'attention'.*cross_attention, gate"),
        ({"gate": 3}, "needs a function, got int"),
        (
            {"gate": lambda levels, memory: levels},
            r"calls your function with \(levels, memory, reset",
        ),
    ],
)
def test_what_cannot_be_plugged_is_told_before_anything_is_exchanged(functions, message):
    from refseg_lib.fusion import pair_attention

    before = pair_attention.cross_attention
    with (
        pytest.raises(UserError, match=message),
        plug(cross_attention=literal_cross_attention, **functions),
    ):
        pass
    assert pair_attention.cross_attention is before


def test_an_ablated_model_refuses_a_full_attention(backbone, batch):
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone, attention="word")
    with plug(cross_attention=literal_cross_attention), pytest.raises(UserError, match="'word'"):
        model(batch)
