"""What a predicted mask is blamed for.

Every paper uses binary cross-entropy over all pixels (004 Eq. 7, printed without its minus); paper
000 adds Dice, and the released code of 001 blames the answers of single levels as well. All losses
here are *means*; :mod:`refseg_lib.training.optimizers` says why that
matters for weight decay.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional


def cross_entropy(
    logits: Tensor, mask: Tensor, positive_weight: float = 1.0, negative_weight: float = 1.0
) -> Tensor:
    """Binary cross-entropy, averaged over pixels and sentences.

    Args:
        logits: (B, 1, H, W).
        mask: (B, 1, H, W), 0 or 1.
        positive_weight: Weight of the pixels of the thing meant.
        negative_weight: Weight of all others. The released codes call their loss "weighed" and
            always pass 1 and 1.

    Returns:
        A scalar.
    """
    each = functional.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    weight = torch.where(mask > 0.5, positive_weight, negative_weight)
    return (weight * each).mean()


def dice(logits: Tensor, mask: Tensor, smooth: float = 1.0) -> Tensor:
    """One minus the Dice overlap of probabilities and mask, averaged over sentences.

    Args:
        logits: (B, 1, H, W).
        mask: (B, 1, H, W), 0 or 1.
        smooth: Added above and below, so that an empty mask is no division by zero.

    Returns:
        A scalar in [0, 1].
    """
    probability = logits.sigmoid().flatten(1)
    truth = mask.flatten(1)
    shared = (probability * truth).sum(1)
    total = probability.sum(1) + truth.sum(1)
    return (1 - (2 * shared + smooth) / (total + smooth)).mean()


def mask_loss(
    logits: Tensor,
    mask: Tensor,
    positive_weight: float = 1.0,
    dice_weight: float = 0.0,
    negative_weight: float = 1.0,
) -> Tensor:
    """Cross-entropy plus ``dice_weight`` times Dice, in full precision."""
    logits, mask = logits.float(), mask.float()
    loss = cross_entropy(logits, mask, positive_weight, negative_weight)
    return loss + dice_weight * dice(logits, mask) if dice_weight else loss


def loss_with_sides(
    main: Tensor,
    sides: Mapping[str, Tensor],
    mask: Tensor,
    main_weight: float = 0.7,
    side_weight: float = 0.1,
    dice_weight: float = 0.0,
) -> Tensor:
    """Blame the side heads too: ``main_weight`` main + ``side_weight`` each side's loss.

    The released code of paper 001 does so with 0.7 and three times 0.1; the paper does not say it,
    and BRINet's has 1 and three times 1.

    Args:
        main: The loss of the final mask, a scalar.
        sides: Level name to (B, 1, H, W) logits; may be empty: then ``main`` comes back as it is,
            since a system without side heads has nothing to share its weight with.
        mask: (B, 1, H, W), 0 or 1.
        main_weight: Share of the final mask.
        side_weight: Share of each side head.
        dice_weight: Of Dice beside the cross-entropy of each side head.

    Returns:
        A scalar.
    """
    if not sides:
        return main
    total = main_weight * main
    for logits in sides.values():
        total = total + side_weight * mask_loss(logits, mask, dice_weight=dice_weight)
    return total
