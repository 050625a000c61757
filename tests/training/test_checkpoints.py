import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from refseg_lib import files
from refseg_lib.errors import UserError
from refseg_lib.training.checkpoints import load_checkpoint, save_checkpoint, trainable_state
from refseg_lib.training.recipes import LAPTOP

STATE = {"step": 3, "model": {"w": torch.arange(3.0)}}


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, STATE, LAPTOP, "cmsa on parkref")
    state = load_checkpoint(tmp_path, LAPTOP, "cmsa on parkref")
    assert state["step"] == 3
    assert torch.equal(state["model"]["w"], torch.arange(3.0))


def test_a_full_disk_leaves_the_last_checkpoint_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path, STATE, LAPTOP, "x")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    # The last thing done to the temporary file before it is renamed.
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device"):
        save_checkpoint(tmp_path, {"step": 4}, LAPTOP, "x")
    monkeypatch.undo()
    assert load_checkpoint(tmp_path, LAPTOP, "x")["step"] == 3
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(("keep", "dated"), [(1, []), (2, [4, 6]), (3, [2, 4, 6])])
def test_the_last_few_checkpoints_stay_and_the_newest_is_the_one_to_go_on_from(
    tmp_path: Path, keep: int, dated: list[int]
) -> None:
    for step in (2, 4, 6):
        save_checkpoint(tmp_path, {"step": step}, replace(LAPTOP, keep=keep), "x")
    assert load_checkpoint(tmp_path, LAPTOP, "x")["step"] == 6
    assert sorted(p.name for p in tmp_path.glob("resume-*")) == [
        f"resume-{step:08d}.pt" for step in dated
    ]
    if dated:
        (tmp_path / f"resume-{dated[0]:08d}.pt").replace(tmp_path / "resume.pt")
        assert load_checkpoint(tmp_path, LAPTOP, "x")["step"] == dated[0]


def test_a_run_of_two_processes_does_not_go_on_with_one(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, STATE, LAPTOP, "x", 2)
    load_checkpoint(tmp_path, LAPTOP, "x", 2)
    with pytest.raises(UserError, match="written by 2 processes, now there are 1"):
        load_checkpoint(tmp_path, LAPTOP, "x")


def test_a_checkpoint_of_an_older_version_is_told_in_one_line(tmp_path: Path) -> None:
    told = json.dumps({"recipe": {}, "what": "x"})
    torch.save({**STATE, "told": told}, tmp_path / "resume.pt")
    with pytest.raises(UserError, match="older version of refseg"):
        load_checkpoint(tmp_path, LAPTOP, "x")
    save_checkpoint(tmp_path, {**STATE, "random": [torch.get_rng_state()]}, LAPTOP, "x")
    with pytest.raises(UserError, match="older version of refseg"):
        load_checkpoint(tmp_path, LAPTOP, "x")


def test_another_model_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, STATE, LAPTOP, "cmsa on parkref")
    with pytest.raises(UserError, match="of cmsa on parkref, not of baseline on parkref"):
        load_checkpoint(tmp_path, LAPTOP, "baseline on parkref")


def test_how_often_one_looks_may_change_but_not_what_is_learned(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, STATE, LAPTOP, "x")
    load_checkpoint(tmp_path, replace(LAPTOP, validate=7), "x")
    with pytest.raises(UserError, match="batch=32, now batch=16"):
        load_checkpoint(tmp_path, replace(LAPTOP, batch=16), "x")


def test_no_checkpoint_and_a_damaged_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no"):
        load_checkpoint(tmp_path, LAPTOP, "x")
    (tmp_path / "resume.pt").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(UserError, match="cannot be read"):
        load_checkpoint(tmp_path, LAPTOP, "x")


def test_a_checkpoint_that_carries_code_is_refused_and_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "owned",))

    torch.save({"told": Evil()}, tmp_path / "resume.pt")
    with pytest.raises(UserError, match="cannot be read"):
        load_checkpoint(tmp_path, LAPTOP, "x")
    assert not (tmp_path / "owned").exists()


def test_the_frozen_backbone_is_not_stored_again() -> None:
    model = nn.ModuleDict({"backbone": nn.Linear(2, 2), "head": nn.Linear(2, 1)})
    assert set(trainable_state(model)) == {"head.weight", "head.bias"}
