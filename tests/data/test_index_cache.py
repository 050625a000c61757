"""The kept index is used while it is true, and never otherwise."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from refseg_lib.data import index_cache
from refseg_lib.data.index_cache import open_index
from refseg_lib.errors import UserError


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The refs files for which an index was really built."""
    built: list[Path] = []
    original = index_cache.build_index

    def build(refs_path: Path, instances_path: Path):  # type: ignore[no-untyped-def]
        built.append(refs_path)
        return original(refs_path, instances_path)

    monkeypatch.setattr(index_cache, "build_index", build)
    return built


def test_the_second_opening_reads_the_kept_index_and_finds_the_same(mini, builds) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    first, second = open_index(mini.refs_path), open_index(mini.refs_path)
    assert len(builds) == 1
    assert list(second.sent) == list(first.sent)
    assert list(second.ref_segmentation) == list(first.ref_segmentation)
    assert np.array_equal(second.sent_ref_row, first.sent_ref_row)
    assert np.array_equal(second.image_width, first.image_width)


@pytest.mark.parametrize("source", ["refs", "instances"])
def test_a_changed_source_is_read_again(mini, builds, source: str) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    open_index(mini.refs_path)
    mini.refs[1]["sentences"][0]["sent"] = "the bush"
    mini.instances["images"][1]["width"] = 41
    mini.write()
    unchanged = mini.folder / "instances.json" if source == "refs" else mini.refs_path
    os.utime(unchanged, ns=(0, 0))
    index = open_index(mini.refs_path)
    assert len(builds) == 2
    assert index.sent[2] == "the bush"
    assert index.image_width[1] == 41


_STREAM = io.BytesIO()
np.save(_STREAM, np.zeros(3))
NPY = _STREAM.getvalue()


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut", NPY, None])
def test_a_damaged_index_is_made_again(mini, builds, damage: bytes | None) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    open_index(mini.refs_path)
    kept = mini.folder / ".index" / "refs(unc).p.npz"
    kept.write_bytes(kept.read_bytes()[:-100] if damage is None else damage)
    assert open_index(mini.refs_path).sent[0] == "left dog"
    assert len(builds) == 2
    open_index(mini.refs_path)
    assert len(builds) == 2  # mended


def test_an_index_that_holds_a_pickle_is_not_unpickled(mini, builds) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    open_index(mini.refs_path)
    kept = mini.folder / ".index" / "refs(unc).p.npz"
    with np.load(kept) as arrays:
        columns = dict(arrays)
    columns["sent_id"] = np.array([{"a": 1}], dtype=object)
    np.savez(kept, **columns)
    assert open_index(mini.refs_path).sent_id.tolist() == [0, 1, 100, 200, 300]
    assert len(builds) == 2


def test_a_read_only_folder_is_not_written_and_the_users_cache_serves(mini, builds, home) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    mini.folder.chmod(0o555)
    try:
        open_index(mini.refs_path)
        open_index(mini.refs_path)
    finally:
        mini.folder.chmod(0o755)
    assert len(builds) == 1
    assert not (mini.folder / ".index").exists()
    assert len(list(home.rglob("*.npz"))) == 1


def test_with_no_place_to_keep_it_the_index_still_opens(mini, builds, home) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    mini.folder.chmod(0o555)
    home.chmod(0o555)
    try:
        assert open_index(mini.refs_path).sent[0] == "left dog"
    finally:
        mini.folder.chmod(0o755)
        home.chmod(0o755)
    assert list(home.iterdir()) == []


def test_two_refs_files_of_one_folder_keep_an_index_each(mini, builds) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    other = mini.folder / "refs(google).json"
    other.write_text(json.dumps(mini.refs[:1]))
    assert len(open_index(mini.refs_path).sent_id) == 5
    assert len(open_index(other).sent_id) == 2
    assert len(open_index(mini.refs_path).sent_id) == 5
    assert len(builds) == 2


def test_missing_instances_are_told(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    (mini.folder / "instances.json").unlink()
    with pytest.raises(UserError, match=r"instances\.json is missing"):
        open_index(mini.refs_path)


def test_a_large_source_is_announced_once(mini, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(index_cache, "ANNOUNCED_BYTES", 10)
    mini.write()
    open_index(mini.refs_path)
    assert "once" in capsys.readouterr().err
    open_index(mini.refs_path)
    assert capsys.readouterr().err == ""
