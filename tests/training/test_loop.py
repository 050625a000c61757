import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.models.saved import load_model
from refseg_lib.training import loop
from refseg_lib.training.loop import Run, train

Make = Callable[..., Run]


def weights(run: Run) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in run.model.state_dict().items()}


def test_training_changes_the_head_and_never_the_frozen_backbone(make_run: Make) -> None:
    run = make_run()
    before = weights(run)
    train(run)
    after = weights(run)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(name.startswith("level_fusion") for name in changed)
    assert not any(name.startswith("backbone") for name in changed)


def test_an_interrupted_and_resumed_run_ends_with_the_very_same_weights(
    make_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_run("whole")
    train(whole)
    # The plug is pulled at step 5: the checkpoint of step 4 is what is left.
    cut = make_run("cut")
    steps = iter(range(100))
    real_step = loop._step

    def pull(*arguments: object) -> float:
        if next(steps) == 5:
            raise RuntimeError("power cut")
        return real_step(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "_step", pull)
    with pytest.raises(RuntimeError, match="power cut"):
        train(cut)
    monkeypatch.setattr(loop, "_step", real_step)
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
    with pytest.raises(UserError, match="the loss is nan at step 0"):
        train(run)
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

    monkeypatch.setattr(loop, "evaluate", pretend)
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
