"""Refs files are read, and nothing in them is run."""

import io
import json
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from refseg_lib.data.unpickling import load_json, load_refs
from refseg_lib.errors import UserError

REFS = [{"ref_id": 1, "sentences": [{"sent": "left dog", "sent_id": 3}], "split": "val"}]


@pytest.mark.parametrize("protocol", range(6))
def test_plain_pickles_of_every_protocol_are_read(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "refs(unc).p"
    path.write_bytes(pickle.dumps(REFS, protocol=protocol))
    assert load_refs(path) == REFS


def test_the_same_list_as_json_is_read(tmp_path: Path) -> None:
    path = tmp_path / "refs(unc).json"
    path.write_text(json.dumps(REFS))
    assert load_refs(path) == REFS


def python2_pickle(text: bytes) -> bytes:
    """What Python 2 wrote for ``[{'sent': 'text'}]``, its text being bytes."""
    word = struct.pack("<BB", ord("U"), 4) + b"sent"
    value = struct.pack("<BB", ord("U"), len(text)) + text
    return b"\x80\x02](" + b"}" + word + value + b"s" + b"e."


@pytest.mark.parametrize(
    ("text", "read"),
    [(b"dog", "dog"), ("café".encode(), "café"), ("café".encode("latin1"), "café")],
)
def test_text_that_python_2_wrote_as_bytes_is_read(tmp_path: Path, text: bytes, read: str) -> None:
    path = tmp_path / "refs(unc).p"
    path.write_bytes(python2_pickle(text))
    assert load_refs(path) == [{"sent": read}]


class Evil:
    """Pickles into a call of os.system."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_wants_to_run_a_command_is_refused_and_runs_nothing(
    tmp_path: Path, protocol: int
) -> None:
    witness = tmp_path / "witness"
    path = tmp_path / "refs(unc).p"
    path.write_bytes(pickle.dumps([Evil(f"touch {witness}")], protocol=protocol))
    with pytest.raises(UserError) as caught:
        load_refs(path)
    message = str(caught.value)
    assert str(path) in message
    assert f"{os.system.__module__}.system" in message
    assert "\n" not in message
    assert not witness.exists()
    pickle.loads(path.read_bytes())  # the attack is a real one
    assert witness.exists()


@pytest.mark.parametrize("thing", [np.float64(1), np.zeros(2), Path("x"), {1, 2}.__class__, print])
def test_no_class_or_function_is_looked_up_however_harmless(tmp_path: Path, thing: object) -> None:
    path = tmp_path / "refs(unc).p"
    path.write_bytes(pickle.dumps([{"ref_id": thing}]))
    with pytest.raises(UserError, match="asks for"):
        load_refs(path)


def test_a_persistent_id_is_refused(tmp_path: Path) -> None:
    class Persistent(pickle.Pickler):
        def persistent_id(self, obj: object) -> object:
            return "secret" if isinstance(obj, dict) else None

    stream = io.BytesIO()
    Persistent(stream).dump(REFS)
    path = tmp_path / "refs(unc).p"
    path.write_bytes(stream.getvalue())
    with pytest.raises(UserError, match="no complete pickle"):
        load_refs(path)


def test_a_file_cut_short_anywhere_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "refs(unc).p"
    for whole, name in ((pickle.dumps(REFS), "refs(unc).p"), (json.dumps(REFS).encode(), "r.json")):
        path = tmp_path / name
        for length in range(len(whole) - 1):
            path.write_bytes(whole[:length])
            with pytest.raises(UserError, match="no complete"):
                load_refs(path)


@pytest.mark.parametrize("content", [{"refs": []}, [1, 2], "dog", None])
def test_anything_but_a_list_of_dictionaries_is_refused(tmp_path: Path, content: object) -> None:
    path = tmp_path / "refs(unc).p"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(UserError, match="list of dictionaries"):
        load_refs(path)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for read in (load_refs, load_json):
        with pytest.raises(UserError, match="cannot read"):
            read(tmp_path / "refs(unc).p")
        with pytest.raises(UserError, match="cannot read"):
            read(tmp_path)


def test_deeply_nested_json_is_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "instances.json"
    path.write_text("[" * 100_000)
    with pytest.raises(UserError, match="no complete JSON"):
        load_json(path)
