"""Handing out batches in order, the next one always being made in the background."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from refseg_lib.data.batch import Batch
from refseg_lib.training.order import epoch_batches
from refseg_lib.training.recipes import Recipe
from refseg_lib.training.samples import Samples


def training_batches(samples: Samples, recipe: Recipe, start: int) -> Iterator[Batch]:
    """Yield the batches of steps ``start`` to ``recipe.steps``.

    The order depends on the recipe alone: a run that goes on at step 500 sees what an
    uninterrupted one would have seen.
    """

    def order() -> Iterator[list[int]]:
        step, epoch = 0, 0
        while True:
            for indices in epoch_batches(
                samples.groups,
                samples.lengths,
                recipe.batch,
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

    if start >= recipe.steps:
        return
    with ThreadPoolExecutor(1) as background:
        waiting = None
        for indices in order():
            following = background.submit(samples.batch, indices)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()
