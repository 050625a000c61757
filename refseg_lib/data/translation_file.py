"""The file of Chinese sentences with who made each of them and what a person said about it.

The format is that of :mod:`chinese`, each sentence on a line of its own. Nobody's work is lost:
the file is replaced whole, and never when somebody else has written it since it was read.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from refseg_lib.data.unpickling import parse_json
from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically

MACHINE, FAILED = "machine", "failed"
ACCEPTED, CORRECTED, REJECTED, OUTDATED = "accepted", "corrected", "rejected", "outdated"
STATUSES = (MACHINE, ACCEPTED, CORRECTED, OUTDATED, REJECTED, FAILED)
KEPT = (ACCEPTED, CORRECTED, OUTDATED)
"""A person has worked on these: no translator ever replaces them."""
DECIDED = (ACCEPTED, CORRECTED, REJECTED)
"""A person has looked at these, and nothing has changed since."""


@dataclass(frozen=True, slots=True)
class Translation:
    """The Chinese of one sentence.

    Attributes:
        sent: The sentence; empty where there is none to be used (failed, rejected).
        provenance: The translator's name.
        status: ``machine`` (nobody has looked), ``accepted``, ``corrected``, ``rejected`` by a
            person, ``outdated`` (accepted or corrected, but the English has changed since) or
            ``failed`` (the translator gave nothing).
        english_sha256: Start of the hash of the English sentence; empty where not known.
        reason: Why it failed.
        machine: The translator's sentence, where a person corrected it.
        rejected: The sentences that a person rejected.
        reviewer: Who decided, where they gave a name.
        other: Fields that are not ours, kept as they are.
    """

    sent: str = ""
    provenance: str = ""
    status: str = MACHINE
    english_sha256: str = ""
    reason: str = ""
    machine: str = ""
    rejected: tuple[str, ...] = ()
    reviewer: str = ""
    other: dict[str, Any] = field(default_factory=dict)

    def fits(self, english: str) -> bool:
        """Say whether it was made from this English sentence, as far as is known."""
        return self.english_sha256 in ("", english_hash(english))


def english_hash(english: str) -> str:
    """Return what is kept of an English sentence so that a change is noticed."""
    return hashlib.sha256(english.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class TranslationFile:
    """The sentences of one file. Made by :func:`open_translations`.

    Attributes:
        path: Where it lies.
        header: What stands beside the sentences.
    """

    def __init__(self, path: Path, header: dict[str, Any], digest: bytes | None) -> None:
        self.path, self.header = path, header
        self._translations: dict[int, Translation] = {}
        # A click in the review writes the whole file: only what changed is encoded anew.
        self._lines: dict[int, str] = {}
        self._digest = digest

    def __contains__(self, sent_id: int) -> bool:
        """Say whether there is an entry for a sentence."""
        return sent_id in self._translations

    def get(self, sent_id: int) -> Translation | None:
        """Return the entry of a sentence, None where there is none."""
        return self._translations.get(sent_id)

    def put(self, sent_id: int, translation: Translation | None) -> None:
        """Set the entry of a sentence, or remove it with None; :meth:`save` writes it."""
        self._lines.pop(sent_id, None)
        if translation is None:
            self._translations.pop(sent_id, None)
        else:
            self._translations[sent_id] = translation

    def notice_changes(self, english: Iterable[tuple[int, str]]) -> None:
        """Mark as outdated what a person decided about an English sentence that has changed.

        Args:
            english: sent_id and sentence, as they are now.
        """
        for sent_id, sentence in english:
            entry = self._translations.get(sent_id)
            if entry and entry.status in KEPT and not entry.fits(sentence):
                self.put(sent_id, replace(entry, status=OUTDATED))

    def changed_on_disk(self) -> bool:
        """Say whether somebody else wrote the file since it was read or saved."""
        data = self.path.read_bytes() if self.path.exists() else None
        return self._digest != _digest(data)

    def save(self) -> None:
        """Write the file whole or not at all.

        Raises:
            UserError: Somebody else has written it meanwhile (then it is left as it is), or the
                folder cannot be written.
        """
        if self.changed_on_disk():
            raise UserError(
                f"{self.path} was changed by somebody else since it was opened here, so nothing"
                " was written: open it again and repeat the last step"
            )
        for sent_id, translation in self._translations.items():
            if sent_id not in self._lines:
                text = json.dumps(_to_json(translation), ensure_ascii=False)
                self._lines[sent_id] = f'"{sent_id}": {text}'
        head = json.dumps({**self.header, "sentences": {}}, ensure_ascii=False)
        rows = ",\n".join(self._lines[sent_id] for sent_id in sorted(self._translations))
        data = f"{head.removesuffix('{}}')}{{\n{rows}\n}}}}\n".encode()
        write_atomically(self.path, data)
        self._digest = _digest(data)


def open_translations(path: Path, header: dict[str, Any] | None = None) -> TranslationFile:
    """Read a file of Chinese sentences; one that does not exist yet is empty.

    Args:
        path: Such as `refs(unc).zh.json`.
        header: Put beside the sentences of a new file.

    Raises:
        UserError: The file is damaged, or an entry is not as described above.
    """
    if not path.exists():
        return TranslationFile(path, {"language": "zh", **(header or {})}, None)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    data = parse_json(raw, path)
    entries = data.get("sentences") if isinstance(data, dict) else None
    if not isinstance(entries, dict):
        raise UserError(f'{path} must hold {{"sentences": {{"SENT_ID": {{"sent": "..."}}}}}}')
    rest = {name: value for name, value in data.items() if name != "sentences"}
    file = TranslationFile(path, rest, _digest(raw))
    for number, entry in entries.items():
        file.put(_number(number, path), _from_json(entry, number, path))
    return file


_TEXTS = ("sent", "provenance", "status", "english_sha256", "reason", "machine", "reviewer")
_NAMES = {one.name for one in fields(Translation)} - {"other"}


def _number(text: str, path: Path) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise UserError(f"{path}: {text!r} is no sent_id: every key under sentences is a number")
    return int(text)


def _from_json(entry: Any, number: str, path: Path) -> Translation:
    known: dict[str, Any] = entry if isinstance(entry, dict) else {"sent": None}
    rejected = known.get("rejected", [])
    texts = {name: known[name] for name in _TEXTS if name in known}
    lists = isinstance(rejected, list) and all(isinstance(text, str) for text in rejected)
    if not (lists and all(isinstance(text, str) for text in texts.values())):
        raise UserError(
            f"{path}: the entry of sent_id {number} is malformed: expected"
            ' {"sent": "...", "provenance": "...", "status": "..."}, mend or delete it'
        )
    other = {name: value for name, value in known.items() if name not in _NAMES}
    return Translation(**texts, rejected=tuple(rejected), other=other)


def _to_json(translation: Translation) -> dict[str, Any]:
    """Write the three fields that every reader knows, and of the others what is not empty."""
    entry = {name: getattr(translation, name) for name in _TEXTS}
    entry["rejected"] = list(translation.rejected)
    always = ("sent", "provenance", "status")
    return {n: v for n, v in entry.items() if v or n in always} | translation.other


def _digest(data: bytes | None) -> bytes | None:
    return None if data is None else hashlib.blake2b(data).digest()
