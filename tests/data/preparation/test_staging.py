"""Staged files appear whole or not at all, whatever happens meanwhile."""

import fcntl
from pathlib import Path

import pytest

from refseg_lib.data.preparation.archives import open_source
from refseg_lib.data.preparation.staging import put_in_place, stage, staging_folder
from refseg_lib.errors import UserError


@pytest.mark.parametrize("failure", [None, KeyboardInterrupt, ValueError])
def test_the_staging_folder_is_gone_afterwards_come_what_may(
    tmp_path: Path, failure: type[BaseException] | None
) -> None:
    try:
        with staging_folder(tmp_path) as place:
            (place / "x").write_text("x")
            if failure:
                raise failure
    except (KeyboardInterrupt, ValueError):
        pass
    assert not place.exists()


def test_what_a_killed_run_left_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "cache" / "prepare" / "half").mkdir(parents=True)
    with staging_folder(tmp_path) as place:
        assert list(place.iterdir()) == []


def test_a_second_run_at_the_same_time_is_told_to_wait(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    with open(tmp_path / "cache" / "prepare.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UserError, match=r"another .* is at work"), staging_folder(tmp_path):
            pass


def test_a_root_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "root").touch()
    with pytest.raises(UserError, match="cannot write in"), staging_folder(tmp_path / "root"):
        pass


def test_links_point_at_the_originals_and_copies_outlive_them(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "a").write_text("a")
    entry = open_source(tmp_path / "s").entries[0]
    stage({tmp_path / "linked" / "b": entry}, link=True)
    stage({tmp_path / "copied" / "b": entry}, link=False)
    assert (tmp_path / "linked" / "b").is_symlink()
    assert not (tmp_path / "copied" / "b").is_symlink()
    (tmp_path / "s" / "a").unlink()
    assert (tmp_path / "copied" / "b").read_text() == "a"


def test_files_join_those_that_stand_there(tmp_path: Path) -> None:
    for place, name in (("target", "old"), ("staged", "new")):
        (tmp_path / place).mkdir()
        (tmp_path / place / name).write_text(name)
    put_in_place(tmp_path / "staged", tmp_path / "target")
    put_in_place(tmp_path / "absent", tmp_path / "target")
    assert sorted(path.name for path in (tmp_path / "target").iterdir()) == ["new", "old"]
    put_in_place(tmp_path / "target", tmp_path / "elsewhere" / "deeper")
    assert (tmp_path / "elsewhere" / "deeper" / "old").read_text() == "old"
