from dataclasses import replace
from types import SimpleNamespace

import pytest

from refseg_lib.training.feeding import training_batches
from refseg_lib.training.recipes import LAPTOP


class Recorder(SimpleNamespace):
    """Stands in for Samples: a batch is the list of its sentence numbers."""

    def batch(self, indices: list[int]) -> list[int]:
        if getattr(self, "fails_at", None) in indices:
            raise OSError("picture gone")
        return indices


def samples(**extra: object) -> Recorder:
    groups = [[2 * i, 2 * i + 1] for i in range(10)]
    return Recorder(groups=groups, lengths=[1 + i % 4 for i in range(20)], **extra)


RECIPE = replace(LAPTOP, batch=6, per_image=2, steps=11)


def test_a_run_that_starts_later_sees_what_was_left() -> None:
    whole = list(training_batches(samples(), RECIPE, 0))  # type: ignore[arg-type]
    rest = list(training_batches(samples(), RECIPE, 7))  # type: ignore[arg-type]
    assert len(whole) == 11
    assert rest == whole[7:]


def test_every_epoch_shows_every_sentence_in_another_order() -> None:
    batches = list(training_batches(samples(), replace(RECIPE, steps=8), 0))  # type: ignore[arg-type]
    first, second = batches[:4], batches[4:]
    for epoch in (first, second):
        assert sorted(i for batch in epoch for i in batch) == list(range(20))
    assert first != second


def test_a_finished_run_has_nothing_left() -> None:
    assert list(training_batches(samples(), RECIPE, 11)) == []  # type: ignore[arg-type]


def test_an_error_while_making_a_batch_is_not_swallowed() -> None:
    with pytest.raises(OSError, match="picture gone"):
        list(training_batches(samples(fails_at=13), RECIPE, 0))  # type: ignore[arg-type]
