import json
from pathlib import Path

import numpy as np
import pytest

from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.models.saved import load_model
from refseg_lib.parkref.writing import make_parkref
from refseg_lib.reproduction import running
from refseg_lib.reproduction.planning import Choices, Task, plan
from refseg_lib.reproduction.running import Places, missing_parts, perform, read_record

QUICK = (("steps", "2"), ("batch", "2"), ("cache_gib", "0"), ("validate_sentences", "2"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    make_parkref(root, train_images=4, height=64, workers=1)
    return root


def no_attention(seed: int = 0, **chosen: object) -> Task:
    choices = Choices("parkref_unc", settings=QUICK, seeds=(seed,), **chosen)  # type: ignore
    return next(task for task in plan(["cmsa-2"], choices))


def places(data: Path, out: Path) -> Places:
    return Places(data, out / "results", out / "runs", "cpu")


def test_a_record_says_what_was_trained_and_holds_the_score_of_the_weights_on_disk(
    data: Path, tmp_path: Path
) -> None:
    task, where = no_attention(seed=3), places(data, tmp_path)
    record = perform(task, where)
    about, row = record.about, record.rows[0]
    assert (about["ablation"], about["settings"]["seed"]) == ("no-attention", "3")
    assert about["options"] == {"fusion": "sum", "attention": "none"}
    assert row.seed == 3
    again = evaluate(load_model(where.weights(task)), open_dataset("parkref_unc", data, "val"))
    assert row.scores == pytest.approx(again.scores, abs=1e-4)


def test_the_sums_of_the_images_give_the_score(data: Path, tmp_path: Path) -> None:
    record = perform(no_attention(), places(data, tmp_path))
    ((found, union),) = record.images
    assert len(found) == len(open_dataset("parkref_unc", data, "val").by_image())
    assert 100 * found.sum() / union.sum() == pytest.approx(record.rows[0].scores["oIoU"])


def test_a_record_reads_back_as_it_was_written(data: Path, tmp_path: Path) -> None:
    task, where = no_attention(), places(data, tmp_path)
    record = perform(task, where)
    back = read_record(where.record(task))
    assert back is not None
    assert back.about == record.about
    told, again = record.rows[0].to_dict(), back.rows[0].to_dict()
    assert again == told
    assert np.array_equal(back.images[0], record.images[0])


def test_what_is_done_is_not_done_again_and_a_new_split_is_scored_without_training(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, where = no_attention(), places(data, tmp_path)
    perform(task, where)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(running, "start_run", never)
    perform(task, where)
    more = Task(task.network, task.data, task.seed, task.choices, ("val", "testA"), False)
    record = perform(more, where)
    assert [row.split for row in record.rows] == ["val", "testA"]
    assert not missing_parts(more, read_record(where.record(more)))


def test_training_that_was_cut_off_goes_on_where_it_was(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = no_attention()
    whole, cut = places(data, tmp_path / "whole"), places(data, tmp_path / "cut")
    perform(task, whole)
    monkeypatch.setattr(running, "load_model", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        perform(task, cut)
    log = cut.weights(task) / "log.jsonl"
    log.write_text(log.read_text().splitlines()[0] + "\n")
    monkeypatch.undo()
    assert np.array_equal(perform(task, cut).images, perform(task, whole).images)


def test_rows_with_glove_start_from_vectors_and_the_record_says_which(
    data: Path, tmp_path: Path
) -> None:
    choices = Choices("parkref_unc", settings=QUICK, vectors=str(tmp_path / "absent.npz"))
    task = next(t for t in plan(["cmpc-2"], choices) if t.network.glove)
    record = perform(task, places(data, tmp_path))
    assert any("absent.npz not found" in note for note in record.about["notes"])


@pytest.mark.parametrize("spoilt", ["{", "{}", '{"about": {}, "scored": [{"row": {}}]}'])
def test_a_spoilt_record_is_named(tmp_path: Path, spoilt: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(spoilt)
    with pytest.raises(UserError, match=r"run\.json is no record of a run .* remove it"):
        read_record(path)


def test_a_record_is_plain_json(data: Path, tmp_path: Path) -> None:
    task, where = no_attention(), places(data, tmp_path)
    perform(task, where)
    flat = json.loads(where.record(task).read_text())
    assert set(flat) == {"about", "scored"}
