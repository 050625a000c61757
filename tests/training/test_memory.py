from dataclasses import replace

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.training.memory import out_of_memory
from refseg_lib.training.recipes import LAPTOP


def test_a_tensor_that_does_not_fit_becomes_advice_how_to_go_on() -> None:
    with (
        pytest.raises(UserError, match=r"out of memory with 32 .*--set accumulate=2 .*--resume"),
        out_of_memory(32, LAPTOP),
    ):
        torch.empty(2**55)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError()])
def test_the_gpus_and_pythons_own_complaints_too(error: Exception) -> None:
    with pytest.raises(UserError, match="out of memory"), out_of_memory(4, LAPTOP):
        raise error


def test_where_nothing_can_be_cut_any_more_it_says_so() -> None:
    single = replace(LAPTOP, batch=1)
    with pytest.raises(UserError, match="one sentence at a time"), out_of_memory(1, single):
        raise MemoryError


def test_another_error_passes_as_it_is() -> None:
    with pytest.raises(RuntimeError, match="sizes do not match"), out_of_memory(4, LAPTOP):
        raise RuntimeError("sizes do not match")
