"""Does a tensor that was made on the processor ever meet one of the model's?

On a processor nobody would notice, and on a GPU it is an error. So this follows where tensors come
from: weights and batch are "on the device", and so is what is made with ``device=`` or from such
tensors; all else is of the processor until it is moved by ``.to``.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from refseg_lib.models.build import ABLATIONS, MODELS, VARIANTS, build_model
from refseg_lib.training.losses import loss_with_sides, mask_loss

EVERY = [(name, variant, None) for name in MODELS for variant in VARIANTS]
EVERY += [(name, "paper", row.name) for name, rows in ABLATIONS.items() for row in rows]


def tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from tensors(one)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))


def mark(value: Any) -> None:
    for tensor in tensors(value):
        tensor.on_device = True  # type: ignore[attr-defined]


def marked(tensor: Tensor) -> bool:
    return getattr(tensor, "on_device", False)


class Following(TorchFunctionMode):
    """Carry the mark from what goes into an operation to what comes out of it."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        if name in ("__get__", "__set__"):
            # Properties: x.mT and x.grad are tensors, x.device is none.
            name = ""
        given = list(tensors([args, kwargs]))
        moved = kwargs.get("device") is not None
        if name == "to":
            moved |= any(isinstance(one, torch.device) for one in args)
            moved |= any(marked(one) for one in given)
        elif name in ("__getitem__", "__setitem__", "index_select") and given:
            # The processor's numbers may say which elements of a GPU's tensor are meant.
            given = given[:1]
        if any(marked(one) for one in given) and name != "to":
            strangers = [tuple(one.shape) for one in given if not marked(one) and one.dim()]
            assert not strangers, f"{name}: tensors of the processor {strangers} among the model's"
            moved = True
        if moved:
            mark(out)
        return out


def on_device(model: nn.Module, batch: Any) -> None:
    """Mark all that ``.to(device)`` would move: parameters, buffers, the batch's tensors."""
    mark(list(model.parameters()) + list(model.buffers()))
    mark([value for value in vars(batch).values() if isinstance(value, Tensor)])


def test_a_tensor_left_behind_on_the_processor_is_found_and_one_that_is_moved_is_not() -> None:
    weight = torch.ones(3)
    mark(weight)
    with Following():
        assert marked(weight.exp())
        assert marked(weight * 2)
        assert marked(weight + torch.arange(3).to(weight))
        assert marked(weight + torch.arange(3, device=weight.device))
        assert marked(weight + weight.new_zeros(3, 3).mT)
        assert marked(weight[torch.arange(2)])
        assert not marked(torch.arange(3).exp())
        with pytest.raises(AssertionError, match="tensors of the processor"):
            weight + torch.arange(3).exp()


@pytest.mark.parametrize(("name", "variant", "ablation"), EVERY)
def test_no_tensor_of_the_processor_meets_the_models(name, variant, ablation, backbone, batch):
    model = build_model(
        name, "laptop", variant, vocabulary_size=20, backbone=backbone, ablation=ablation
    )
    on_device(model, batch)
    mask = torch.rand(len(batch), 1, 40, 48) < 0.3
    mark(mask)
    with Following():
        logits, sides = model.forward_with_sides(batch)
        assert marked(logits)
        loss = loss_with_sides(mask_loss(logits, mask), sides, mask)
        assert marked(loss)
