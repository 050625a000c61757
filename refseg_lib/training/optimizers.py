"""Optimisers and learning-rate schedules, with weight decay in the papers' meaning.

The released codes add ``5e-4 / 2 * |w|^2`` to a loss that is *summed* over the 320 x 320 pixels.
Ours is a mean over pixels, so the same pull is ``5e-4 / (H * W)``: about 4.9e-9. Taking 5e-4
literally is a hundred thousand times stronger and keeps the network from learning.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from refseg_lib.errors import UserError
from refseg_lib.text.encoders import WordEmbedding

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "radam": torch.optim.RAdam,
}
DECAY_MEANINGS = ("summed", "literal")
AIMS: dict[str, Literal["min", "max"]] = {"score": "max", "loss": "min"}


def make_optimizer(
    model: nn.Module,
    name: str,
    rate: float,
    weight_decay: float,
    decay_meaning: str,
    pixels: int,
    table_rate: float = 1.0,
) -> torch.optim.Optimizer:
    """Make an optimiser for the trainable weights of a model.

    Args:
        model: Only parameters that require a gradient are taken.
        name: A key of :data:`OPTIMIZERS`.
        rate: Learning rate at the start.
        weight_decay: As printed in the paper.
        decay_meaning: ``"summed"``: the paper's, relative to a loss summed over pixels;
            ``"literal"``: relative to our mean loss.
        pixels: H * W of the input.
        table_rate: Share of the rate for word tables.

    Raises:
        UserError: An unknown optimiser or meaning.
    """
    if name not in OPTIMIZERS:
        raise UserError(f"unknown optimizer {name!r}; choose one of {', '.join(OPTIMIZERS)}")
    if decay_meaning not in DECAY_MEANINGS:
        raise UserError(
            f"unknown decay_meaning {decay_meaning!r}; choose one of {', '.join(DECAY_MEANINGS)}"
        )
    decay = weight_decay / pixels if decay_meaning == "summed" else weight_decay
    decayed, spared, tables = split_parameters(model)
    groups = [
        {"params": decayed, "weight_decay": decay},
        {"params": spared, "weight_decay": 0.0},
        {"params": tables, "weight_decay": 0.0, "lr": table_rate * rate},
    ]
    return OPTIMIZERS[name]([group for group in groups if group["params"]], lr=rate)


def split_parameters(
    model: nn.Module,
) -> tuple[list[nn.Parameter], list[nn.Parameter], list[nn.Parameter]]:
    """Sort the trainable parameters into (decayed, spared, word tables).

    Biases, norms, scalars and word tables are never decayed.
    """
    in_tables = {
        id(parameter)
        for module in model.modules()
        if isinstance(module, nn.Embedding | WordEmbedding)
        for parameter in module.parameters(recurse=False)
    }
    decayed, spared, tables = [], [], []
    for parameter in model.parameters():
        if not parameter.requires_grad:
            continue
        if id(parameter) in in_tables:
            tables.append(parameter)
        else:
            (spared if parameter.ndim < 2 else decayed).append(parameter)
    return decayed, spared, tables


def polynomial(
    steps: int, power: float, warmup: int = 0, end: float = 0.0
) -> Callable[[int], float]:
    """Return the factor on the learning rate after so many steps.

    ``end + (1 - end) * (1 - step / steps) ** power`` (power 0.9 in papers 000, 001, 004; 0.7 in
    003), after a straight warm-up.

    Args:
        steps: Length of the whole training.
        power: Of the polynomial; 0 keeps the rate constant.
        warmup: Steps in which the factor grows from near zero.
        end: The factor at the last step; the released codes end at 1e-5 / 2.5e-4 = 0.04.
    """

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        left = max(0.0, 1 - (step - warmup) / max(1, steps - warmup))
        return end + (1 - end) * left**power

    return factor


def plateau(
    optimizer: torch.optim.Optimizer, aim: str = "score", factor: float = 0.7, patience: int = 2
) -> ReduceLROnPlateau:
    """Lower the rate whenever validation has stopped getting better (released code of 003).

    Call ``.step(value)`` after every look at the validation split. Paper 003 prints a polynomial
    of power 0.7 instead; in its code 0.7 is this factor, and the value is the validation loss.

    Args:
        optimizer: Whose rates are lowered, all groups by the same factor.
        aim: What the value is: ``"score"``, higher is better, or ``"loss"``, lower is better.
        factor: On the rate, each time.
        patience: Looks in a row without a new best that are put up with; the next one lowers the
            rate and starts counting again.

    Raises:
        UserError: An unknown aim.
    """
    if aim not in AIMS:
        raise UserError(f"unknown aim {aim!r} of plateau; choose one of {', '.join(AIMS)}")
    return ReduceLROnPlateau(
        optimizer, mode=AIMS[aim], factor=factor, patience=patience, threshold=0.0
    )
