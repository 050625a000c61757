"""Rows are appended to files and only then counted; a file that lies about them is found."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.training import feature_files
from refseg_lib.training.feature_files import RECORD, DamagedError, FeatureFiles, Maps

IMAGES = 7
SHAPES = {"c4": (3, 4, 4), "c5": (5, 2, 2)}


def truth(start: int, stop: int) -> Maps:
    """Maps that tell every image, level and cell apart."""
    found: Maps = {}
    for number, (level, shape) in enumerate(SHAPES.items()):
        cells = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        rows = [cells / 16 + 100 * row + number for row in range(start, stop)]
        found[level] = np.stack(rows).astype(np.float16)
    return found


def blocks(start: int, stop: int = IMAGES, at_once: int = 2) -> Iterator[Maps]:
    for row in range(start, stop, at_once):
        yield truth(row, min(row + at_once, stop))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureFiles:
    monkeypatch.setattr(feature_files, "RECORD_SECONDS", 0.0)
    return FeatureFiles(tmp_path / "cache", IMAGES, {"names": {"data": "parkref"}})


def assert_true(maps: Maps) -> None:
    expected = truth(0, IMAGES)
    assert maps.keys() == expected.keys()
    for level, values in maps.items():
        assert np.array_equal(values, expected[level]), level


def test_what_is_read_is_bit_for_bit_what_was_written(files: FeatureFiles) -> None:
    assert files.done() == 0
    assert list(files.append(0, blocks(0))) == [2, 4, 6, 7]
    assert files.done() == IMAGES
    assert_true(files.mapped(SHAPES))
    assert json.loads((files.folder / RECORD).read_text())["names"] == {"data": "parkref"}


def test_the_files_are_ordinary_numpy_files_that_nobody_writes_to(files: FeatureFiles) -> None:
    list(files.append(0, blocks(0)))
    for level, maps in files.mapped(SHAPES).items():
        assert isinstance(maps, np.memmap)
        assert not maps.flags.writeable
        assert np.array_equal(np.load(files.folder / f"{level}.npy"), maps)


def test_a_fill_cut_off_in_the_middle_of_a_row_goes_on_from_the_record(files: FeatureFiles) -> None:
    for done in files.append(0, blocks(0)):
        if done == 4:
            break
    assert files.done() == 4
    # One level got half a row further, the other a whole wrong one.
    for level, extra in (("c4", b"\1" * 7), ("c5", b"\2" * 40)):
        with open(files.folder / f"{level}.npy", "ab") as stream:
            stream.write(extra)
    assert list(files.append(4, blocks(4))) == [6, 7]
    assert_true(files.mapped(SHAPES))


def test_the_rows_are_on_the_disk_before_the_record_counts_them(
    files: FeatureFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a power cut leaves rows that are counted and empty."""
    happened: list[str] = []
    fsync, record = feature_files.os.fsync, FeatureFiles._record
    monkeypatch.setattr(
        feature_files.os, "fsync", lambda number: (happened.append("rows"), fsync(number))
    )

    def recorded(self: FeatureFiles, done: int) -> None:
        happened.append(f"record {done}")
        monkeypatch.setattr(feature_files.os, "fsync", fsync)
        record(self, done)
        monkeypatch.setattr(
            feature_files.os, "fsync", lambda number: (happened.append("rows"), fsync(number))
        )

    monkeypatch.setattr(FeatureFiles, "_record", recorded)
    list(files.append(0, blocks(0, at_once=4)))
    assert happened == ["record 0", "rows", "rows", "record 4", "rows", "rows", "record 7"]


def spoil(files: FeatureFiles, how: str) -> None:
    path = files.folder / "c5.npy"
    data = bytearray(path.read_bytes())
    if how == "short":
        path.write_bytes(data[:-1])
    elif how == "long":
        path.write_bytes(data + b"\0")
    elif how == "absent":
        path.unlink()
    elif how == "other shape":
        path.write_bytes(data.replace(b"(7, 5, 2, 2)", b"(7, 2, 5, 2)"))
    elif how == "other level":
        path.write_bytes((files.folder / "c4.npy").read_bytes())
    elif how == "empty row":
        data[-40:] = bytes(40)
        path.write_bytes(data)
    elif how == "no numbers":
        data[-2:] = b"\xff\xff"
        path.write_bytes(data)


DAMAGES = ("short", "long", "absent", "other shape", "other level", "empty row", "no numbers")


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_file_is_named(files: FeatureFiles, how: str) -> None:
    list(files.append(0, blocks(0)))
    last = truth(IMAGES - 1, IMAGES)
    files.check(IMAGES, IMAGES - 1, last)
    spoil(files, how)
    with pytest.raises(DamagedError, match=r"^c5\.npy"):
        files.check(IMAGES, IMAGES - 1, last)


@pytest.mark.parametrize("record", [None, "", "{", "[]", '{"done": "all"}', '{"done": 8}'])
def test_a_folder_without_a_readable_record_is_damaged(
    files: FeatureFiles, record: str | None
) -> None:
    list(files.append(0, blocks(0)))
    (files.folder / RECORD).unlink()
    if record is not None:
        (files.folder / RECORD).write_text(record)
    with pytest.raises(DamagedError, match=r"record\.json"):
        files.done()


def test_rounding_of_another_processor_is_no_damage(files: FeatureFiles) -> None:
    list(files.append(0, blocks(0)))
    now = {level: maps + np.float16(0.005) * maps for level, maps in truth(3, 4).items()}
    files.check(IMAGES, 3, now)


def test_a_full_disk_is_told_in_one_line_and_nothing_is_left(files: FeatureFiles) -> None:
    """The system itself refuses: after 750 of 800 bytes of c4 it takes half a row, then none."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    progress = files.append(0, blocks(0))
    assert [next(progress), next(progress)] == [2, 4]
    resource.setrlimit(resource.RLIMIT_FSIZE, (750, hard))
    try:
        with pytest.raises(UserError) as told:
            list(progress)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert f"cannot write the feature cache {files.folder}: File too large" in str(told.value)
    assert "--cache" in str(told.value)
    assert not files.folder.exists()


def test_an_error_of_the_backbone_is_not_taken_for_a_full_disk(files: FeatureFiles) -> None:
    def failing() -> Iterator[Maps]:
        yield truth(0, 2)
        raise UserError("image 2 is missing")

    with pytest.raises(UserError, match="image 2 is missing"):
        list(files.append(0, failing()))
    assert files.done() == 2
