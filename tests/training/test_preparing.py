from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from refseg_lib.training.loop import train
from refseg_lib.training.preparing import prepare_samples
from refseg_lib.training.run import Run


def test_kept_maps_are_those_of_the_backbone(make_run: Callable[..., Run]) -> None:
    run = make_run(recipe=replace(make_run().recipe, cache_gib=1.0))
    samples = prepare_samples(run)
    assert samples.cached
    batch = samples.batch([0, 5])
    plain = prepare_samples(make_run()).batch([0, 5])
    assert plain.image is not None
    assert batch.features is not None
    with torch.no_grad():
        maps = run.model.backbone(plain.image)
    for level, kept in batch.features.items():
        torch.testing.assert_close(kept, maps[level], rtol=2e-3, atol=2e-3)


def test_what_does_not_fit_is_told_and_not_kept(
    make_run: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(recipe=replace(make_run().recipe, cache_gib=1e-9))
    assert not prepare_samples(run).cached
    assert "cache_gib is 1e-09" in capsys.readouterr().out


def test_maps_on_disk_teach_what_those_in_memory_do_and_serve_the_next_run(
    make_run: Callable[..., Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = {}
    for name, cache in (("memory", "memory"), ("first", "disk"), ("second", "disk")):
        run = make_run(name, recipe=replace(make_run().recipe, cache=cache, cache_gib=1.0))
        run.cache = tmp_path / "cache"
        train(run)
        ends[name] = run.model.state_dict()
    for name, value in ends["memory"].items():
        assert torch.equal(value, ends["first"][name]), name
        assert torch.equal(value, ends["second"][name]), name
    assert len(list((tmp_path / "cache").glob("*/"))) == 1
