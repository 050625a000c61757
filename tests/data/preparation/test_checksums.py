"""Checksums: told as known, as another, or as unknown; never silently."""

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from refseg_lib.data.preparation.checksums import (
    CHECKSUMS,
    SHIPPED,
    Checksum,
    compare,
    load_checksums,
)
from refseg_lib.errors import UserError


def test_each_file_is_as_known_or_another_or_unknown(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"one")
    (tmp_path / "b.zip").write_bytes(b"two")
    (tmp_path / "c.zip").write_bytes(b"three")
    sums = [
        {"file": "a.zip", "md5": hashlib.md5(b"one").hexdigest().upper()},
        {"file": "b.zip", "sha256": hashlib.sha256(b"other").hexdigest()},
    ]
    (tmp_path / "list.json").write_text(json.dumps({"files": sums}))
    files = {f"{name}.zip": tmp_path / f"{name}.zip" for name in "abcd"}
    files["d.zip"] = tmp_path / "c.zip"
    lines = compare(files, load_checksums(tmp_path / "list.json"))
    assert lines == [
        "  a.zip: its md5 as known",
        f"  b.zip: its sha256 is not the known one: {tmp_path / 'b.zip'} is another version or"
        " damaged",
        "  no checksum known for c.zip, d.zip",
    ]


def test_packed_json_is_compared_unpacked_and_other_gz_as_it_is(tmp_path: Path) -> None:
    packed = gzip.compress(b"{}")
    for name in ("a.json.gz", "a.tar.gz"):
        (tmp_path / name).write_bytes(packed)
    plain = Checksum("sha256", hashlib.sha256(b"{}").hexdigest())
    whole = Checksum("sha256", hashlib.sha256(packed).hexdigest())
    assert plain.fits(tmp_path / "a.json.gz")
    assert whole.fits(tmp_path / "a.tar.gz")
    (tmp_path / "a.json.gz").write_bytes(packed[:-4])
    with pytest.raises(UserError, match=r"cannot read .*a\.json\.gz"):
        plain.fits(tmp_path / "a.json.gz")


@pytest.mark.parametrize("text", ['{"files": [{"file": "a"}]}', "[]", '{"files": [3]}'])
def test_a_malformed_list_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.json").write_text(text)
    with pytest.raises(UserError, match=r"list\.json must hold"):
        load_checksums(tmp_path / "list.json")


def test_no_list_is_no_checksum(tmp_path: Path) -> None:
    assert load_checksums(tmp_path / "none.json") == {}


def test_the_shipped_list_is_readable_and_each_entry_says_where_it_is_known_from() -> None:
    entries = json.loads((SHIPPED / CHECKSUMS).read_text())["files"]
    known = load_checksums(SHIPPED / CHECKSUMS)
    assert len(known) == len(entries)
    digits = {"md5": 32, "sha256": 64}
    for entry in entries:
        assert entry["known_from"]
        checksum = known[entry["file"]]
        assert len(checksum.digest) == digits[checksum.algorithm]
        assert set(checksum.digest) <= set("0123456789abcdef")


def test_the_real_referit_files_have_the_shipped_checksums(real_data: Path) -> None:
    known = load_checksums(SHIPPED / CHECKSUMS)
    files = sorted((real_data / "referit").glob("*.json.gz"))
    assert len(files) == 7
    for path in files:
        assert known[f"referit/{path.stem}"].fits(path)
