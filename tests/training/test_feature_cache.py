"""A cache of maps on disk: made once, told beforehand, never trusted blindly."""

import dataclasses
import multiprocessing
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.training import feature_cache, feature_files
from refseg_lib.training.feature_cache import FeatureCache
from refseg_lib.training.feature_files import RECORD, Maps
from refseg_lib.training.feature_identity import Identity

IMAGES = 10
NAMES = {
    "data": "parkref_unc",
    "split": "train",
    "folder": "data/parkref",
    "size": 32,
    "backbone": "laptop",
    "weights": "parkref-semantic",
    "levels": ["c4", "c5"],
}
DIGESTS = {"pictures": "p1", "weights": "w1", "format": 1}
SHAPES = {"c4": (16, 8, 8), "c5": (8, 8, 8)}


def truth(rows: range) -> Maps:
    """Maps that tell every image, level and cell apart, without a backbone."""
    return {
        level: np.stack(
            [np.random.default_rng([row, *shape]).random(shape, np.float32) for row in rows]
        ).astype(np.float16)
        for level, shape in SHAPES.items()
    }


class Backbone:
    """Counts how often each image was asked for."""

    def __init__(self) -> None:
        self.asked = np.zeros(IMAGES, dtype=int)

    def __call__(self, rows: range) -> Maps:
        self.asked[rows.start : rows.stop] += 1
        return truth(rows)


def cache(place: Path, compute: Callable[[range], Maps], **changes: str) -> FeatureCache:
    identity = Identity(NAMES, {**DIGESTS, **changes}, IMAGES)
    return FeatureCache(place, identity, compute, at_once=3)


def filled(place: Path, **changes: str) -> FeatureCache:
    made = cache(place, truth, **changes)
    made.open(1.0, lambda *_: None)
    return made


def assert_true(maps: Maps | None) -> None:
    assert maps is not None
    expected = truth(range(IMAGES))
    assert maps.keys() == expected.keys()
    for level, values in maps.items():
        assert np.array_equal(values, expected[level]), level


def test_every_image_finds_its_own_maps_and_progress_ends_at_the_last(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    maps = cache(tmp_path, Backbone()).open(1.0, lambda *given: told.append(given))
    assert_true(maps)
    assert told == [(3, 10), (6, 10), (9, 10), (10, 10)]


def test_a_finished_cache_asks_the_backbone_for_two_images_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tmp_path)
    for lock in tmp_path.glob("*.lock"):
        lock.unlink()
    capsys.readouterr()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    backbone = Backbone()
    told: list[tuple[int, int]] = []
    assert_true(cache(tmp_path, backbone).open(1.0, lambda *given: told.append(given)))
    assert told == [(10, 10)]
    assert backbone.asked.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert capsys.readouterr().err == ""


def test_an_interrupted_fill_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(feature_files, "RECORD_SECONDS", 0.0)

    def interrupted(done: int, of: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache(tmp_path, truth).open(1.0, interrupted)
    capsys.readouterr()
    backbone = Backbone()
    assert_true(cache(tmp_path, backbone).open(1.0, lambda *_: None))
    assert backbone.asked[1:5].tolist() == [0, 0, 0, 0]
    assert "6 are done" in capsys.readouterr().err


def lose(folder: Path) -> None:
    (folder / "c4.npy").unlink()


def shorten(folder: Path) -> None:
    path = folder / "c5.npy"
    path.write_bytes(path.read_bytes()[:-100])


def forget(folder: Path) -> None:
    (folder / RECORD).unlink()


@pytest.mark.parametrize("damage", [lose, shorten, forget])
def test_a_damaged_cache_is_made_again_and_one_line_says_so(
    tmp_path: Path, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = filled(tmp_path).files.folder
    damage(folder)
    capsys.readouterr()
    assert_true(filled(tmp_path).open(1.0, lambda *_: None))
    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if "is damaged" in line] == [told[0]]
    assert str(folder) in told[0]
    assert "it is made again" in told[0]


def test_a_change_of_the_code_that_moves_the_maps_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def shifted(rows: range) -> Maps:
        return {level: np.roll(maps, 1, axis=-1) for level, maps in truth(rows).items()}

    FeatureCache(tmp_path, Identity(NAMES, DIGESTS, IMAGES), shifted).open(1.0, lambda *_: None)
    assert_true(filled(tmp_path).open(1.0, lambda *_: None))
    assert "not what the backbone gives" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["pictures", "weights"])
def test_a_cache_of_other_pictures_or_weights_stays_and_is_named(
    tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    old = filled(tmp_path)
    capsys.readouterr()
    new = filled(tmp_path, **{what: "other"})
    told = [line for line in capsys.readouterr().err.splitlines() if "no longer fits" in line]
    assert len(told) == 1
    assert told[0].startswith(f"the {what} of parkref_unc train changed")
    assert str(old.files.folder) in told[0]
    assert new.files.folder != old.files.folder
    assert_true(old.files.mapped(NAMES["levels"]))


def test_a_cache_of_another_backbone_is_nothing_to_talk_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tmp_path)
    names = {**NAMES, "backbone": "resnet50", "weights": "imagenet"}
    identity = Identity(names, {**DIGESTS, "weights": "w2"}, IMAGES)
    FeatureCache(tmp_path, identity, truth).open(1.0, lambda *_: None)
    assert "no longer fits" not in capsys.readouterr().err


def test_the_size_told_beforehand_is_the_size_on_disk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maps = filled(tmp_path).files.mapped(NAMES["levels"])
    told = capsys.readouterr().err
    needed = re.search(r"10 images need (\S+) GiB .* \(\S+ GiB free there\).* minutes", told)
    assert needed is not None, told
    taken = sum(values.size * 2 for values in maps.values())
    assert float(needed[1]) == pytest.approx(taken / 2**30, rel=0.01)


def test_above_the_limit_one_line_names_the_setting_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cache(tmp_path, truth).open(1e-6, lambda *_: None) is None
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "cache_gib is 1e-06" in told[0]
    assert "--set cache_gib=" in told[0]
    assert "the backbone runs at every step" in told[0]
    assert not any(path.is_dir() for path in tmp_path.iterdir())


def test_the_limit_that_is_named_suffices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache(tmp_path, truth).open(1e-6, lambda *_: None)
    named = re.search(r"--set cache_gib=(\S+)", capsys.readouterr().err)
    assert named is not None
    assert_true(cache(tmp_path, truth).open(float(named[1]), lambda *_: None))


def test_more_than_the_disk_has_is_refused_before_it_is_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = sum(int(np.prod(shape)) * 2 for shape in SHAPES.values())
    free = SimpleNamespace(free=IMAGES * row - 1)
    monkeypatch.setattr(feature_cache.shutil, "disk_usage", lambda _: free)
    assert cache(tmp_path, truth).open(1.0, lambda *_: None) is None
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert "free some space or choose another place with --cache" in told
    assert not any(path.is_dir() for path in tmp_path.iterdir())
    free.free += 1
    assert_true(cache(tmp_path, truth).open(1.0, lambda *_: None))


def test_a_place_that_is_no_folder_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write to .*file.*--cache"):
        cache(tmp_path / "file" / "features", truth).open(1.0, lambda *_: None)


def work(place: Path, told: Path, dies: bool) -> None:
    """Open the cache in a process of its own; note how often it asked for each image."""
    feature_files.RECORD_SECONDS = 0.0
    backbone = Backbone()

    def slow(rows: range) -> Maps:
        time.sleep(0.1 * (len(rows) - 1))
        return backbone(rows)

    def progress(done: int, of: int) -> None:
        (told / f"{os.getpid()}.{done}").touch()
        if dies and done == 9:
            os.kill(os.getpid(), signal.SIGKILL)

    assert_true(cache(place, slow).open(1.0, progress))
    np.save(told / f"{os.getpid()}.npy", backbone.asked)


def run_together(tmp_path: Path, dies: tuple[bool, ...]) -> list[int | None]:
    (tmp_path / "told").mkdir()
    fork = multiprocessing.get_context("fork")
    processes = [
        fork.Process(target=work, args=(tmp_path / "place", tmp_path / "told", each))
        for each in dies
    ]
    for process in processes:
        process.start()
        while any(dies) and not list((tmp_path / "told").iterdir()):
            time.sleep(0.01)
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


def test_of_several_processes_one_fills_and_all_read_the_same(tmp_path: Path) -> None:
    assert run_together(tmp_path, (False, False, False)) == [0, 0, 0]
    asked = [np.load(path) for path in (tmp_path / "told").glob("*.npy")]
    # The others asked for the first and the last image at most.
    assert sorted(int(each[1:-1].max()) for each in asked) == [0, 0, 2]
    assert len({path.name.split(".")[0] for path in (tmp_path / "told").glob("*.10")}) == 1


def test_when_the_filling_process_is_killed_a_waiting_one_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_together(tmp_path, (True, False)) == [-signal.SIGKILL, 0]
    (path,) = (tmp_path / "told").glob("*.npy")
    # Every third one may have been looked at when 3, 6 or 9 were done.
    assert np.load(path)[[1, 3, 4, 6, 7]].tolist() == [0, 0, 0, 0, 0]
    told = capfd.readouterr().err
    assert "another process is making the feature cache" in told
    assert "9 are done" in told


def test_the_key_names_the_folder(tmp_path: Path) -> None:
    made = filled(tmp_path)
    assert made.files.folder == tmp_path / made.identity.key
    other = dataclasses.replace(made.identity, images=IMAGES - 1)
    assert other.key != made.identity.key
