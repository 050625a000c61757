"""A file is written whole or not at all, whatever goes wrong."""

import errno
import fcntl
import os
from pathlib import Path

import pytest

from refseg_lib.errors import UserError
from refseg_lib.files import atomic_path, locked, write_atomically


def everything_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_text_is_written_as_utf8_and_bytes_as_they_are(tmp_path: Path) -> None:
    write_atomically(tmp_path / "text", "左边的狗\n")
    write_atomically(str(tmp_path / "bytes"), b"\x00\r\n\xff")
    expected = {"text": "左边的狗\n".encode(), "bytes": b"\x00\r\n\xff"}
    assert everything_in(tmp_path) == expected


def test_missing_folders_are_made(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b" / "c", "x")
    assert (tmp_path / "a" / "b" / "c").read_text() == "x"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_a_failure_half_way_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    (tmp_path / "file").write_text("old")
    expected = UserError if error is OSError else error

    def write() -> None:
        with atomic_path(tmp_path / "file") as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(expected):
        write()
    assert everything_in(tmp_path) == {"file": b"old"}


def test_until_the_block_ends_readers_see_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with atomic_path(tmp_path / "file") as temporary:
        temporary.write_text("new")
        assert temporary.parent == tmp_path, "another folder may be another disk: no renaming"
        assert (tmp_path / "file").read_text() == "old"
    assert everything_in(tmp_path) == {"file": b"new"}


def test_a_full_disk_is_the_users_to_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"cannot write .*file: No space left on device"):
        write_atomically(tmp_path / "file", "new")
    assert everything_in(tmp_path) == {"file": b"old"}


def test_a_file_in_the_place_of_a_folder_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(UserError, match="cannot write"):
        write_atomically(tmp_path / "file" / "inner", "new")
    assert everything_in(tmp_path) == {"file": b"old"}


def test_the_bytes_reach_the_disk_before_the_name_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a power cut leaves an empty file under the final name."""
    steps = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda f: (steps.append("sync"), fsync(f)))
    monkeypatch.setattr(os, "replace", lambda a, b: (steps.append("rename"), replace(a, b)))
    write_atomically(tmp_path / "file", "new")
    assert steps == ["sync", "rename"]


def test_a_lock_is_had_by_one_and_whoever_comes_second_decides_whether_to_wait(
    tmp_path: Path,
) -> None:
    file, told = tmp_path / "lock", []

    def busy() -> None:
        told.append("busy")
        raise UserError("somebody else has it")

    with locked(file, busy):
        assert told == []
        with pytest.raises(UserError, match="somebody else"), locked(file, busy):
            pytest.fail("two have the lock")
    first = os.open(file, os.O_RDWR)
    fcntl.flock(first, fcntl.LOCK_EX)
    # The first lets go while the second is told, so that the waiting ends.
    with locked(file, lambda: os.close(first)):
        with pytest.raises(UserError, match="somebody else"), locked(file, busy):
            pytest.fail("the lock was not waited for")
    assert told == ["busy", "busy"]
