"""Folders and archives: the same files in each, and whatever is wrong is one clear line."""

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from refseg_lib.data.preparation import archives
from refseg_lib.data.preparation.archives import check_room, extract, open_source, stem, told_size
from refseg_lib.errors import UserError

FILES = {"refcoco/refs(unc).p": b"refs", "refcoco/instances.json": b"x" * 3_000_000, "a.txt": b""}


def write_folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def write_tar(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


WRITERS: dict[str, Callable[[Path, dict[str, bytes]], Path]] = {
    "folder": write_folder,
    "a.zip": write_zip,
    "a.tar": write_tar,
    "a.tar.gz": lambda path, files: write_tar(path, files, "w:gz"),
    "a.tgz": lambda path, files: write_tar(path, files, "w:gz"),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_kind_of_source_lists_and_gives_the_same_files(tmp_path: Path, kind: str) -> None:
    dotted = {f"./{name}" if "tar" in kind else name: data for name, data in FILES.items()}
    source = open_source(WRITERS[kind](tmp_path / kind, dotted))
    assert {entry.name: entry.size for entry in source.entries} == {
        name: len(data) for name, data in FILES.items()
    }
    wanted = ("refcoco/refs(unc).p", "refcoco/instances.json")
    out = tmp_path / "out"
    extract(source, {name: out / Path(name).name for name in wanted})
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        Path(name).name: FILES[name] for name in wanted
    }


@pytest.mark.parametrize("kind", [kind for kind in WRITERS if kind != "folder"])
def test_an_archive_cut_short_anywhere_is_told_on_opening(tmp_path: Path, kind: str) -> None:
    noise = {f"x/{n}": os.urandom(3000) for n in range(4)}
    path = WRITERS[kind](tmp_path / kind, noise)
    # A tar is padded with zeros behind its end; gzip and zip end where they end.
    whole = path.read_bytes().rstrip(b"\0") + (bytes(512) if kind == "a.tar" else b"")
    for length in range(1, len(whole), 509):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="damaged or was cut short") as caught:
            open_source(path)
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("kind", ["a.zip", "a.tar.gz"])
def test_a_flipped_byte_in_the_middle_is_told(tmp_path: Path, kind: str) -> None:
    path = WRITERS[kind](tmp_path / kind, {"x": os.urandom(50_000)})
    data = bytearray(path.read_bytes())
    data[25_000] ^= 255
    path.write_bytes(data)
    with pytest.raises(UserError, match="damaged or was cut short"):
        extract(open_source(path), {"x": tmp_path / "x"})


def test_a_damaged_header_amid_a_tar_does_not_pass_for_its_end(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", {"one": b"1", "two": b"2", "three": b"3"})
    data = bytearray(path.read_bytes())
    data[1024 + 100] ^= 255  # in the header of `two`
    path.write_bytes(data)
    with pytest.raises(UserError, match="no end after 'one'"):
        open_source(path)


def test_a_bomb_is_refused_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "HARMLESS_BYTES", 2**20)
    honest = {"x": os.urandom(2**21)}
    for kind in ("a.zip", "a.tgz"):
        open_source(WRITERS[kind](tmp_path / kind, honest))
        path = WRITERS[kind](tmp_path / kind, {"bomb": bytes(2**22)})
        with pytest.raises(UserError, match=r"would unpack to more than 4\.2 MB at 'bomb'"):
            open_source(path)


@pytest.mark.parametrize("kind", ["a.zip", "a.tar"])
def test_no_more_is_unpacked_than_was_announced(tmp_path: Path, kind: str) -> None:
    """The archive is exchanged after its room was looked at."""
    source = open_source(WRITERS[kind](tmp_path / kind, {"x": b"x" * 100}))
    for size in (99, 10**7):
        WRITERS[kind](tmp_path / kind, {"x": b"x" * size})
        with pytest.raises(UserError, match="not of the 100 bytes that were announced"):
            extract(source, {"x": tmp_path / "x"})
        assert (tmp_path / "x").stat().st_size <= 100


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (b"Rar!\x1a\x07", "unpack it yourself"),
        (b"7z\xbc\xaf\x27\x1c", "unpack it yourself"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"just some text", "is no archive"),
        (b"", "is no archive"),
    ],
)
def test_what_is_no_archive_is_told_for_what_it_is(tmp_path: Path, start: bytes, told: str) -> None:
    path = tmp_path / "refcoco.zip"
    path.write_bytes(start + b" " * 600 * bool(start))
    with pytest.raises(UserError, match=told):
        open_source(path)


def test_an_absent_source_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"refcoco\.zip: No such file"):
        open_source(tmp_path / "refcoco.zip")


def test_a_link_in_a_circle_ends_and_shadows_of_macos_are_no_files(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "d", {"in/a": b"1", "__MACOSX/a": b"", "in/._a": b""})
    (folder / "in" / "again").symlink_to(folder)
    assert [entry.name for entry in open_source(folder).entries] == ["in/a"]


def test_too_little_room_says_how_much_is_needed_and_how_much_is_free(tmp_path: Path) -> None:
    check_room(tmp_path / "not" / "yet", 1)
    with pytest.raises(UserError, match=r"1,000,000\.0 GB are needed .* only [\d,.]+ GB are free"):
        check_room(tmp_path / "not" / "yet", 10**15)


def test_names_and_sizes_are_said_as_people_do() -> None:
    assert stem(Path("x/refcoco+.tar.gz")) == stem(Path("refcoco+.ZIP")) == "refcoco+"
    assert stem(Path("/data/refcoco")) == "refcoco"
    told = [told_size(n) for n in (999, 1000, 53_993_993, 13_510_573_713)]
    assert told == ["999 bytes", "1.0 kB", "54.0 MB", "13.5 GB"]
