import numpy as np
import pytest
import torch

from refseg_lib.course.comparing import describe, difference, kind_difference, shape_difference

F64 = torch.float64


@pytest.mark.parametrize(
    ("expected", "got", "says"),
    [
        (torch.zeros(2), None, "None (is a return missing?)"),
        (torch.zeros(2), torch.zeros(2, dtype=F64), "a float64 tensor"),
        (torch.zeros(2), np.zeros(2), "an array of float64"),
        (torch.zeros(2), [0.0, 0.0], "a list of 2"),
        ({"a": 1}, {"b": 1}, "['b']"),
        ([1, 2], [1], "expected 2 values, got 1"),
        ([1, 2], 3, "an int"),
        (True, 1, "a bool"),
        ("left", 3, "a str"),
        (0.5, (-0.1) ** 0.9, "a complex"),
        ([torch.zeros(1)], [torch.zeros(1, dtype=torch.long)], "a int64 tensor"),
    ],
)
def test_another_kind_of_thing_is_named(expected: object, got: object, says: str) -> None:
    found = kind_difference(expected, got)
    assert found is not None
    assert says in found


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (torch.zeros(2), torch.ones(3)),
        ([1.0, 2.0], (1, 2)),
        (1.5, 2),
        (np.float64(1), 2.0),
        ({"a": [1]}, {"a": (2,)}),
        ("a", "b"),
        (None, None),
    ],
)
def test_the_same_kind_passes_whatever_the_numbers(expected: object, got: object) -> None:
    assert kind_difference(expected, got) is None


def test_shapes_are_compared_inside_lists() -> None:
    found = shape_difference([torch.zeros(2, 3)], [torch.zeros(3, 2)])
    assert found == "expected shape (2, 3), got (3, 2)"
    assert shape_difference([torch.zeros(2, 3)], [torch.ones(2, 3)]) is None


def test_rounding_is_forgiven_and_another_number_is_not() -> None:
    x = torch.tensor([1.0, 2.0], dtype=F64)
    assert difference(x, x * (1 + 1e-12)) is None
    found = difference(x, torch.tensor([1.0, 2.1], dtype=F64))
    assert found == "1 of 2 differ; at [1] expected 2, got 2.1"


def test_single_precision_has_more_room_than_double() -> None:
    x = torch.tensor([1.0, 2.0], dtype=F64)
    near = x * (1 + 2e-5)
    assert difference(x, near) is not None
    assert difference(x.float(), near.float()) is None


def test_nan_equals_nan_and_nothing_else() -> None:
    nan = torch.tensor([float("nan"), 1.0], dtype=F64)
    assert difference(nan, nan.clone()) is None
    found = difference(torch.tensor([1.0, 1.0], dtype=F64), nan)
    assert found == "there are NaN among the numbers (1 of 2)"
    assert difference(float("nan"), float("nan")) is None
    assert difference(1.0, float("nan")) is not None


def test_an_infinite_number_is_not_close_to_a_finite_one() -> None:
    assert difference(torch.tensor([1.0]), torch.tensor([float("inf")])) is not None


def test_texts_numbers_and_dictionaries_are_compared_through_and_through() -> None:
    assert difference({"a": [1, "x"]}, {"a": [1, "x"]}) is None
    assert difference({"a": [1, "x"]}, {"a": [1, "y"]}) == "a: expected 'x', got 'y'"
    assert difference(3, 4) == "expected 3, got 4"
    assert difference(0.5, 0.25) == "expected 0.5, got 0.25"


def test_bools_and_whole_numbers_are_compared_exactly() -> None:
    found = difference(torch.tensor([True, False]), torch.tensor([True, True]))
    assert found == "1 of 2 differ; at [1] expected False, got True"
    assert difference(torch.tensor([10**12]), torch.tensor([10**12 + 1])) is not None


def test_nothing_returned_is_told_as_a_missing_return() -> None:
    assert describe(None) == "None (is a return missing?)"


def test_numbers_that_look_alike_are_told_with_more_digits() -> None:
    one = torch.tensor([1.0], dtype=F64)
    found = difference(one, one + 1e-7)
    assert found == "all numbers differ; at [0] expected 1, got 1.0000001"
