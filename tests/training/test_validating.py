from collections.abc import Callable
from pathlib import Path

import torch

from refseg_lib.data.refer import open_dataset
from refseg_lib.models.saved import load_model
from refseg_lib.training.averaging import WeightAverage
from refseg_lib.training.progress import Progress
from refseg_lib.training.run import Run
from refseg_lib.training.validating import validate


def test_a_worse_score_keeps_the_weights_that_were_better(
    make_run: Callable[..., Run], small_parkref: Path
) -> None:
    run = make_run()
    run.validation = open_dataset("parkref_unc", small_parkref, "val")
    average = WeightAverage(run.model, 0.0)
    with Progress("", 1, 0, None) as progress:
        score, best = validate(run, average, -1.0, progress, 1, 0.0)
        assert score == best
        kept = load_model(run.out).model.state_dict()
        with torch.no_grad():
            for parameter in run.model.parameters():
                parameter.mul_(0.5)
        _, still = validate(run, average, 101.0, progress, 2, 0.0)
    assert still == 101.0
    again = load_model(run.out).model.state_dict()
    assert all(torch.equal(value, again[name]) for name, value in kept.items())


def test_only_the_first_process_looks_and_the_others_hear_of_it(
    make_run: Callable[..., Run],
) -> None:
    run = make_run()

    class Second:
        first = False

        def agree(self, value: object) -> tuple[float, float]:
            assert value is None
            return 61.0, 62.0

    run.processes = Second()  # type: ignore[assignment]
    with Progress("", 1, 0, None) as progress:
        found = validate(run, WeightAverage(run.model, 0.0), 0.0, progress, 1, 0.0)
    assert found == (61.0, 62.0)
    assert not run.out.exists()
