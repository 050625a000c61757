"""Looking inside a model: named intermediates, collected only while somebody asks.

A module that computes something a paper shows calls :func:`emit`; a reader wraps the forward pass
in :func:`trace`. With no trace on, :func:`emit` is one dictionary look-up and computes nothing.
"""

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

Trace = dict[str, Tensor]
"""Names such as ``cmsa.c5.word_attention`` to detached tensors."""


@contextlib.contextmanager
def trace(model: nn.Module) -> Iterator[Trace]:
    """Collect the intermediates of every forward pass of ``model`` inside the block.

    Args:
        model: The model to look into. Only its own modules write to the trace.

    Yields:
        A dictionary that fills during the block. Shapes are documented beside the module that
        emits each name. A second forward pass overwrites the first one's tensors.
    """
    collected: Trace = {}
    modules = list(model.modules())
    before = [module.__dict__.get("_trace") for module in modules]
    for module in modules:
        module.__dict__["_trace"] = collected
    try:
        yield collected
    finally:
        for module, old in zip(modules, before, strict=True):
            if old is None:
                module.__dict__.pop("_trace", None)
            else:
                module.__dict__["_trace"] = old


def emit(module: nn.Module, name: str, value: Tensor | Callable[[], Tensor]) -> None:
    """Hand one intermediate to the trace that is on, if any.

    Args:
        module: The module that computed it. Its ``trace_name`` attribute, where set, is put in
            front of ``name``: ``"cmsa.c5"`` and ``"word_attention"`` become
            ``"cmsa.c5.word_attention"``.
        name: The name of the intermediate.
        value: The tensor, or a function that computes it; the function is called only when a
            trace is on.
    """
    collected = module.__dict__.get("_trace")
    if collected is None:
        return
    prefix = getattr(module, "trace_name", "")
    with torch.no_grad():
        tensor = value() if callable(value) else value
    collected[f"{prefix}.{name}" if prefix else name] = tensor.detach()


def tracing(module: nn.Module) -> bool:
    """Say whether a trace is on, for work that is only worth doing then."""
    return module.__dict__.get("_trace") is not None
