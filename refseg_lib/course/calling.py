"""Calling an answer: with copies of the inputs, an eye on its gradients, and no traceback soup.

The grader's worker calls answers with this same function, in another process.
"""

import linecache
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from refseg_lib.course.exercise import Case, Outcome


def call(function: Callable[..., Any], case: Case) -> Outcome:
    """Call an answer once.

    Args:
        function: The answer.
        case: What it is given. The tensors in it are copied first.

    Returns:
        What it came to; an exception of the answer's becomes ``Outcome.error``. Only
        KeyboardInterrupt and SystemExit pass.
    """
    inputs = {name: copy(value) for name, value in case.inputs.items()}
    for name in case.gradient_of:
        for leaf in tensors_in(inputs[name]):
            leaf.requires_grad_(True)
    try:
        # A leaf that wants a gradient cannot be changed in place; a copy of it can, and an answer
        # that does shall be caught for that.
        passed = {
            name: _followed(value) if name in case.gradient_of else value
            for name, value in inputs.items()
        }
        value = function(**passed)
        gradients = _gradients(value, inputs, case.gradient_of)
    except NotImplementedError:
        return Outcome(unfinished=True, error="nothing is written yet")
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        return Outcome(error=one_line(error, _file_of(function)))
    altered = tuple(
        name for name, given in case.inputs.items() if not _unchanged(given, passed[name])
    )
    return Outcome(value=detach(value), gradients=gradients, altered=altered)


def copy(value: Any) -> Any:
    """Copy an input: tensors and arrays anew, lists and dictionaries through and through."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    return _through(value, copy)


def detach(value: Any) -> Any:
    """Cut a result off its graph, so that it can be kept, compared and written."""
    return value.detach() if isinstance(value, Tensor) else _through(value, detach)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Go through the floating tensors of a value, lists and dictionaries included, in order."""
    if isinstance(value, Tensor):
        if value.is_floating_point():
            yield value
    elif isinstance(value, Mapping):
        for name in sorted(value, key=str):
            yield from tensors_in(value[name])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)


def weighted_sum(value: Any) -> Tensor | None:
    """Add everything floating in a value up, each entry with a weight of its own.

    The weights depend on the place alone. A plain sum would not do: the sum of a softmax is a
    constant, and its gradient zero whatever was computed.

    Returns:
        A scalar, or None when nothing in the value can carry a gradient.
    """
    total = None
    for place, tensor in enumerate(tensors_in(value)):
        if not tensor.requires_grad:
            continue
        weights = torch.arange(tensor.numel(), dtype=tensor.dtype, device=tensor.device)
        part = (tensor.flatten() * torch.cos(1.7 * weights + place)).sum()
        total = part if total is None else total + part
    return total


def one_line(error: BaseException, file: str | None) -> str:
    """Say what was raised, and in which line of the answer.

    Frames of the library and of the packages it calls are left out: the last line that the
    student wrote is where to look.

    Args:
        error: What was raised.
        file: Where the answer stands, as its code objects name it; None when nobody knows.
    """
    said = f"{type(error).__name__}: {error}".splitlines()[0][:160]
    if isinstance(error, SyntaxError) and error.text:
        return f"{said}, in the line: {error.text.strip()[:200]}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    if file is None or not frames:
        return said
    line = linecache.getline(file, frames[-1].lineno or 0).strip()
    return f"{said}, in the line: {line}" if line else said


def _file_of(function: Callable[..., Any]) -> str | None:
    code = getattr(function, "__code__", None)
    return code.co_filename if code else None


def _through(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: change(item) for name, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(change(item) for item in value))
    if isinstance(value, list | tuple):
        return type(value)(change(item) for item in value)
    return value


def _followed(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else _through(value, _followed)


def _gradients(
    value: Any, inputs: Mapping[str, Any], names: tuple[str, ...]
) -> dict[str, list[Tensor] | None]:
    if not names:
        return {}
    total = weighted_sum(value)
    found: dict[str, list[Tensor] | None] = {}
    leaves = {name: list(tensors_in(inputs[name])) for name in names}
    if total is None:
        return dict.fromkeys(names)
    flat = [leaf for name in names for leaf in leaves[name]]
    grads = iter(torch.autograd.grad(total, flat, allow_unused=True))
    for name in names:
        mine = [next(grads) for _ in leaves[name]]
        arrived = [
            torch.zeros_like(leaf) if grad is None else grad
            for leaf, grad in zip(leaves[name], mine, strict=True)
        ]
        found[name] = None if all(grad is None for grad in mine) else arrived
    return found


def _unchanged(given: Any, after: Any) -> bool:
    if isinstance(given, Tensor):
        return given.shape == after.shape and bool(
            torch.equal(given, after.detach())
            or (given.is_floating_point() and torch.allclose(given, after, 0, 0, equal_nan=True))
        )
    if isinstance(given, np.ndarray):
        return given.shape == after.shape and bool(np.array_equal(given, after, _may_be_nan(given)))
    if isinstance(given, Mapping):
        return given.keys() == after.keys() and all(
            _unchanged(given[name], after[name]) for name in given
        )
    if isinstance(given, list | tuple):
        return len(given) == len(after) and all(map(_unchanged, given, after))
    return bool(given == after)


def _may_be_nan(array: np.ndarray) -> bool:
    return array.dtype.kind in "fc"
