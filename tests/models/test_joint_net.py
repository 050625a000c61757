"""The joint net as a whole: company in the batch never matters, and it can learn a place."""

from dataclasses import replace

import torch

from refseg_lib.data.batch import Batch
from refseg_lib.models.initialise import initialise
from refseg_lib.models.joint_net import build_joint_net
from refseg_lib.models.presets import get_preset
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.vision.backbone import build_backbone


def _net(**options: float) -> ReferringSegmenter:
    torch.manual_seed(0)
    backbone = build_backbone("efficientnet_lite0", "none")
    preset = replace(get_preset("laptop"), levels=("c3", "c4", "c5"), embedding=12, width=32)
    net = build_joint_net(backbone, preset, "paper", 9, **options)
    for part in (net.level_fusion, net.across_fusion, net.head):
        initialise(part)
    return net


def test_a_batch_of_unequal_lengths_equals_the_loop_of_singles():
    for training in (False, True):
        net = _net(dropout=0.0).train(training)
        words = torch.tensor([[4, 5, 0, 0], [6, 7, 8, 4], [5, 0, 0, 0]])
        image = torch.rand(2, 3, 64, 64)
        batch = Batch(image, words, words > 0, image_of=torch.tensor([0, 1, 1]))
        together = net(batch)
        assert together.shape == (3, 1, 64, 64)
        for row, (picture, length) in enumerate(((0, 2), (1, 4), (1, 1))):
            single = words[row : row + 1, :length]
            alone = net(Batch(image[picture : picture + 1], single, single > 0))
            torch.testing.assert_close(together[row : row + 1], alone, atol=1e-5, rtol=1e-4)


def test_it_learns_which_side_a_word_means():
    """Nothing in the picture but grey: only words and coordinates can tell the sides apart."""
    net = _net(dropout=0.0)
    features = {
        level: x.detach() for level, x in net.backbone(torch.full((1, 3, 64, 64), 0.5)).items()
    }
    words = torch.tensor([[4], [5]])
    mask = torch.zeros(2, 1, 64, 64)
    mask[0, ..., :32] = 1
    mask[1, ..., 32:] = 1
    batch = Batch(
        None, words, words > 0, mask=mask, image_of=torch.tensor([0, 0]), features=features
    )
    optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=3e-3)
    for _ in range(40):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(net(batch), mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    right = ((net(batch) > 0) == (mask > 0.5)).float().mean()
    assert right > 0.9


def test_dropout_acts_in_training_only():
    net = _net(dropout=0.5)
    words = torch.tensor([[4, 5]])
    batch = Batch(torch.rand(1, 3, 64, 64), words, words > 0)
    net.train()
    assert not torch.equal(net(batch), net(batch))
    net.eval()
    assert torch.equal(net(batch), net(batch))
