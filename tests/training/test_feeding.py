from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from refseg_lib.training.feeding import training_batches
from refseg_lib.training.recipes import LAPTOP


class Recorder(SimpleNamespace):
    """Stands in for Samples: a batch is the list of its sentence numbers."""

    def batch(self, indices: list[int]) -> list[int]:
        if getattr(self, "fails_at", None) in indices:
            raise OSError("picture gone")
        return indices


def batches(*arguments: object) -> list[list[int]]:
    return [fed.batch for fed in training_batches(*arguments)]  # type: ignore[arg-type]


def samples(**extra: object) -> Recorder:
    groups = [[2 * i, 2 * i + 1] for i in range(10)]
    row_of = np.arange(20) // 2
    return Recorder(groups=groups, lengths=[1 + i % 4 for i in range(20)], row_of=row_of, **extra)


RECIPE = replace(LAPTOP, batch=6, per_image=2, steps=11)


def test_a_run_that_starts_later_sees_what_was_left() -> None:
    whole = batches(samples(), RECIPE, 0)
    rest = batches(samples(), RECIPE, 7)
    assert len(whole) == 11
    assert rest == whole[7:]


def test_every_epoch_shows_every_sentence_in_another_order() -> None:
    seen = batches(samples(), replace(RECIPE, steps=8), 0)
    first, second = seen[:4], seen[4:]
    for epoch in (first, second):
        assert sorted(i for batch in epoch for i in batch) == list(range(20))
    assert first != second


def test_a_finished_run_has_nothing_left() -> None:
    assert batches(samples(), RECIPE, 11) == []


def test_an_error_while_making_a_batch_is_not_swallowed() -> None:
    with pytest.raises(OSError, match="picture gone"):
        batches(samples(fails_at=13), RECIPE, 0)


@pytest.mark.parametrize("count", [2, 3])
def test_processes_together_see_each_sentence_once_in_the_batches_of_one_large_process(
    count: int,
) -> None:
    alone = [
        fed.indices
        for fed in training_batches(samples(), replace(RECIPE, batch=6 * count, steps=4), 0)  # type: ignore[arg-type]
    ]
    shares = [
        list(training_batches(samples(), replace(RECIPE, steps=4), 0, rank, count))  # type: ignore[arg-type]
        for rank in range(count)
    ]
    for together, *parts in zip(alone, *shares, strict=True):
        assert sorted(i for part in parts for i in part.indices) == sorted(together)
        assert {part.of for part in parts} == {len(together)}
        # Sentences 2i and 2i + 1 have one image, which is read in one process only.
        images = [{i // 2 for i in part.indices} for part in parts]
        assert sum(map(len, images)) <= len(set.union(*images)) + count - 1


def test_a_process_without_a_share_still_takes_part() -> None:
    alone = Recorder(groups=[[0]], lengths=[3], row_of=np.array([0]))
    fed = [next(training_batches(alone, RECIPE, 0, rank, 2)) for rank in range(2)]  # type: ignore[arg-type]
    assert [(part.batch, list(part.indices), part.of) for part in fed] == [
        ([0], [0], 1),
        (None, [], 1),
    ]
