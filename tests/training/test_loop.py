import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from tensor_origins import Following, mark_model, unmark

from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError
from refseg_lib.models.saved import load_model
from refseg_lib.training import loop, validating
from refseg_lib.training.checkpoints import load_checkpoint
from refseg_lib.training.loop import train
from refseg_lib.training.recipes import Recipe
from refseg_lib.training.run import Run

Make = Callable[..., Run]
RECIPE = Recipe(rate=1e-3, steps=6, batch=4, per_image=2, average=0.9, validate=0, checkpoint=2)


def weights(run: Run) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in run.model.state_dict().items()}


def pull_the_plug(monkeypatch: pytest.MonkeyPatch, run: Run, at: int) -> None:
    """Train until step ``at``, and not a step longer."""
    steps, real_step = iter(range(at + 1)), loop._step

    def pull(*arguments: object) -> float:
        if next(steps) == at:
            raise RuntimeError("power cut")
        return real_step(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as plug:
        plug.setattr(loop, "_step", pull)
        with pytest.raises(RuntimeError, match="power cut"):
            train(run)


def test_training_changes_the_head_and_never_the_frozen_backbone(make_run: Make) -> None:
    run = make_run()
    before = weights(run)
    train(run)
    after = weights(run)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(name.startswith("level_fusion") for name in changed)
    assert not any(name.startswith("backbone") for name in changed)


def test_on_a_gpu_no_tensor_of_the_processor_meets_the_models_not_even_after_a_resumption(
    make_run: Make, small_parkref: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    val = open_dataset("parkref_unc", small_parkref, "val")
    recipe = replace(RECIPE, workers=1, validate=3, validate_sentences=2)
    run = make_run(recipe=recipe)
    run.validation = val
    mark_model(run.model)
    with Following():
        pull_the_plug(monkeypatch, run, at=5)
    run = make_run(recipe=recipe, resume=True)
    run.validation = val
    mark_model(run.model)

    def load(*arguments: Any) -> dict[str, Any]:
        state = load_checkpoint(*arguments)
        unmark(state)
        return state

    monkeypatch.setattr(loop, "load_checkpoint", load)
    with Following():
        train(run)


def test_an_interrupted_and_resumed_run_ends_with_the_very_same_weights(
    make_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_run("whole")
    train(whole)
    # The checkpoint of step 4 is what is left.
    pull_the_plug(monkeypatch, make_run("cut"), at=5)
    again = make_run("cut", resume=True)
    train(again)
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(again)[name]), name
    kept, kept_again = (load_model(run.out).model.state_dict() for run in (whole, again))
    for name, value in kept.items():
        assert torch.equal(value, kept_again[name]), name


def test_ctrl_c_is_told_in_one_line_and_loses_no_step(
    make_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_run("whole")
    train(whole)
    steps = iter(range(100))
    real_step = loop._step

    def interrupt(*arguments: object) -> float:
        if next(steps) == 3:
            raise KeyboardInterrupt
        return real_step(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "_step", interrupt)
    with pytest.raises(UserError, match="after step 3; nothing is lost"):
        train(make_run("cut"))
    monkeypatch.setattr(loop, "_step", real_step)
    again = make_run("cut", resume=True)
    train(again)
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(again)[name]), name


def test_a_loss_that_is_no_number_stops_before_it_reaches_the_weights(
    make_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run()
    monkeypatch.setattr(
        loop, "mask_loss", lambda *_: torch.tensor(float("nan"), requires_grad=True)
    )
    before = weights(run)
    with pytest.raises(UserError, match="the loss is nan at step 0") as told:
        train(run)
    # Somebody must be able to look at what was in the batch.
    assert re.search(r"on sentences '.+', '.+' and \d more \(numbers \[\d+", str(told.value))
    assert all(torch.equal(value, before[name]) for name, value in weights(run).items())


def test_a_folder_with_a_run_is_not_overwritten(make_run: Make) -> None:
    train(make_run())
    with pytest.raises(UserError, match="--resume"):
        train(make_run())


def test_resuming_with_another_rate_names_the_setting(make_run: Make) -> None:
    train(make_run())
    with pytest.raises(UserError, match=r"rate=0\.001, now rate=0\.5"):
        train(make_run(recipe=replace(make_run().recipe, rate=0.5), resume=True))


def test_cached_features_teach_the_same_as_the_backbone_itself(make_run: Make) -> None:
    """Half precision of the cache aside."""
    plain, cached = (
        make_run("plain"),
        make_run("cached", recipe=replace(make_run().recipe, cache_gib=1.0)),
    )
    train(plain)
    train(cached)
    losses = []
    for run in (plain, cached):
        lines = [json.loads(line) for line in (run.out / "log.jsonl").read_text().splitlines()]
        losses.append([line["loss"] for line in lines if "loss" in line])
    assert losses[0] == pytest.approx(losses[1], abs=2e-3)


def test_a_cache_that_is_too_large_says_so_and_trains_all_the_same(
    make_run: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    train(make_run(recipe=replace(make_run().recipe, cache_gib=1e-9)))
    assert "the backbone runs at every step instead" in capsys.readouterr().out


def test_the_best_validation_score_decides_which_weights_are_kept(
    make_run: Make, small_parkref: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from refseg_lib.data.refer import open_dataset

    run = make_run(recipe=replace(make_run().recipe, validate=2, average=0.0))
    run.validation = open_dataset("parkref_unc", small_parkref, "val")
    seen = []

    class Row:
        def __init__(self, score: float) -> None:
            self.scores = {"oIoU": score}

    def pretend(loaded, dataset, **_: object) -> Row:
        seen.append({n: v.clone() for n, v in loaded.model.state_dict().items()})
        return Row([10.0, 50.0, 20.0][len(seen) - 1])

    monkeypatch.setattr(validating, "evaluate", pretend)
    train(run)
    kept = load_model(run.out).model.state_dict()
    assert len(seen) == 3
    assert all(torch.equal(value, kept[name]) for name, value in seen[1].items() if name in kept)
    assert json.loads((run.out / "best.json").read_text()) == {"step": 4, "oIoU": 50.0}


def test_without_a_validation_split_the_last_weights_are_kept(make_run: Make) -> None:
    run = make_run(recipe=replace(make_run().recipe, validate=2, average=0.0))
    train(run)
    kept = load_model(run.out).model.state_dict()
    trained = run.model.state_dict()
    assert all(torch.equal(trained[name], value) for name, value in kept.items())
    assert json.loads((run.out / "best.json").read_text())["step"] == run.recipe.steps


def test_the_log_of_a_resumed_run_has_every_line_once_and_the_losses_of_one_in_peace(
    make_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(RECIPE, steps=60, checkpoint=2)
    whole = make_run("whole", recipe)
    train(whole)
    cut = make_run("cut", recipe)
    pull_the_plug(monkeypatch, cut, at=53)
    with (cut.out / "log.jsonl").open("a") as log:
        log.write('{"step": 54, "loss": 7}\n{"step": 5')
    train(make_run("cut", recipe, resume=True))
    told = [
        [(line["step"], line["loss"]) for line in map(json.loads, lines) if "loss" in line]
        for lines in ((run.out / "log.jsonl").read_text().splitlines() for run in (whole, cut))
    ]
    assert [step for step, _ in told[0]] == [50, 60]
    assert told[0] == told[1]


def test_a_compiled_and_a_channels_last_run_learn_what_a_plain_one_does(
    make_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = make_run("plain")
    train(plain)
    # Without the kernels, whose making takes a minute and a C++ compiler.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    for changed in ({"compile": True}, {"channels_last": True}):
        other = make_run(next(iter(changed)), recipe=replace(RECIPE, **changed))
        train(other)
        for name, value in weights(plain).items():
            torch.testing.assert_close(value, weights(other)[name], rtol=1e-3, atol=1e-5)
