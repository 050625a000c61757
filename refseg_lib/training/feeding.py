"""Handing out batches in order, the next ones always being made in the background."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import torch

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
    N times the batch would see. ``recipe.loaders`` threads make batches, at most one more than
    that ahead of the caller.

    What a thread raises is raised here, at its place in the order. Whoever leaves early waits for
    the batches that are being made, no other is begun, and no thread is left.

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
    loaders = _started(recipe.loaders)
    under_way: deque[Future[Fed]] = deque()
    try:
        for indices in order():
            under_way.append(loaders.submit(make, indices))
            if len(under_way) > recipe.loaders:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        loaders.shutdown(cancel_futures=True)


def _started(count: int) -> ThreadPoolExecutor:
    """Start threads in which an operation takes no further threads.

    Else each would have helpers of its own on every core, and helpers wait by spinning: on busy
    cores that costs a multiple of the batch itself.
    """
    pool = ThreadPoolExecutor(count, thread_name_prefix="loader")
    all_begun = threading.Barrier(count)
    before = torch.get_num_threads()

    def begin(_: int) -> None:
        torch.get_num_threads()  # or the first operation would ask anew for the default
        torch.set_num_threads(1)
        all_begun.wait()  # or one thread might begin twice and another never

    try:
        list(pool.map(begin, range(count)))
    except BaseException:
        all_begun.abort()
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        # What a thread sets for itself is what later threads start with, others' too.
        torch.set_num_threads(before)
    return pool
