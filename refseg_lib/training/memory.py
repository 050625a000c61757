"""Too little memory for a batch, told in one line: which settings need less."""

import contextlib
from collections.abc import Iterator

import torch

from refseg_lib.errors import UserError
from refseg_lib.training.recipes import Recipe

# PyTorch's allocator for the processor raises a plain RuntimeError.
_CPU_SAYS = ("can't allocate memory", "not enough memory")


@contextlib.contextmanager
def out_of_memory(sentences: int, recipe: Recipe) -> Iterator[None]:
    """Turn a failed allocation into advice.

    Args:
        sentences: How many the batch has that is computed meanwhile.
        recipe: Its ``batch`` and ``accumulate`` are what can be changed.

    Raises:
        UserError: Memory did not suffice.
    """
    try:
        yield
    except MemoryError as error:
        raise _advice(sentences, recipe) from error
    except RuntimeError as error:
        told = str(error)
        on_gpu = isinstance(error, torch.OutOfMemoryError)
        if on_gpu or any(words in told for words in _CPU_SAYS):
            raise _advice(sentences, recipe) from error
        raise


def _advice(sentences: int, recipe: Recipe) -> UserError:
    parts = 2 * recipe.accumulate
    if parts <= recipe.batch:
        how = f"--set accumulate={parts} computes them in {parts} parts, with the same gradient"
    else:
        how = "even one sentence at a time is too much: choose a smaller backbone or input_size"
    return UserError(
        f"out of memory with {sentences} sentences in a batch (batch={recipe.batch},"
        f" accumulate={recipe.accumulate}): {how}; --resume goes on from the last checkpoint"
    )
