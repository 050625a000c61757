"""Where Chinese sentences come from: a file of finished ones, or a function of your own."""

import csv
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, cast

from refseg_lib.errors import UserError

COLUMNS = ("sent_id", "english", "chinese")


@dataclass(frozen=True)
class Translator:
    """A way from English to Chinese.

    Attributes:
        name: Written beside every sentence as its provenance.
        translate: English sentences in, as many Chinese ones out, in the same order. It may raise
            :class:`UserError` for a sentence it does not know; any other exception is a fault.
        by_sent_id: Finished translations of single sentences; these come first.
        made_from: The English of those, where known: it must be the data set's.
    """

    name: str
    translate: Callable[[list[str]], Sequence[str]]
    by_sent_id: Mapping[int, str] = field(default_factory=dict)
    made_from: Mapping[int, str] = field(default_factory=dict)


def open_translator(choice: str) -> Translator:
    """Open what the command line calls a translator.

    Args:
        choice: ``FILE.csv``, ``FILE.jsonl`` or ``package.module:function``.

    Raises:
        UserError: It is none of these, or cannot be opened.
    """
    if choice.lower().endswith((".csv", ".jsonl")):
        return file_translator(choice)
    if ":" in choice:
        return callable_translator(choice)
    raise UserError(
        f"--with {choice}: expected parkref, FILE.csv, FILE.jsonl or package.module:function"
    )


def file_translator(path: str | os.PathLike[str]) -> Translator:
    """Take the translations from a file, in UTF-8.

    A CSV file has a header; a JSONL file has one object on each line. The columns, or names, are
    ``chinese`` and at least one of ``sent_id`` and ``english``. A row with a ``sent_id`` is for
    that sentence alone, and its ``english``, if given, must be what the data set has there; a row
    without is for every sentence with this English. Other columns are passed over.

    Raises:
        UserError: The file is absent or not UTF-8, or a line is wrong; the message says which.
    """
    path = Path(path)
    by_sent_id: dict[int, str] = {}
    made_from: dict[int, str] = {}
    by_english: dict[str, str] = {}
    for line, row in _rows(path):
        chinese = _text(row, "chinese", path, line)
        english = " ".join(_text(row, "english", path, line).split())
        number = str(row.get("sent_id") if row.get("sent_id") is not None else "").strip()
        if not chinese:
            _refuse(path, line, "it has no chinese: finish or delete it")
        if number and not (number.isascii() and number.isdecimal()):
            _refuse(path, line, f"its sent_id {number!r} is no number")
        if not number and not english:
            _refuse(path, line, "it has neither sent_id nor english, so it belongs to no sentence")
        if number:
            before = by_sent_id.setdefault(int(number), chinese)
            if english:
                made_from[int(number)] = english
        else:
            before = by_english.setdefault(english, chinese)
        if before != chinese:
            _refuse(path, line, f"an earlier line has {before!r} for the same sentence")

    def translate(sentences: list[str]) -> list[str]:
        for sentence in sentences:
            if " ".join(sentence.split()) not in by_english:
                raise UserError(f"{path.name} has no translation of {sentence[:200]!r}")
        return [by_english[" ".join(sentence.split())] for sentence in sentences]

    return Translator(f"file:{path.name}", translate, by_sent_id, made_from)


def callable_translator(choice: str) -> Translator:
    """Take a function of yours, which may be looked for in the working directory too.

    With a model of Hugging Face, for instance, write `marian.py`::

        from transformers import pipeline

        model = pipeline("translation", model="Helsinki-NLP/opus-mt-en-zh")

        def translate(sentences: list[str]) -> list[str]:
            return [answer["translation_text"] for answer in model(sentences)]

    and say ``refseg data translate data/refcoco --with marian:translate``.

    Args:
        choice: ``package.module:function``. The function takes a list of English sentences and
            returns as many Chinese ones.

    Raises:
        UserError: There is no such module or function, or importing it fails.
    """
    module, _, name = choice.partition(":")
    if not module or not name:
        raise UserError(f"--with {choice}: expected package.module:function")
    if os.getcwd() not in sys.path:
        # Last, so that a file here never stands in for an installed package.
        sys.path.append(os.getcwd())
    try:
        function: Any = getattr(importlib.import_module(module), name, None)
    except Exception as error:
        raise UserError(
            f"--with {choice}: importing {module} failed ({type(error).__name__}: {error}):"
            " install it, or run this in the folder where it lies"
        ) from error
    if not callable(function):
        raise UserError(f"--with {choice}: {module} has no function {name}")
    return Translator(choice, cast(Callable[[list[str]], Sequence[str]], function))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each row with the number of its last line."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UserError(f"{path}, line {line} is not UTF-8: save the file as UTF-8") from error
    # Only "\n" ends a line here: a sentence may hold other characters that Unicode calls breaks.
    lines = text.split("\n")
    yield from (
        _json_rows(lines, path) if path.suffix.lower() == ".jsonl" else _csv_rows(lines, path)
    )


def _json_rows(lines: list[str], path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                _refuse(path, number, f"it is no JSON ({error})")
            if not isinstance(row, dict):
                _refuse(path, number, f"it is no JSON object but {type(row).__name__}")
            yield number, row


def _csv_rows(lines: list[str], path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader((line + "\n" for line in lines), strict=True)
    try:
        names = reader.fieldnames or ()
        if "chinese" not in names or not {"sent_id", "english"} & set(names):
            _refuse(path, 1, "it must name the columns: sent_id or english, and chinese")
        for row in reader:
            if not any(row.values()):
                continue
            if None in row or None in row.values():
                _refuse(
                    path,
                    reader.line_num,
                    f"it has more or fewer cells than the {len(names)} columns: put quotes around"
                    " a sentence with a comma",
                )
            yield reader.line_num, row
    except csv.Error as error:
        _refuse(path, reader.line_num, str(error))


def _text(row: dict[str, Any], name: str, path: Path, line: int) -> str:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        _refuse(path, line, f"its {name} is {type(value).__name__}, expected text")
    return (value or "").strip()


def _refuse(path: Path, line: int, reason: str) -> NoReturn:
    raise UserError(f"{path}, line {line}: {reason}")
