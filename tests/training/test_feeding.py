import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from refseg_lib.data.refer import open_dataset
from refseg_lib.training.feeding import Fed, training_batches
from refseg_lib.training.recipes import LAPTOP, Recipe
from refseg_lib.training.samples import Samples
from refseg_lib.training.starting import build_vocabulary


class Recorder(SimpleNamespace):
    """Stands in for Samples: a batch is the list of its sentence numbers."""

    def batch(self, indices: list[int]) -> list[int]:
        if getattr(self, "fails_at", None) in indices:
            raise OSError("picture gone")
        if hasattr(self, "meanwhile"):
            self.meanwhile(indices)
        return indices


def batches(*arguments: object) -> list[list[int]]:
    return [fed.batch for fed in training_batches(*arguments)]  # type: ignore[arg-type]


def samples(**extra: object) -> Recorder:
    groups = [[2 * i, 2 * i + 1] for i in range(10)]
    row_of = np.arange(20) // 2
    return Recorder(groups=groups, lengths=[1 + i % 4 for i in range(20)], row_of=row_of, **extra)


RECIPE = replace(LAPTOP, batch=6, per_image=2, steps=11)
FOUR = replace(RECIPE, loaders=4)


def loader_threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name.startswith("loader")]


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Let an operation of the test's own thread take two."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


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


@pytest.mark.parametrize("recipe", [RECIPE, FOUR])
def test_an_error_while_making_a_batch_comes_in_the_place_of_that_batch(recipe: Recipe) -> None:
    good = batches(samples(), recipe, 0)
    place = next(step for step, batch in enumerate(good) if 13 in batch)
    fed = training_batches(samples(fails_at=13), recipe, 0)  # type: ignore[arg-type]
    assert [next(fed).batch for _ in range(place)] == good[:place]
    with pytest.raises(OSError, match="picture gone"):
        next(fed)
    assert not loader_threads()


def test_batches_keep_their_order_where_later_ones_are_made_faster() -> None:
    begun = iter(range(100))

    def every_third_is_slow(_: list[int]) -> None:
        time.sleep(0.0 if next(begun) % 3 else 0.02)

    assert batches(samples(meanwhile=every_third_is_slow), FOUR, 0) == batches(samples(), RECIPE, 0)


def test_four_loaders_make_four_batches_at_a_time() -> None:
    # A batch is done only when three others are being made beside it.
    together = threading.Barrier(4)
    four = samples(meanwhile=lambda _: together.wait(timeout=10))
    assert len(batches(four, replace(FOUR, steps=8), 0)) == 8


def test_no_more_batches_are_made_ahead_than_told() -> None:
    begun: list[list[int]] = []
    fed = training_batches(samples(meanwhile=begun.append), FOUR, 0)  # type: ignore[arg-type]
    for taken in range(1, 5):
        next(fed)
        time.sleep(0.05)  # all the time that loaders without a bound would need
        assert len(begun) <= taken + FOUR.loaders
    fed.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("leave", ["close", "error"])
def test_whoever_leaves_early_leaves_no_thread_behind(leave: str) -> None:
    begun: list[list[int]] = []

    def slow(indices: list[int]) -> None:
        begun.append(indices)
        time.sleep(0.02)

    fed = training_batches(samples(meanwhile=slow), replace(FOUR, steps=10_000), 0)  # type: ignore[arg-type]
    next(fed)
    if leave == "close":
        fed.close()  # type: ignore[attr-defined]
    else:
        with pytest.raises(KeyboardInterrupt):
            fed.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert not loader_threads()
    assert len(begun) <= 1 + FOUR.loaders


def test_a_loaders_operations_take_one_thread_and_those_of_others_as_many_as_before(
    two_threads: None,
) -> None:
    counts = set()

    def look(_: list[int]) -> None:
        torch.ones(1 << 18).exp()  # large enough to be shared out
        counts.add(torch.get_num_threads())

    batches(samples(meanwhile=look), FOUR, 0)
    assert counts == {1}
    assert torch.get_num_threads() == 2
    with ThreadPoolExecutor(1) as another:
        assert another.submit(torch.get_num_threads).result() == 2


@pytest.mark.parametrize(("rank", "count"), [(0, 1), (1, 2)])
def test_four_loaders_make_the_bits_of_one(small_parkref: Path, rank: int, count: int) -> None:
    dataset = open_dataset("parkref_unc", small_parkref, "train")
    vocabulary = build_vocabulary(dataset, 20)

    def made(loaders: int) -> list[Fed]:
        # Fresh ones: the masks are drawn by many threads, too.
        fresh = Samples(dataset, vocabulary, 32, 20)
        recipe = replace(RECIPE, steps=30, loaders=loaders)
        return list(training_batches(fresh, recipe, 0, rank, count))

    for one, four in zip(made(1), made(4), strict=True):
        assert (one.indices, one.of) == (four.indices, four.of)
        for name in ("image", "words", "word_mask", "mask", "image_of"):
            assert torch.equal(getattr(one.batch, name), getattr(four.batch, name)), name


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
