"""Downloads against a server of our own: resumed, whole, as announced; never silently."""

import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from refseg_lib.data.preparation import fetching
from refseg_lib.data.preparation.checksums import Checksum
from refseg_lib.data.preparation.downloads import Download
from refseg_lib.data.preparation.fetching import fetch, fetch_lacking
from refseg_lib.errors import UserError

DATA = bytes(range(256)) * 400


@dataclass
class Server:
    """What is served, how, and what was asked for."""

    address: str = ""
    data: bytes = DATA
    version: str = '"one"'
    ranges: bool = True
    stop_after: int | None = None
    shift: int = 0
    status: int = 200
    asked: list[str | None] = field(default_factory=list)

    @property
    def download(self) -> Download:
        return Download("zoo", ("refcoco",), "pictures", f"{self.address}/z.zip", "for zoos only")


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.asked.append(asked)
            if state.status != 200:
                self.send_error(state.status)
                return
            start = int(re.findall(r"\d+", asked)[0]) if asked else 0
            honoured = asked and state.ranges and self.headers.get("If-Range") == state.version
            start = start if honoured else 0
            total = len(state.data)
            if start >= total:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{total}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start += state.shift
            self.send_response(206 if honoured else 200)
            if honoured:
                self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
            self.send_header("Content-Length", str(total - start))
            if state.version:
                self.send_header("ETag", state.version)
            self.end_headers()
            self.wfile.write(state.data[start : state.stop_after])

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        state.address = f"http://127.0.0.1:{made.server_address[1]}"
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield state
        made.shutdown()


def quiet(_: str) -> None:
    pass


def stopped(server: Server, folder: Path, after: int = 50_000) -> None:
    """A download that broke off."""
    server.stop_after = after
    with pytest.raises(UserError, match="the same command goes on from there"):
        fetch(server.download, folder, tell=quiet)
    assert (folder / "z.zip.part").read_bytes() == server.data[:after]
    assert not (folder / "z.zip").exists()
    server.stop_after = None
    server.asked.clear()


def test_licence_size_and_address_are_said_before_the_first_byte_is_stored(
    server: Server, tmp_path: Path
) -> None:
    told = []

    def tell(line: str) -> None:
        told.append(line)
        assert list(tmp_path.iterdir()) == []

    path = fetch(server.download, tmp_path, tell=tell)
    assert path.read_bytes() == DATA
    assert [path.name for path in tmp_path.iterdir()] == ["z.zip"]
    for word in ("for zoos only", "102.4 kB", f"{server.address}/z.zip"):
        assert any(word in line for line in told)


def test_a_broken_off_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    stopped(server, tmp_path)
    assert fetch(server.download, tmp_path, tell=quiet).read_bytes() == DATA
    assert server.asked == ["bytes=50000-"]
    assert [path.name for path in tmp_path.iterdir()] == ["z.zip"]


def test_a_file_that_has_changed_meanwhile_is_begun_again(server: Server, tmp_path: Path) -> None:
    stopped(server, tmp_path)
    server.data, server.version = DATA[::-1], '"two"'
    assert fetch(server.download, tmp_path, tell=quiet).read_bytes() == DATA[::-1]


def test_killed_while_beginning_again_it_never_joins_two_versions(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(server, tmp_path)
    server.data, server.version = DATA[::-1], '"two"'

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "open", killed, raising=False)
        with pytest.raises(KeyboardInterrupt):
            fetch(server.download, tmp_path, tell=quiet)
    assert fetch(server.download, tmp_path, tell=quiet).read_bytes() == DATA[::-1]


@pytest.mark.parametrize("version", ['"one"', 'W/"one"', ""])
def test_a_server_that_cannot_resume_gives_all_again(
    server: Server, tmp_path: Path, version: str
) -> None:
    server.version = version
    server.ranges = version != '"one"'
    stopped(server, tmp_path)
    server.ranges = False
    assert fetch(server.download, tmp_path, tell=quiet).read_bytes() == DATA


def test_a_part_of_unknown_version_is_begun_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "z.zip.part").write_bytes(b"?" * 70)
    assert fetch(server.download, tmp_path, tell=quiet).read_bytes() == DATA


def test_a_part_that_is_whole_is_only_renamed(server: Server, tmp_path: Path) -> None:
    stopped(server, tmp_path)
    (tmp_path / "z.zip.part").write_bytes(DATA)
    assert fetch(server.download, tmp_path, tell=quiet).read_bytes() == DATA
    assert server.asked == [f"bytes={len(DATA)}-"]


def test_an_answer_from_another_place_than_asked_is_refused(server: Server, tmp_path: Path) -> None:
    stopped(server, tmp_path)
    server.shift = 5
    with pytest.raises(UserError, match="byte 50005 where 50000 was asked for"):
        fetch(server.download, tmp_path, tell=quiet)
    assert (tmp_path / "z.zip.part").read_bytes() == DATA[:50_000]


def test_another_file_than_the_known_one_is_set_aside_and_not_used(
    server: Server, tmp_path: Path
) -> None:
    right = Checksum("md5", hashlib.md5(DATA).hexdigest())
    server.data = DATA[::-1]
    with pytest.raises(UserError, match=r"has not the known md5 .*z\.zip\.wrong and not used"):
        fetch(server.download, tmp_path, checksum=right, tell=quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["z.zip.wrong"]
    server.data = DATA
    assert fetch(server.download, tmp_path, checksum=right, tell=quiet).read_bytes() == DATA


def test_what_is_there_is_not_fetched_again_and_that_is_said(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "z.zip").write_bytes(b"mine")
    told: list[str] = []
    assert fetch(server.download, tmp_path, tell=told.append).read_bytes() == b"mine"
    assert server.asked == []
    assert "not fetched again" in told[0]


def test_no_room_is_told_before_anything_is_stored(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(folder: Path, needed: int) -> None:
        raise UserError(f"{needed} are needed")

    monkeypatch.setattr(fetching, "check_room", no_room)
    with pytest.raises(UserError, match=f"{len(DATA)} are needed"):
        fetch(server.download, tmp_path, tell=quiet)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_server_that_refuses_is_told_with_its_answer(
    server: Server, tmp_path: Path, status: int
) -> None:
    server.status = status
    with pytest.raises(UserError, match=f"answers {status}"):
        fetch(server.download, tmp_path, tell=quiet)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:9/z.zip", "could not be fetched"),
        ("file:///etc/passwd", "no http or https address"),
        ("ftp://x/y.zip", "no http or https address"),
    ],
)
def test_an_address_that_leads_nowhere_or_is_not_http_is_told(
    tmp_path: Path, url: str, told: str
) -> None:
    with pytest.raises(UserError, match=told):
        fetch(Download("z", (), "", url, ""), tmp_path, tell=quiet)


def test_only_what_lacks_is_fetched(tmp_path: Path, server: Server) -> None:
    own = tmp_path / "own.json"
    entries = ",".join(
        f'{{"name": "{holds}", "sets": ["refcoco"], "holds": "{holds}",'
        f' "url": "{server.address}/{holds}.zip", "licence": "x"}}'
        for holds in ("annotations", "pictures")
    )
    own.write_text(f'{{"sources": [{entries}]}}')

    def fetched(**given: bool) -> list[str]:
        root = tmp_path / f"root{len(server.asked)}{given}"
        (root / "images" / "train2014").mkdir(parents=True) if given.pop("there", 0) else None
        given = {"annotations": False, "pictures": False} | given
        paths = fetch_lacking("refcoco", root, given, (), own, quiet)
        assert all(path.parent == root / "downloads" for path in paths)
        return [path.stem for path in paths]

    assert fetched() == ["annotations", "pictures"]
    assert fetched(annotations=True) == ["pictures"]
    assert fetched(pictures=True) == ["annotations"]
    assert fetched(there=True) == ["annotations"]
