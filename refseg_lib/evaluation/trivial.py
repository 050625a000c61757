"""Answers that look at nothing: what a number must beat before it means anything."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from refseg_lib.errors import UserError


def whole_image(height: int, width: int) -> NDArray[np.bool_]:
    """Answer with every pixel: bool (height, width)."""
    return np.ones((height, width), bool)


def centre_ellipse(height: int, width: int) -> NDArray[np.bool_]:
    """Answer with an ellipse in the middle, half as high and half as wide as the image.

    People photograph what they mean in the middle; this says how far that alone carries.

    Returns:
        bool (height, width), True where the pixel's centre lies in the ellipse.
    """
    y = (np.arange(height) + 0.5) / height - 0.5
    x = (np.arange(width) + 0.5) / width - 0.5
    return (y[:, None] ** 2 + x[None] ** 2) <= 0.25**2


ANSWERS: dict[str, Callable[[int, int], NDArray[np.bool_]]] = {
    "whole": whole_image,
    "ellipse": centre_ellipse,
}


def get_answer(name: str) -> Callable[[int, int], NDArray[np.bool_]]:
    """Look a trivial answer up.

    Raises:
        UserError: An unknown name.
    """
    if name not in ANSWERS:
        raise UserError(f"unknown trivial answer {name!r}; choose one of {', '.join(ANSWERS)}")
    return ANSWERS[name]
