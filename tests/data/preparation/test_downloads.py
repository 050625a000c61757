"""Lists of downloads: the user's goes first, and what is not known is said."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from refseg_lib.data.preparation.annotation_files import SETS
from refseg_lib.data.preparation.checksums import CHECKSUMS, SHIPPED, load_checksums
from refseg_lib.data.preparation.downloads import Download, choose, load_downloads
from refseg_lib.errors import UserError

LICENCE = "for everybody"


def entry(name: str, sets: list[str], holds: str, url: str = "http://x/y.zip") -> dict[str, object]:
    return {"name": name, "sets": sets, "holds": holds, "url": url, "licence": LICENCE}


def write(path: Path, *entries: object) -> Path:
    path.write_text(json.dumps({"sources": entries}))
    return path


def test_ones_own_list_goes_before_the_projects(tmp_path: Path) -> None:
    own = write(tmp_path / "own", entry("a", ["refcoco"], "annotations", "http://mine/a.zip"))
    theirs = write(tmp_path / "theirs", entry("a", ["refcoco"], "annotations"),
                   entry("b", ["refcoco"], "annotations"))  # fmt: skip
    known = load_downloads(own, theirs)
    assert [(download.name, download.url) for download in known] == [
        ("a", "http://mine/a.zip"),
        ("b", "http://x/y.zip"),
    ]
    assert choose(known, "refcoco", [], ["annotations"]) == known[:1]


@pytest.mark.parametrize("bad", [3, {}, entry("a", ["b"], "c") | {"url": 3}])
def test_a_malformed_list_is_told(tmp_path: Path, bad: object) -> None:
    with pytest.raises(UserError, match=r"must hold.*name, sets, holds, url, licence"):
        load_downloads(write(tmp_path / "list.json", bad))


def test_what_is_asked_for_is_taken_instead_of_what_lacks() -> None:
    known = [
        Download("notes", ("refcoco",), "annotations", "http://x/a", LICENCE),
        Download("photos", ("refcoco", "refcocog"), "pictures", "http://x/b", LICENCE),
    ]
    assert choose(known, "refcoco", [], ["annotations", "pictures"]) == known
    assert choose(known, "refcoco", ["photos"], ["annotations"]) == known[1:]
    (own,) = choose(known, "refcoco", ["https://me/z.tgz"], [])
    assert (own.url, own.file) == ("https://me/z.tgz", "z.tgz")
    assert "not known" in own.licence


def test_what_nobody_offers_is_told_with_what_to_do() -> None:
    known = [Download("photos", ("refcoco",), "pictures", "http://x/b", LICENCE)]
    with pytest.raises(UserError, match="no source of the annotations of referit is known"):
        choose(known, "referit", [], ["annotations"])
    with pytest.raises(UserError, match=r"no source 'photos' of referit is known.*one of none"):
        choose(known, "referit", ["photos"], [])
    with pytest.raises(UserError, match="one of photos"):
        choose(known, "refcoco", ["fotos"], [])


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("http://x/a/refcoco%2B.zip?token=1", "refcoco+.zip"),
        ("http://x/a/..", "my_list"),
        ("http://x/", "my_list"),
        ("http://x/a%2F..%2Fpasswd", "passwd"),
    ],
)
def test_a_url_never_names_a_file_outside_the_folder(url: str, file: str) -> None:
    assert Download("my list", (), "", url, "").file == file


def test_every_shipped_source_is_of_a_known_set_over_http_and_has_a_checksum() -> None:
    known = load_downloads(SHIPPED / "sources.json")
    checksums = load_checksums(SHIPPED / CHECKSUMS)
    assert known
    for download in known:
        assert set(download.sets) <= set(SETS)
        assert download.holds in ("annotations", "pictures")
        assert urlsplit(download.url).scheme in ("http", "https")
        assert download.licence
        assert download.file in checksums
