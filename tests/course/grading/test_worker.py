import torch

from refseg_lib.course.grading.worker import ANSWER, GIVEN, _load


def test_a_cell_may_use_the_names_that_notebooks_import_and_hints_of_any_kind() -> None:
    source = "def f(x: NDArray[Whatever]) -> Nonsense:\n    return F.relu(torch.as_tensor(x))"
    function, error = _load(source, "f")
    assert error is None
    assert function is not None
    assert function(-1.0) == 0
    assert {"torch", "np", "math", "Tensor", "nn", "F", "Sequence", "Mapping"} == set(GIVEN)


def test_the_given_names_of_one_cell_are_not_changed_by_another() -> None:
    _load("torch = None\ndef f(): pass", "f")
    assert GIVEN["torch"] is torch


def test_the_cell_knows_itself_under_a_name_that_is_no_file() -> None:
    function, _ = _load("def f():\n    pass", "f")
    assert function is not None
    assert function.__code__.co_filename == ANSWER
