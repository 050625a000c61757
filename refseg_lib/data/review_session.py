"""Reviewing Chinese sentences one by one: the state of it, without buttons or pictures.

Every decision is on disk before the next sentence comes, so closing at any moment loses nothing,
and opening again goes on at the first sentence that nobody has decided.
"""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from refseg_lib.data.asking import Fault, checked
from refseg_lib.data.chinese import chinese_path
from refseg_lib.data.english import EnglishSentence, read_english
from refseg_lib.data.translation_file import (
    ACCEPTED,
    CORRECTED,
    DECIDED,
    REJECTED,
    Translation,
    english_hash,
    open_translations,
)
from refseg_lib.errors import UserError


@dataclass(frozen=True)
class Pair:
    """The sentence in view.

    Attributes:
        english: The English sentence and where it belongs.
        chinese: The Chinese as it stands; for a rejected one the words that were rejected, empty
            where the translator failed.
        status: See :class:`translation_file.Translation`.
        reason: Why the translator failed.
        number: Its place in the session, counted from 1.
    """

    english: EnglishSentence
    chinese: str
    status: str
    reason: str
    number: int


@dataclass(frozen=True)
class Counts:
    """How far a session is."""

    total: int
    accepted: int
    corrected: int
    rejected: int

    @property
    def decided(self) -> int:
        """Sentences that a person has decided."""
        return self.accepted + self.corrected + self.rejected


class ReviewSession:
    """The sentences of a file under review, in the order of the refs file.

    Only sentences that a translator was asked for take part.
    """

    def __init__(
        self,
        refs_path: Path,
        *,
        path: Path | None = None,
        split: str | None = None,
        reviewer: str = "",
    ) -> None:
        """Open at the first undecided sentence.

        Args:
            refs_path: `refs(NAME).p` or `.json`.
            path: The file of Chinese sentences; by default the one beside the refs file.
            split: Only this split.
            reviewer: Written beside each decision.

        Raises:
            UserError: A file is damaged, or there is nothing to review.
        """
        self.refs_path, self.path = refs_path, path or chinese_path(refs_path)
        self._split, self._reviewer = split, reviewer
        self._sentences: list[EnglishSentence] = []
        self._position = 0
        self.reload()
        self._position = self._undecided_from(0)

    def reload(self) -> None:
        """Read the file again, after somebody else has written it; the place is kept.

        Steps taken before can no longer be undone.
        """
        pair = self.current
        english = read_english(self.refs_path)
        splits = sorted({sentence.split for sentence in english})
        if self._split is not None and self._split not in splits:
            raise UserError(
                f"{self.refs_path} has no split {self._split!r}: choose one of {', '.join(splits)}"
            )
        file = open_translations(self.path)
        sentences = [
            sentence
            for sentence in english
            if sentence.sent_id in file and self._split in (None, sentence.split)
        ]
        if not sentences:
            raise UserError(
                f"{self.path} holds nothing to review: make translations first with `refseg data"
                f" translate {self.refs_path.parent}`"
            )
        file.notice_changes((sentence.sent_id, sentence.sent) for sentence in sentences)
        self._file, self._sentences = file, sentences
        self._history: list[tuple[int, Translation]] = []
        if pair is not None and pair.english in sentences:
            self._position = sentences.index(pair.english)
        else:
            self._position = self._undecided_from(0)

    @property
    def current(self) -> Pair | None:
        """The sentence in view, or None when all are decided."""
        if self._position >= len(self._sentences):
            return None
        sentence = self._sentences[self._position]
        entry = self._entry(self._position)
        chinese = entry.sent
        if entry.status == REJECTED and entry.rejected:
            chinese = entry.rejected[-1]
        return Pair(sentence, chinese, entry.status, entry.reason, self._position + 1)

    @property
    def counts(self) -> Counts:
        """How far the session is."""
        statuses = Counter(self._entry(place).status for place in range(len(self._sentences)))
        return Counts(
            len(self._sentences), statuses[ACCEPTED], statuses[CORRECTED], statuses[REJECTED]
        )

    @property
    def can_undo(self) -> bool:
        """Whether a decision of this session can be taken back."""
        return bool(self._history)

    def accept(self) -> None:
        """Take the Chinese as it stands, and go on.

        Raises:
            UserError: There is none, or the file cannot be written (then nothing has changed).
        """
        pair = self._in_view()
        if not pair.chinese.strip():
            raise UserError("there is no Chinese sentence to accept: type one and save it")
        if pair.status in (ACCEPTED, CORRECTED):
            self.skip()
            return
        rejected = tuple(
            text for text in self._entry(self._position).rejected if text != pair.chinese
        )
        self._decide(sent=pair.chinese, status=ACCEPTED, rejected=rejected)

    def correct(self, text: str) -> None:
        """Take this sentence instead, and go on; the same words again are an acceptance.

        Raises:
            UserError: The text is empty, or the file cannot be written.
        """
        pair = self._in_view()
        chinese = checked(text)
        if isinstance(chinese, Fault):
            raise UserError("a correction needs words: type the Chinese sentence, or reject it")
        if chinese == pair.chinese:
            self.accept()
            return
        machine = self._entry(self._position).machine or pair.chinese
        self._decide(sent=chinese, status=CORRECTED, machine=machine)

    def reject(self) -> None:
        """Say that this sentence must not be used, and go on.

        Raises:
            UserError: The file cannot be written.
        """
        pair = self._in_view()
        if pair.status == REJECTED:
            self.skip()
            return
        before = self._entry(self._position).rejected
        rejected = (*before, pair.chinese) if pair.chinese else before
        self._decide(sent="", status=REJECTED, rejected=rejected)

    def skip(self) -> None:
        """Go on to the next undecided sentence without deciding this one."""
        self._position = self._undecided_from(self._position + 1)

    def back(self) -> None:
        """Go to the sentence before, decided or not."""
        self._position = max(0, self._position - 1)

    def undo(self) -> None:
        """Take the last decision of this session back and return to it.

        Raises:
            UserError: There is none, or the file cannot be written.
        """
        if not self._history:
            raise UserError("there is no decision of this session to take back")
        place, before = self._history[-1]
        self._write(place, before)
        self._history.pop()
        self._position = place

    def _in_view(self) -> Pair:
        pair = self.current
        if pair is None:
            raise UserError("all sentences are decided: go back to change one")
        return pair

    def _entry(self, place: int) -> Translation:
        entry = self._file.get(self._sentences[place].sent_id)
        assert entry is not None
        return entry

    def _decide(self, **changes: Any) -> None:
        place = self._position
        before, known = self._entry(place), english_hash(self._sentences[place].sent)
        changes |= {"english_sha256": known, "reviewer": self._reviewer, "reason": ""}
        self._write(place, replace(before, **changes))
        self._history.append((place, before))
        self.skip()

    def _write(self, place: int, translation: Translation) -> None:
        """Write one entry, or leave everything as it was."""
        sent_id, before = self._sentences[place].sent_id, self._entry(place)
        self._file.put(sent_id, translation)
        try:
            self._file.save()
        except BaseException:
            self._file.put(sent_id, before)
            raise

    def _undecided_from(self, start: int) -> int:
        """Find the next undecided sentence, from the beginning again where the end is reached."""
        count = len(self._sentences)
        for place in chain(range(start, count), range(min(start, count))):
            if self._entry(place).status not in DECIDED:
                return place
        return count
