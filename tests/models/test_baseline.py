"""The concat baseline as a whole."""

from dataclasses import replace

import torch

from refseg_lib.models.build import build_model


def make(backbone):
    torch.manual_seed(0)
    return build_model("baseline", vocabulary_size=20, backbone=backbone)


def test_sees_the_sentence_as_a_bag_of_words(backbone, batch):
    model = make(backbone)
    turned = batch.words.clone()
    turned[0] = batch.words[0].flip(0)
    assert not torch.equal(turned, batch.words)
    torch.testing.assert_close(model(replace(batch, words=turned)), model(batch), rtol=0, atol=1e-6)


def test_a_cell_only_reaches_its_neighbours_through_the_3x3_head(backbone, batch):
    model = make(backbone)
    changed = batch.image.clone()
    changed[:, :, :8, :8] = 1 - changed[:, :, :8, :8]
    difference = (model(replace(batch, image=changed)) - model(batch)).abs()
    # cell (0, 0) feeds the logits of cells 0 and 1; the enlargement spreads them by a cell more
    assert difference[..., :8, :8].max() > 1e-4
    assert difference[..., 24:, :].max() == 0
    assert difference[..., :, 24:].max() == 0


def test_has_as_many_weights_as_cmsa_within_a_tenth(laptop_taps, resnet_taps):
    def count(name, preset, taps):
        fusion = build_model(name, preset, vocabulary_size=20, backbone=taps).level_fusion
        return sum(p.numel() for p in fusion.parameters())

    for preset, taps in (("laptop", laptop_taps), ("paper", resnet_taps)):
        ratio = count("baseline", preset, taps) / count("cmsa", preset, taps)
        assert 0.9 < ratio < 1.1, preset
