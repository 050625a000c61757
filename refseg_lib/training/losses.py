"""What a predicted mask is blamed for.

Every paper uses binary cross-entropy over all pixels (004 Eq. 7, printed without its minus); paper
000 adds Dice. All losses here are *means*; :mod:`refseg_lib.training.optimizers` says why that
matters for weight decay.
"""

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
    logits: Tensor, mask: Tensor, positive_weight: float = 1.0, dice_weight: float = 0.0
) -> Tensor:
    """Cross-entropy plus ``dice_weight`` times Dice, in full precision."""
    logits, mask = logits.float(), mask.float()
    loss = cross_entropy(logits, mask, positive_weight)
    return loss + dice_weight * dice(logits, mask) if dice_weight else loss
