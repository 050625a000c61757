"""Comparing two values: the same kind, the same shape, the same numbers."""

from collections.abc import Mapping
from numbers import Number
from typing import Any

import numpy as np
import torch
from torch import Tensor

# Of the larger of the two numbers, and absolutely: room for another order of summation, none for
# another formula.
RELATIVE = {torch.float64: 1e-8, torch.float32: 1e-4, torch.bfloat16: 3e-2, torch.float16: 3e-3}
ABSOLUTE = {torch.float64: 1e-10, torch.float32: 1e-5, torch.bfloat16: 1e-2, torch.float16: 1e-3}


def describe(value: Any) -> str:
    """Say what kind of thing a value is, in a few words."""
    if isinstance(value, Tensor):
        return f"a {str(value.dtype).removeprefix('torch.')} tensor"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    if value is None:
        return "None (is a return missing?)"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{_article(type(value).__name__)} {type(value).__name__}"


def kind_difference(expected: Any, got: Any) -> str | None:
    """Compare what two values are made of; a list may stand for a tuple.

    Returns:
        One sentence when they differ, else None.
    """
    both = (expected, got)
    if isinstance(expected, Tensor) or isinstance(got, Tensor):
        if not all(isinstance(x, Tensor) for x in both) or expected.dtype != got.dtype:
            return f"expected {describe(expected)}, got {describe(got)}"
        return None
    if isinstance(expected, np.ndarray) or isinstance(got, np.ndarray):
        if not all(isinstance(x, np.ndarray) for x in both) or expected.dtype != got.dtype:
            return f"expected {describe(expected)}, got {describe(got)}"
        return None
    if isinstance(expected, Mapping):
        if not isinstance(got, Mapping):
            return f"expected a dictionary, got {describe(got)}"
        if expected.keys() != got.keys():
            return f"expected the keys {sorted(map(str, expected))}, got {sorted(map(str, got))}"
        return _first(kind_difference(expected[name], got[name]) for name in expected)
    if isinstance(expected, list | tuple):
        if not isinstance(got, list | tuple):
            return f"expected {describe(expected)}, got {describe(got)}"
        if len(expected) != len(got):
            return f"expected {len(expected)} values, got {len(got)}"
        return _first(map(kind_difference, expected, got))
    if isinstance(expected, bool | np.bool_) != isinstance(got, bool | np.bool_):
        return f"expected {describe(expected)}, got {describe(got)}"
    if isinstance(expected, complex) != isinstance(got, complex):
        return f"expected {describe(expected)}, got {describe(got)}"
    if isinstance(expected, Number) and isinstance(got, Number):
        return None
    if type(expected) is not type(got):
        return f"expected {describe(expected)}, got {describe(got)}"
    return None


def shape_difference(expected: Any, got: Any) -> str | None:
    """Compare the shapes of tensors and arrays in two values of the same kind."""
    if isinstance(expected, Tensor | np.ndarray):
        if tuple(expected.shape) != tuple(got.shape):
            return f"expected shape {tuple(expected.shape)}, got {tuple(got.shape)}"
        return None
    if isinstance(expected, Mapping):
        return _first(shape_difference(expected[name], got[name]) for name in expected)
    if isinstance(expected, list | tuple):
        return _first(map(shape_difference, expected, got))
    return None


def value_difference(expected: Any, got: Any) -> str | None:
    """Compare the numbers and texts of two values of the same kind and shape.

    Floating numbers may differ by rounding, see :data:`RELATIVE`; NaN equals NaN.
    """
    if isinstance(expected, Tensor):
        return _tensor_difference(expected, got)
    if isinstance(expected, np.ndarray):
        return _tensor_difference(torch.from_numpy(expected), torch.from_numpy(got))
    if isinstance(expected, Mapping):
        said = {name: value_difference(expected[name], got[name]) for name in expected}
        return _first(f"{name}: {text}" for name, text in said.items() if text is not None)
    if isinstance(expected, list | tuple):
        return _first(map(value_difference, expected, got))
    if isinstance(expected, float) or isinstance(got, float):
        wide = [torch.tensor(float(x), dtype=torch.float64) for x in (expected, got)]
        return _tensor_difference(*wide)
    return None if expected == got else f"expected {expected!r}, got {got!r}"


def difference(expected: Any, got: Any) -> str | None:
    """Compare kind, then shape, then values."""
    return (
        kind_difference(expected, got)
        or shape_difference(expected, got)
        or value_difference(expected, got)
    )


def wrong_entries(expected: Tensor, got: Tensor) -> Tensor:
    """Find where a tensor differs from one of its kind and shape by more than rounding.

    Returns:
        bool of their shape, True where an entry is wrong.
    """
    if not expected.is_floating_point():
        return expected != got
    relative, absolute = RELATIVE[expected.dtype], ABSOLUTE[expected.dtype]
    return ~torch.isclose(expected, got, relative, absolute, equal_nan=True)


def _tensor_difference(expected: Tensor, got: Tensor) -> str | None:
    wrong = wrong_entries(expected, got)
    count = int(wrong.sum())
    if count == 0:
        return None
    if bool(got.is_floating_point() and (got.isnan() & ~expected.isnan()).any()):
        return f"there are NaN among the numbers ({int(got.isnan().sum())} of {got.numel()})"
    if expected.dim() == 0:
        return _both(expected, got)
    place = tuple(int(i) for i in wrong.nonzero()[0])
    share = "all numbers differ" if count == wrong.numel() else f"{count} of {wrong.numel()} differ"
    where = ", ".join(map(str, place))
    return f"{share}; at [{where}] {_both(expected[place], got[place])}"


def _both(expected: Tensor, got: Tensor) -> str:
    """Print two numbers that differ with as many digits as it takes to see that they do."""
    for digits in (4, 10, 17):
        texts = [
            f"{x:.{digits}g}" if isinstance(x, float) else str(x)
            for x in (expected.item(), got.item())
        ]
        if texts[0] != texts[1]:
            break
    return f"expected {texts[0]}, got {texts[1]}"


def _first(found: Any) -> str | None:
    return next((difference for difference in found if difference is not None), None)


def _article(word: str) -> str:
    return "an" if word[:1].lower() in "aeiou" else "a"
