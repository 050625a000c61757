"""A running average of the weights: steadier than the last ones, and free."""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from refseg_lib.training.checkpoints import trainable_state


class WeightAverage:
    """An exponential average of everything that is trained.

    The first steps keep less of the old average, (1 + t) / (10 + t) after t steps, until that is as
    much as ``decay``: else the random start would still be two fifths of it after 400 steps.

    Attributes:
        decay: Share of the old average that stays at each step; 0 keeps no average.
        state: The averaged weights.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        """Start from the model's weights."""
        self.decay = decay
        self.state: dict[str, Tensor] = {}
        self._device = next(model.parameters()).device
        if decay:
            self.load(trainable_state(model))

    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from a stored average, which comes out of a file on the processor."""
        self.state = {name: value.to(self._device, copy=True) for name, value in state.items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Move the average towards the model's present weights.

        Args:
            model: Has taken its step.
            step: How many steps were taken before that one.
        """
        if not self.decay:
            return
        kept = min(self.decay, (1 + step) / (10 + step))
        for name, value in trainable_state(model).items():
            if value.is_floating_point():
                self.state[name].lerp_(value, 1 - kept)
            else:
                self.state[name].copy_(value)

    @contextlib.contextmanager
    def applied(self, model: nn.Module) -> Iterator[None]:
        """Let the model have the averaged weights inside the block."""
        if not self.decay:
            yield
            return
        own = {name: value.clone() for name, value in trainable_state(model).items()}
        model.load_state_dict(self.state, strict=False)
        try:
            yield
        finally:
            model.load_state_dict(own, strict=False)
