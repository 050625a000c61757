"""Follow where tensors come from: does one of the processor ever meet one of the model's?

On a processor nobody would notice, and on a GPU it is an error. Weights and batch are "on the
device", and so is what is made with ``device=`` or from such tensors; all else is of the processor
until it is moved by ``.to``.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

# The processor's numbers may say which elements of a GPU's tensor are meant; a copy may cross over;
# lengths of packed sentences must be the processor's.
CROSSING = ("__getitem__", "__setitem__", "copy_", "_pack_padded_sequence")


def tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from tensors(one)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))


def mark(value: Any) -> None:
    """Say of all tensors in a list, tuple or dictionary that they are on the device."""
    for tensor in tensors(value):
        tensor.on_device = True  # type: ignore[attr-defined]


def unmark(value: Any) -> None:
    """Say that they are the processor's, as those are that come out of a file: it keeps marks."""
    for tensor in tensors(value):
        tensor.on_device = False  # type: ignore[attr-defined]


def mark_model(model: torch.nn.Module) -> None:
    """Mark what ``model.to(device)`` would move."""
    mark(list(model.parameters()) + list(model.buffers()))


def marked(tensor: Tensor) -> bool:
    return getattr(tensor, "on_device", False)


class Following(TorchFunctionMode):
    """Carry the mark from what goes into an operation to what comes out of it."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        given = list(tensors([args, kwargs]))
        there = [one for one in given if marked(one)]
        name = getattr(func, "__name__", "")
        out = func(*args, **kwargs)
        if name == "__getitem__" and there and not marked(given[0]):
            raise AssertionError("__getitem__: the processor's tensor asked for a GPU's places")
        if name == "numpy":
            assert not there, "numpy: a tensor of the device has none; .cpu() first"
        elif name == "cpu" or (name == "to" and "cpu" in args):
            # On a processor .cpu() gives back the tensor itself; the copy has no mark.
            return out.view_as(out)
        elif name == "to":
            to_device = any(isinstance(one, torch.device) for one in (*args, kwargs.get("device")))
            if there or to_device:
                mark(out)
        elif kwargs.get("device") is not None:
            mark(out)
        elif there:
            if name not in CROSSING:
                strangers = [tuple(one.shape) for one in given if not marked(one) and one.dim()]
                assert not strangers, f"{name}: the processor's {strangers} among the model's"
            if marked(given[0]) or name != "copy_":
                mark(out)
        return out
