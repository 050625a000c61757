import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError
from refseg_lib.training.board import Board
from refseg_lib.training.loop import train
from refseg_lib.training.run import Run


def test_tensorboard_reads_losses_scores_memory_and_answers(
    make_run: Callable[..., Run], small_parkref: Path
) -> None:
    pytest.importorskip("tensorboard", reason="tensorboard is absent")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = make_run(recipe=replace(make_run().recipe, validate=3))
    run.validation = open_dataset("parkref_unc", small_parkref, "val")
    run.board = Board(run.out / "tensorboard", answers=2)
    train(run)
    read = EventAccumulator(str(run.out / "tensorboard"), size_guidance={"images": 0})
    read.Reload()
    tags = read.Tags()
    assert {"loss", "rate", "sentences/s", "waiting_percent", "memory_GiB"} <= set(tags["scalars"])
    assert [event.step for event in read.Scalars("val_oIoU")] == [3, 6]
    assert sorted(tags["images"]) == ["answers/0", "answers/1"]
    assert [event.step for event in read.Images("answers/0")] == [3, 6]


def test_without_the_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard.writer", None)
    with pytest.raises(UserError, match="pip install tensorboard"):
        Board(tmp_path)
