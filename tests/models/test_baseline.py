"""The concat baseline as a whole."""

from dataclasses import replace

import torch

from refseg_lib.models.build import build_model
from refseg_lib.trace import trace


def make(backbone):
    torch.manual_seed(0)
    return build_model("baseline", vocabulary_size=20, backbone=backbone)


def test_sees_the_sentence_as_a_bag_of_words(backbone, batch):
    model = make(backbone)
    turned = batch.words.clone()
    turned[0] = batch.words[0].flip(0)
    assert not torch.equal(turned, batch.words)
    torch.testing.assert_close(model(replace(batch, words=turned)), model(batch), rtol=0, atol=1e-6)


def test_the_fused_map_of_a_cell_depends_on_no_other_cell(backbone, batch):
    model = make(backbone)
    changed = batch.image.clone()
    changed[:, :, :8, :8] = 1 - changed[:, :, :8, :8]
    with trace(model) as before:
        model(batch)
    with trace(model) as after:
        model(replace(batch, image=changed))
    difference = (after["fused"] - before["fused"]).abs().amax(1)
    assert difference[:, 0, 0].min() > 1e-4
    difference[:, 0, 0] = 0
    assert difference.max() == 0


def test_has_as_many_weights_as_cmsa_within_a_tenth(laptop_taps, resnet_taps):
    def count(name, preset, taps):
        fusion = build_model(name, preset, vocabulary_size=20, backbone=taps).level_fusion
        return sum(p.numel() for p in fusion.parameters())

    for preset, taps in (("laptop", laptop_taps), ("paper", resnet_taps)):
        ratio = count("baseline", preset, taps) / count("cmsa", preset, taps)
        assert 0.9 < ratio < 1.1, preset
