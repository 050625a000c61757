import math

import torch

from refseg_lib.training.losses import cross_entropy, dice, loss_with_sides, mask_loss


def literal_cross_entropy(logits: torch.Tensor, mask: torch.Tensor, positive: float) -> float:
    total = 0.0
    for z, y in zip(logits.flatten().tolist(), mask.flatten().tolist(), strict=True):
        p = 1 / (1 + math.exp(-z))
        total -= positive * y * math.log(p) + (1 - y) * math.log(1 - p)
    return total / logits.numel()


def test_cross_entropy_is_the_mean_over_pixels_of_minus_the_log_likelihood() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 1, 3, 4, generator=generator, dtype=torch.float64)
    mask = (torch.rand(2, 1, 3, 4, generator=generator) > 0.6).double()
    for positive in (1.0, 2.5):
        ours = cross_entropy(logits, mask, positive)
        assert math.isclose(ours.item(), literal_cross_entropy(logits, mask, positive))


def test_a_perfect_confident_mask_costs_nothing_and_its_opposite_a_lot() -> None:
    mask = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])
    confident = 40 * (2 * mask - 1)
    assert mask_loss(confident, mask, dice_weight=1.0).item() < 1e-6
    assert mask_loss(-confident, mask, dice_weight=1.0).item() > 40


def test_dice_by_hand_on_two_pixels() -> None:
    # p = (0.5, 0.5), g = (1, 0): 1 - (2 * 0.5 + 1) / (1 + 1 + 1) = 1/3
    assert math.isclose(
        dice(torch.zeros(1, 1, 1, 2), torch.tensor([[[[1.0, 0.0]]]])).item(), 1 / 3, rel_tol=1e-6
    )


def test_dice_of_a_sentence_does_not_depend_on_its_neighbours_in_the_batch() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(3, 1, 4, 4, generator=generator, dtype=torch.float64)
    mask = (torch.rand(3, 1, 4, 4, generator=generator) > 0.5).double()
    alone = torch.stack([dice(logits[i : i + 1], mask[i : i + 1]) for i in range(3)]).mean()
    torch.testing.assert_close(dice(logits, mask), alone)


def test_extreme_logits_stay_finite_in_half_precision() -> None:
    logits = torch.tensor([[[[3e4, -3e4]]]], dtype=torch.float16)
    loss = mask_loss(logits, torch.tensor([[[[0.0, 1.0]]]]), dice_weight=1.0)
    assert torch.isfinite(loss)


def test_negative_weight_counts_the_pixels_around_the_thing() -> None:
    # Two pixels at logit 0: log 2 each; the second is background.
    mask = torch.tensor([[[[1.0, 0.0]]]])
    loss = mask_loss(torch.zeros(1, 1, 1, 2), mask, positive_weight=2.0, negative_weight=0.5)
    assert math.isclose(loss.item(), (2.0 + 0.5) * math.log(2) / 2, rel_tol=1e-6)


def test_side_heads_share_the_blame_seven_to_one_to_one_to_one() -> None:
    mask = torch.tensor([[[[1.0, 0.0]]]])
    sides = {level: torch.full((1, 1, 1, 2), z) for level, z in (("c3", 0.0), ("c4", 1.0))}
    at_one = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(1))) / 2
    want = 0.7 * 3.0 + 0.1 * math.log(2) + 0.1 * at_one
    assert math.isclose(loss_with_sides(torch.tensor(3.0), sides, mask).item(), want, rel_tol=1e-6)
    brinet = loss_with_sides(torch.tensor(3.0), sides, mask, main_weight=1.0, side_weight=1.0)
    assert math.isclose(brinet.item(), 3.0 + math.log(2) + at_one, rel_tol=1e-6)


def test_without_side_heads_the_main_loss_is_the_loss() -> None:
    main = torch.tensor(3.0)
    assert loss_with_sides(main, {}, torch.zeros(1, 1, 1, 2)) is main
