"""Reading `refs(*.p)` without letting the file do anything.

A pickle is a program. The annotation files of RefCOCO are pickles of nothing but lists,
dictionaries, numbers and text, so this reader refuses every other thing that a pickle may name.
The same list as JSON is read too, and is the better choice for new data.
"""

import io
import json
import os
import pickle
from pathlib import Path
from typing import Any, NoReturn

from refseg_lib.errors import UserError


def load_refs(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read the referring expressions of one data set.

    Args:
        path: A `refs(*.p)` pickle, of Python 2 or 3, or the same list as `.json`.

    Returns:
        One dictionary per referred object.

    Raises:
        UserError: The file is absent or damaged, is no list of dictionaries, or is a pickle that
            names any class or function. Nothing in the file is ever run.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    refs = parse_json(data, path) if path.suffix == ".json" else _unpickle(data, path)
    if not isinstance(refs, list) or not all(isinstance(ref, dict) for ref in refs):
        raise UserError(f"{path} must hold a list of dictionaries, one for each referred object")
    return refs


def load_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file.

    Raises:
        UserError: The file is absent, cut short or no JSON.
    """
    path = Path(path)
    try:
        return parse_json(path.read_bytes(), path)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error


def parse_json(data: bytes, path: Path) -> Any:
    """Parse the content of the JSON file ``path``.

    Raises:
        UserError: It is cut short or no JSON.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{path} ({len(data)} bytes) is no complete JSON ({error}): probably a download that"
            " was cut short, fetch it again"
        ) from error


def _unpickle(data: bytes, path: Path) -> Any:
    # Text that Python 2 wrote as bytes is UTF-8 where that is possible; latin1 always is.
    for encoding in ("utf-8", "latin1"):
        try:
            return _PlainUnpickler(data, path, encoding).load()
        except UserError:
            raise
        except UnicodeDecodeError:
            continue
        except Exception as error:
            # A damaged pickle may raise almost anything: EOFError, KeyError, MemoryError...
            raise UserError(
                f"{path} ({len(data)} bytes) is no complete pickle ({type(error).__name__}:"
                f" {error}): probably a download that was cut short, fetch it again"
            ) from error
    raise UserError(f"{path} holds text in an encoding that is neither UTF-8 nor latin1")


class _PlainUnpickler(pickle.Unpickler):
    """Builds lists, dictionaries, numbers and text; refuses to look anything up."""

    def __init__(self, data: bytes, path: Path, encoding: str) -> None:
        super().__init__(io.BytesIO(data), encoding=encoding)
        self._path = path

    def find_class(self, module: str, name: str) -> NoReturn:
        raise UserError(
            f"{self._path} is a pickle that asks for {module}.{name}; refs files hold plain lists"
            " and text only, so it was not opened: get the file from a source you trust or save it"
            " as .json"
        )
