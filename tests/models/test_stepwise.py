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
    for level in ("c4", "c5"):
        before, after = seen[f"bus.{level}.initial"], seen[f"bus.{level}.shifted"]
        assert before.shape == after.shape == (6, 10, 12)  # the head: 2 x 2 parts of 5 x 6 cells
        assert 0 <= before.min() < before.max() <= 1
        moved = (before - after).abs().amax((1, 2))
        assert (moved > 1e-6).tolist() == changed.tolist()


def test_a_referents_last_map_is_the_one_that_goes_on_to_the_head(watched):
    model, batch = watched
    with trace(model) as seen:
        model(batch)
    fused = {}

    def remember(module, inputs, output):
        fused.update(output)

    handle = model.level_fusion.register_forward_hook(remember)
    model(batch)
    handle.remove()
    referents = [0, 2, 4, 5]
    enter = model.across_fusion.enter["c5_reasoned"]
    want = torch.sigmoid(model.head(enter(fused["c5"])))[:, 0]
    torch.testing.assert_close(seen["bus.c5.shifted"][referents], want)


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
    assert "bus.c4.initial" in seen
