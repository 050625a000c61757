import numpy as np
import pytest
import torch
from torch import Tensor

from refseg_lib.course.calling import call, tensors_in, weighted_sum
from refseg_lib.course.exercise import Case

X = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)


def test_the_input_of_a_case_survives_an_answer_that_damages_it() -> None:
    case = Case("c", {"x": X.clone(), "names": ["a"], "array": np.ones(2)})

    def damage(x: Tensor, names: list[str], array: np.ndarray) -> None:
        x.zero_()
        names.append("b")
        array[:] = 7

    outcome = call(damage, case)
    assert set(outcome.altered) == {"x", "names", "array"}
    assert torch.equal(case.inputs["x"], X)
    assert case.inputs["names"] == ["a"]
    assert (case.inputs["array"] == 1).all()


def test_damage_is_seen_where_gradients_are_asked_for_too() -> None:
    outcome = call(lambda x: x.mul_(2), Case("c", {"x": X}, ("x",)))
    assert outcome.altered == ("x",)
    assert call(lambda x: x * 2, Case("c", {"x": X}, ("x",))).altered == ()


def test_an_input_that_holds_nan_is_not_taken_for_damaged() -> None:
    given = torch.tensor([float("nan"), 1.0])
    assert call(lambda x: x + 1, Case("c", {"x": given})).altered == ()


def test_the_gradient_is_that_of_the_weighted_sum() -> None:
    outcome = call(lambda x: x**2, Case("c", {"x": X}, ("x",)))
    weights = torch.cos(1.7 * torch.arange(3, dtype=torch.float64))
    assert outcome.gradients["x"] is not None
    assert torch.allclose(outcome.gradients["x"][0], 2 * X * weights)
    assert not outcome.value.requires_grad


def test_a_softmax_has_a_gradient_although_it_sums_to_one() -> None:
    outcome = call(lambda x: x.softmax(0), Case("c", {"x": X}, ("x",)))
    assert outcome.gradients["x"] is not None
    assert outcome.gradients["x"][0].abs().max() > 1e-3


def test_a_list_of_tensors_has_a_gradient_for_each() -> None:
    outcome = call(lambda xs: xs[0] * 3, Case("c", {"xs": [X, X]}, ("xs",)))
    assert outcome.gradients["xs"] is not None
    assert outcome.gradients["xs"][0].abs().sum() > 0
    assert outcome.gradients["xs"][1].abs().sum() == 0


def test_a_detached_answer_has_no_gradient() -> None:
    outcome = call(lambda x: x.detach() * 2, Case("c", {"x": X}, ("x",)))
    assert outcome.gradients == {"x": None}
    assert outcome.error is None


def test_an_exception_names_the_line_of_the_answer_and_nothing_of_ours() -> None:
    def breaks(x: Tensor) -> Tensor:
        return x.reshape(7)

    outcome = call(breaks, Case("c", {"x": X}))
    assert outcome.error is not None
    assert outcome.error.startswith("RuntimeError: ")
    assert outcome.error.endswith("in the line: return x.reshape(7)")
    assert "calling.py" not in outcome.error
    assert "\n" not in outcome.error


def test_a_missing_argument_is_told_too() -> None:
    outcome = call(lambda y: y, Case("c", {"x": X}))
    assert outcome.error is not None
    assert "TypeError" in outcome.error


def test_an_untouched_stub_is_unfinished_and_not_an_error_of_its_own() -> None:
    def stub(x: Tensor) -> Tensor:
        raise NotImplementedError("write me")

    assert call(stub, Case("c", {"x": X})).unfinished


def test_leaving_python_is_left_to_whoever_called() -> None:
    def leaves(x: Tensor) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        call(leaves, Case("c", {"x": X}))


def test_floating_tensors_are_found_inside_lists_and_dictionaries_in_a_fixed_order() -> None:
    a, b, c = (torch.full((1,), float(i)) for i in range(3))
    found = list(tensors_in({"z": [c], "a": a, "m": (b, torch.tensor([1]), "text")}))
    assert [tensor.item() for tensor in found] == [0.0, 1.0, 2.0]


def test_nothing_floating_gives_no_sum() -> None:
    assert weighted_sum([torch.tensor([1, 2]), "a"]) is None
