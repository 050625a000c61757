"""The folder on disk: the same bytes for the same seed, read by the reader of real data."""

import errno
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from refseg_lib.data.checking import check_folder
from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError
from refseg_lib.parkref import writing
from refseg_lib.parkref.pages import SPLITS, make_scene
from refseg_lib.parkref.speaking import FLAVOURS
from refseg_lib.parkref.writing import make_parkref, plan

SIZE = 20


def fingerprints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data")
    make_parkref(out, SIZE, workers=1)
    return out


def test_the_same_seed_gives_the_same_bytes_for_any_number_of_workers(
    root: Path, tmp_path: Path
) -> None:
    two = make_parkref(tmp_path, SIZE, workers=2)
    assert fingerprints(two) == fingerprints(root / "parkref")


def test_another_seed_gives_other_pictures(root: Path, tmp_path: Path) -> None:
    other = fingerprints(make_parkref(tmp_path, 1, seed=1, workers=1))
    known = set(fingerprints(root / "parkref").values())
    assert not known & set(other.values())


def test_a_larger_training_set_changes_neither_val_nor_test() -> None:
    """They grow with it, but what is in the smaller one stays as it is."""
    small, large = plan(30), plan(300)
    assert {job.split for job in small} == set(SPLITS)
    assert set(small) < set(large)
    assert {job.number for job in small} < {job.number for job in large}


def test_no_picture_is_in_two_splits(root: Path) -> None:
    pictures = list(fingerprints(root / "parkref" / "images").values())
    assert len(set(pictures)) == len(pictures) == SIZE + 3 * 4
    assert len({job.number for job in plan(5000)}) == len(plan(5000))


def test_testa_is_about_people_and_testb_about_other_things() -> None:
    about = {split: {job.people for job in plan(60) if job.split == split} for split in SPLITS}
    both = {True, False}
    assert about == {"train": both, "val": both, "testA": {True}, "testB": {False}}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_reader_of_real_data_reads_it(root: Path, flavour: str, language: str) -> None:
    """Masks, pictures and sentences come back as they were drawn and said."""
    jobs = {job.number: job for job in plan(SIZE)}
    for split in ("train", "val", "test"):
        dataset = open_dataset(f"parkref_{flavour}", root, split, language)
        assert len(dataset) > 0
        for i in range(0, len(dataset), 7):
            expression = dataset[i]
            world, drawn, _ = make_scene(jobs[expression.image_id])
            assert np.array_equal(np.asarray(dataset.image(i)), drawn.image)
            place = expression.ann_id - 100 * expression.image_id
            label = place + 1 if place < 20 else 251 + place - 20
            assert np.array_equal(dataset.mask(i), drawn.things == label)
            if place < 20:
                assert expression.category == world.scene.things[place].category
            assert expression.sentence.isascii() == (language == "en")


def test_the_check_finds_nothing_to_complain_about(root: Path) -> None:
    report = check_folder(root / "parkref")
    assert report.ok, str(report)
    assert "Chinese" in str(report)
    assert "without Chinese" not in str(report)


def test_truth_has_a_line_for_every_sentence(root: Path) -> None:
    for flavour in FLAVOURS:
        lines = (root / "parkref" / f"truth({flavour}).jsonl").read_text().splitlines()
        numbers = [json.loads(line)["sent_id"] for line in lines]
        read = [
            dataset[i].sent_id
            for split in ("train", "val", "test")
            for dataset in [open_dataset(f"parkref_{flavour}", root, split)]
            for i in range(len(dataset))
        ]
        assert sorted(numbers) == sorted(read)


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    make_parkref(tmp_path, 2, workers=1, progress=lambda *done: seen.append(done))
    assert seen == [(i + 1, 14) for i in range(14)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"train_images": 0}, "--size 0"),
        ({"train_images": 2_000_000}, "--size 2000000"),
        ({"height": 10}, "--height 10"),
        ({"height": 5000}, "--height 5000"),
        ({"seed": -1}, "seed -1"),
        ({"workers": 0}, "workers 0"),
    ],
)
def test_a_number_out_of_range_is_refused_before_anything_is_written(
    tmp_path: Path, wrong: dict[str, int], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        make_parkref(tmp_path / "out", **wrong)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_what_exists_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "parkref").mkdir()
    (tmp_path / "parkref" / "mine").write_text("precious")
    with pytest.raises(UserError, match="exists already"):
        make_parkref(tmp_path, 1, workers=1)
    assert [path.name for path in tmp_path.rglob("*")] == ["parkref", "mine"]


def test_an_out_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="cannot write"):
        make_parkref(tmp_path / "file", 1, workers=1)
    assert (tmp_path / "file").read_text() == "mine"


def fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the 9th picture find no room."""
    written: list[bytes] = []

    def write(self: Path, data: bytes) -> int:
        written.append(data)
        if len(written) == 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        with open(self, "wb") as stream:
            return stream.write(data)

    monkeypatch.setattr(Path, "write_bytes", write)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    fill_the_disk(monkeypatch)
    with pytest.raises(UserError, match="No space left on device"):
        make_parkref(tmp_path / "new" / "data", 4, workers=workers)
    assert not list(tmp_path.iterdir()), "not even the folders that were made for it"


def test_a_disk_that_fills_up_at_the_annotations_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: object) -> None:
        raise UserError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr(writing, "write_atomically", full)
    with pytest.raises(UserError, match="No space left"):
        make_parkref(tmp_path, 1, workers=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, workers: int) -> None:
    def interrupt(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    stop: Callable[[int, int], None] = interrupt
    with pytest.raises(KeyboardInterrupt):
        make_parkref(tmp_path / "data", 4, workers=workers, progress=stop)
    assert not list(tmp_path.iterdir())
