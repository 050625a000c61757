"""A trace shows what a model computed, and costs nothing when nobody looks."""

import pytest
import torch
from torch import Tensor, nn

from refseg_lib.trace import Trace, emit, trace, tracing


class Doubling(nn.Module):
    """Emits its output, eagerly and through a function."""

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.asked = 0
        if name:
            self.trace_name = name
        self.weight = nn.Parameter(torch.tensor(2.0))

    def forward(self, x: Tensor) -> Tensor:
        y = self.weight * x
        emit(self, "doubled", y)
        emit(self, "counted", self._count)
        return y

    def _count(self) -> Tensor:
        self.asked += 1
        assert not torch.is_grad_enabled()
        return torch.tensor(float(self.asked))


def test_names_are_put_together_from_the_modules_place_and_the_intermediate() -> None:
    model = nn.Sequential(Doubling("fusion.c3"), Doubling())
    with trace(model) as seen:
        model(torch.tensor(1.5))
    assert {name: float(value) for name, value in seen.items()} == {
        "fusion.c3.doubled": 3.0,
        "fusion.c3.counted": 1.0,
        "doubled": 6.0,
        "counted": 1.0,
    }


def test_with_no_trace_on_nothing_is_computed() -> None:
    model = Doubling()
    assert not tracing(model)
    model(torch.tensor(1.0))
    assert model.asked == 0


def test_tracing_changes_neither_result_nor_gradient() -> None:
    plain, traced = Doubling(), Doubling()
    expected = plain(torch.tensor(3.0))
    expected.backward()
    with trace(traced) as seen:
        found = traced(torch.tensor(3.0))
    found.backward()
    assert found.item() == expected.item()
    assert traced.weight.grad == plain.weight.grad
    assert not seen["doubled"].requires_grad


def test_after_the_block_the_trace_stays_as_it_was() -> None:
    model = Doubling()
    with trace(model) as seen:
        model(torch.tensor(1.0))
    model(torch.tensor(5.0))
    assert float(seen["doubled"]) == 2.0
    assert not tracing(model)


def test_a_failing_forward_pass_ends_the_trace_too() -> None:
    model = Doubling()
    with pytest.raises(ZeroDivisionError), trace(model):
        1 / 0  # noqa: B018
    assert not tracing(model)


def test_only_the_models_own_modules_write() -> None:
    model, stranger = Doubling(), Doubling("stranger")
    with trace(model) as seen:
        stranger(torch.tensor(1.0))
    assert seen == {}


def test_traces_inside_one_another_give_the_model_back_to_the_outer_one() -> None:
    model = nn.Sequential(Doubling("a"), Doubling("b"))
    outer: Trace
    with trace(model) as outer:
        with trace(model[0]) as inner:
            model(torch.tensor(1.0))
        model(torch.tensor(5.0))
    assert set(inner) == {"a.doubled", "a.counted"}
    assert float(inner["a.doubled"]) == 2.0
    assert float(outer["a.doubled"]) == 10.0
    assert float(outer["b.doubled"]) == 20.0
    assert not tracing(model[0])


def test_a_second_forward_pass_overwrites_the_first() -> None:
    model = Doubling()
    with trace(model) as seen:
        model(torch.tensor(1.0))
        model(torch.tensor(4.0))
    assert float(seen["doubled"]) == 8.0


def test_a_traced_model_is_saved_and_copied_like_any_other() -> None:
    """The trace is no part of the model's state."""
    model = Doubling()
    names = set(model.state_dict())
    with trace(model):
        assert set(model.state_dict()) == names
