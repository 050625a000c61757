"""Handing out batches in order, the next one always being made in the background."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from refseg_lib.data.batch import Batch
from refseg_lib.training.order import epoch_batches
from refseg_lib.training.processes import share_of
from refseg_lib.training.recipes import Recipe
from refseg_lib.training.samples import Samples


class Fed(NamedTuple):
    """What one process learns in one step.

    Attributes:
        batch: Its share; None when the batch has fewer sentences than there are processes.
        indices: The sentences of its share.
        of: Sentences of the whole batch.
    """

    batch: Batch | None
    indices: Sequence[int]
    of: int


def training_batches(
    samples: Samples, recipe: Recipe, start: int, rank: int = 0, count: int = 1
) -> Iterator[Fed]:
    """Yield the batches of steps ``start`` to ``recipe.steps``.

    The order depends on the recipe and the number of processes alone: a run that goes on at step
    500 sees what an uninterrupted one would have seen, and N processes together see what one with
    N times the batch would see.

    Args:
        samples: The training split.
        recipe: Its ``batch`` is that of one process.
        start: Steps already done.
        rank: Which process this is.
        count: Of how many.
    """

    def order() -> Iterator[list[int]]:
        step, epoch = 0, 0
        while True:
            for indices in epoch_batches(
                samples.groups,
                samples.lengths,
                recipe.batch * count,
                recipe.per_image,
                recipe.seed,
                epoch,
            ):
                if step >= start:
                    yield indices
                step += 1
                if step == recipe.steps:
                    return
            epoch += 1

    def make(indices: list[int]) -> Fed:
        mine = indices
        if count > 1:
            mine = share_of(indices, samples.row_of[indices].tolist(), rank, count)
        return Fed(samples.batch(mine) if mine else None, mine, len(indices))

    if start >= recipe.steps:
        return
    with ThreadPoolExecutor(1) as background:
        waiting = None
        for indices in order():
            following = background.submit(make, indices)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()
