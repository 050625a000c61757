"""Watching a system reason, step by step."""

from dataclasses import replace

import pytest
import torch

from refseg_lib.models import build
from refseg_lib.models.busnet import build_busnet
from refseg_lib.text.graph import Edge, LanguageGraph, Node
from refseg_lib.trace import trace

TWO = LanguageGraph((Node("a", "a", 0, 1), Node("b", "b", 1, 2)), (Edge(0, "on", 1),), 0)
ONE = LanguageGraph((Node("a", "a", 0, 1),), (), 0)


@pytest.fixture
def watched(backbone, batch, monkeypatch):
    monkeypatch.setitem(build.MODELS, "busnet", build_busnet)
    torch.manual_seed(0)
    sizes = {"shared": 24, "vector": 10}
    model = build.build_model("busnet", vocabulary_size=20, backbone=backbone, sizes=sizes)
    return model, replace(batch, graphs=[TWO, TWO, ONE, ONE])


def test_only_what_something_modifies_looks_different_after_reasoning(watched):
    model, batch = watched
    with trace(model) as seen:
        model(batch)
    changed = seen["bus.node"][:, 2] > 0
    assert changed.tolist() == [True, False, True, False, False, False]
    before, after = seen["bus.initial"], seen["bus.shifted"]
    assert before.shape == after.shape == (6, 20, 24)  # the head: 2 x 2 parts of 10 x 12 cells
    assert 0 <= before.min() < before.max() <= 1
    moved = (before - after).abs().amax((1, 2))
    assert (moved > 1e-6).tolist() == changed.tolist()


def test_at_the_referent_stands_the_answer_itself(watched):
    model, batch = watched
    with trace(model) as seen:
        model(batch)
    referents = [0, 2, 4, 5]
    answered = torch.sigmoid(model.head(seen["fused"]))[:, 0]
    torch.testing.assert_close(seen["bus.shifted"][referents], answered)


def test_a_node_that_nothing_modifies_is_answered_as_if_it_were_the_referent(watched):
    model, batch = watched
    same = dict(words=batch.words[:1].repeat(2, 1), word_mask=batch.word_mask[:1].repeat(2, 1))
    alone = LanguageGraph((TWO.nodes[1],), (), 0)
    batch = replace(
        batch, **same, graphs=[TWO, alone], image_of=torch.tensor([0, 0]), image=batch.image[:1],
        mask=None,
    )  # fmt: skip
    with trace(model) as seen:
        model(batch)
    # Nodes in order: a, the b that modifies it, the b alone.
    for name in ("initial", "shifted"):
        torch.testing.assert_close(seen[f"bus.{name}"][1], seen[f"bus.{name}"][2])
    assert not torch.allclose(seen["bus.shifted"][0], seen["bus.shifted"][1], atol=1e-4)


def test_watching_changes_no_answer_and_asks_the_backbone_once(watched, backbone):
    model, batch = watched
    want = model(batch)
    backbone.images_seen = 0
    with trace(model):
        got = model(batch)
    assert backbone.images_seen == 2
    torch.testing.assert_close(got, want, rtol=0, atol=0)
    cached = replace(batch, image=None, features=backbone(batch.image))
    with trace(model) as seen:
        torch.testing.assert_close(model(cached), want, rtol=0, atol=0)
    assert "bus.initial" in seen
