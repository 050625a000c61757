"""Entries that would land outside, or are no files, refuse the archive by name."""

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from refseg_lib.data.preparation.archive_entries import plain_name
from refseg_lib.data.preparation.archives import open_source
from refseg_lib.errors import UserError

OUTSIDE = ["/etc/passwd", "../x", "a/../../x", "a\\..\\x", "C:\\x", "c:x", "\\x", "a/.."]


def refused(path: Path, *told: str) -> None:
    """Opening fails with one line that tells the archive and the entry."""
    with pytest.raises(UserError) as caught:
        open_source(path)
    message = str(caught.value)
    assert "\n" not in message
    assert "unpack" in message
    for text in (str(path), *told):
        assert text in message


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_outside_refuses_zip_and_tar(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good", b"")
        archive.writestr(name, b"x")
    refused(path, repr(name))
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("good"))
        archive.addfile(tarfile.TarInfo(name))
    refused(path, repr(name))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../x", "..", "..\\..\\x"])
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_to_the_outside_refuses_a_tar(tmp_path: Path, target: str, kind: bytes) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("folder/link")
        member.type, member.linkname = kind, target
        archive.addfile(member)
    if kind == tarfile.SYMTYPE and target == "..":  # the archive's own top
        assert open_source(path).entries == []
    else:
        refused(path, "folder/link", repr(target))


def test_a_link_to_the_outside_refuses_a_zip_and_one_that_stays_is_passed_over(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.zip"
    for target in ("../ok", "../../x"):
        info = zipfile.ZipInfo("folder/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(info, target)
            archive.writestr("ok", b"x")
        if target == "../ok":
            assert [entry.name for entry in open_source(path).entries] == ["ok"]
    refused(path, "folder/link", "'../../x'")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_or_pipe_refuses_the_archive(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("dev/null")
        member.type = kind
        archive.addfile(member)
    refused(path, "dev/null")
    info = zipfile.ZipInfo("dev/null")
    info.external_attr = stat.S_IFCHR << 16
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, b"")
    refused(path, "dev/null")


def test_a_password_refuses_a_zip(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("secret", b"x" * 20)
    data = bytearray(stream.getvalue())
    # Bit 0 of the flags says "encrypted", in the local and in the central header.
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    refused(path, "password", "secret")


def test_names_are_written_one_way() -> None:
    assert plain_name("./a//b.p") == plain_name("a\\b.p") == "a/b.p"
