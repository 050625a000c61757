"""Inputs for checks, drawn from a seed: the same seed, the same numbers, on every machine."""

import zlib

import numpy as np
import torch
from torch import Tensor


class Draw:
    """A source of random inputs."""

    def __init__(self, seed: int, *about: str) -> None:
        """Start at a place that depends on the seed and on what the numbers are for.

        Args:
            seed: Any whole number.
            about: Names, for example of the exercise and the requirement.
        """
        words = [zlib.crc32(text.encode()) for text in about]
        self.random = np.random.default_rng([seed & 0xFFFFFFFF, *words])

    def normal(self, *shape: int, dtype: torch.dtype = torch.float64, scale: float = 1.0) -> Tensor:
        """Draw a tensor from N(0, scale²).

        In double precision unless asked otherwise: a check is about the formula, and rounding must
        not blur a mistake.
        """
        return torch.from_numpy(self.random.normal(0.0, scale, shape)).to(dtype)

    def uniform(
        self,
        *shape: int,
        low: float = 0.0,
        high: float = 1.0,
        dtype: torch.dtype = torch.float64,
    ) -> Tensor:
        """Draw a tensor uniformly from [low, high)."""
        return torch.from_numpy(self.random.uniform(low, high, shape)).to(dtype)

    def integers(self, *shape: int, low: int = 0, high: int) -> Tensor:
        """Draw a tensor of int64 from low to high - 1."""
        return torch.from_numpy(np.asarray(self.random.integers(low, high, shape)))

    def number(self, low: int, high: int) -> int:
        """Draw one whole number from low to high, both included."""
        return int(self.random.integers(low, high + 1))

    def chance(self, *shape: int, share: float = 0.5) -> Tensor:
        """Draw a bool tensor of which about ``share`` is True."""
        return torch.from_numpy(np.asarray(self.random.random(shape) < share))

    def permutation(self, count: int) -> Tensor:
        """Draw an order of ``count`` things that differs from theirs when there are two or more."""
        order = self.random.permutation(count)
        if count > 1 and (order == np.arange(count)).all():
            order = np.roll(order, 1)
        return torch.from_numpy(order)

    def choice(self, things: list[str]) -> str:
        """Draw one of some texts."""
        return things[int(self.random.integers(len(things)))]


def first_words(lengths: list[int], longest: int | None = None) -> Tensor:
    """Make the (B, T) mask of sentences of these lengths: True at real words."""
    places = torch.arange(longest or max(lengths))
    return places < torch.tensor(lengths)[:, None]
