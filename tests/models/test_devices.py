"""Finding a device; and no model needs more than ``.to(device)``."""

import pytest
import torch
from tensor_origins import Following, mark, mark_model, marked

from refseg_lib.errors import UserError
from refseg_lib.models.build import ABLATIONS, MODELS, VARIANTS, build_model
from refseg_lib.models.devices import find_device
from refseg_lib.training.losses import loss_with_sides, mask_loss

EVERY = [(name, variant, None) for name in MODELS for variant in VARIANTS]
EVERY += [(name, "paper", row.name) for name, rows in ABLATIONS.items() for row in rows]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_auto_is_the_processor_and_a_gpu_that_is_asked_for_is_missed() -> None:
    assert find_device("auto") == find_device("cpu") == torch.device("cpu")
    for name in ("cuda", "cuda:1"):
        with pytest.raises(UserError, match=f"--device {name}: no GPU can be used here; try"):
            find_device(name)


def test_with_a_gpu_auto_takes_it_and_no_memory_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert find_device("auto") == find_device("cuda") == torch.device("cuda")


def test_a_device_nobody_knows_is_told_in_one_line() -> None:
    with pytest.raises(UserError, match="--device abacus cannot be used here"):
        find_device("abacus")


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
        with pytest.raises(AssertionError, match="the processor's"):
            weight + torch.arange(3).exp()
        with pytest.raises(AssertionError, match="the processor's"):
            weight + weight.cpu()
        with pytest.raises(AssertionError, match=r"\.cpu\(\) first"):
            weight.exp().numpy()
        assert weight.exp().cpu().numpy().shape == (3,)


@pytest.mark.parametrize(("name", "variant", "ablation"), EVERY)
def test_no_tensor_of_the_processor_meets_the_models(name, variant, ablation, backbone, batch):
    model = build_model(
        name, "laptop", variant, vocabulary_size=20, backbone=backbone, ablation=ablation
    )
    mark_model(model)
    mark(list(vars(batch).values()))
    mask = torch.rand(len(batch), 1, 40, 48) < 0.3
    mark(mask)
    with Following():
        logits, sides = model.forward_with_sides(batch)
        assert marked(logits)
        loss = loss_with_sides(mask_loss(logits, mask), sides, mask)
        assert marked(loss)
