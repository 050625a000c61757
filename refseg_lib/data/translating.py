"""Chinese sentences beside the English ones of any data set, by a translator of your choice.

Paper 002 (§4.1) made its Chinese data sets so: machine translation, then correction by people
(:mod:`review_session`). What is finished is kept, what failed is asked for again next time, and
what a person accepted or corrected is never replaced.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from refseg_lib.data.asking import GIVE_UP_AFTER, Fault, ask, checked, count_in_vain
from refseg_lib.data.chinese import chinese_path
from refseg_lib.data.english import EnglishSentence, read_english
from refseg_lib.data.translation_file import (
    FAILED,
    KEPT,
    MACHINE,
    OUTDATED,
    REJECTED,
    Translation,
    TranslationFile,
    english_hash,
    open_translations,
)
from refseg_lib.data.translators import Translator
from refseg_lib.errors import UserError


@dataclass
class Outcome:
    """What one call of :func:`translate_dataset` did.

    Attributes:
        path: The file of Chinese sentences.
        total: Sentences in the data set.
        translated: Newly translated ones.
        failed: sent_id to reason, of those that were asked for in vain.
        outdated: Accepted or corrected ones whose English has changed; kept, to be reviewed again.
        gave_up: Whether the rest was not asked for, because nothing came back any more.
    """

    path: Path
    total: int
    translated: int = 0
    failed: dict[int, str] = field(default_factory=dict)
    outdated: int = 0
    gave_up: bool = False

    @property
    def complaint(self) -> str | None:
        """What went wrong, in one line, or None."""
        if not self.failed:
            return None
        number, reason = next(iter(self.failed.items()))
        return (
            f"{self.path.name}: {len(self.failed):,} of {self.total:,} sentences could not be"
            f" translated (first: sent_id {number}: {reason})"
            + (f"; gave up after {GIVE_UP_AFTER} in a row" if self.gave_up else "")
            + "; the finished ones are kept: run the same again to try only the others"
        )


def translate_dataset(
    refs_path: Path,
    translator: Translator,
    out: Path | None = None,
    *,
    batch: int = 32,
    save_seconds: float = 10.0,
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Translate the sentences of a refs file that have no Chinese yet.

    Also asked for again: what failed, what a person rejected, and what nobody has looked at and
    whose English has changed. An English sentence that stands several times is asked for once.

    Args:
        refs_path: `refs(NAME).p` or `.json`.
        translator: Gives the Chinese.
        out: The file to write; by default `refs(NAME).zh.json` beside the refs file.
        batch: Sentences for one call of the translator.
        save_seconds: Work is saved this often, and at the end, however that comes about.
        progress: Called with (sentences done, sentences to do).

    Returns:
        What was done. A translator that fails raises nothing: see :attr:`Outcome.complaint`.

    Raises:
        UserError: A file is damaged or cannot be written, or ``batch`` is not positive.
    """
    if batch < 1:
        raise UserError(f"--batch {batch}: at least one sentence is translated at a time")
    path = out or chinese_path(refs_path)
    english = read_english(refs_path)
    work = _Work(path, refs_path.name, english, translator.name)
    waiting: dict[str, list[int]] = {}
    for sentence in english:
        if not _needs(work.file.get(sentence.sent_id), sentence.sent):
            continue
        if sentence.sent_id in translator.by_sent_id:
            work.take([sentence.sent_id], sentence.sent, _finished(translator, sentence))
        elif not sentence.sent.strip():
            work.take([sentence.sent_id], sentence.sent, Fault("the English sentence is empty"))
        else:
            waiting.setdefault(sentence.sent, []).append(sentence.sent_id)
    todo, done = sum(map(len, waiting.values())), 0
    saved, in_vain = time.monotonic(), 0
    texts = iter(waiting)
    try:
        while chunk := list(islice(texts, batch)):
            for text, answer in ask(translator.translate, chunk, in_vain):
                work.take(waiting[text], text, answer)
                in_vain = count_in_vain(in_vain, answer)
                done += len(waiting[text])
            if progress is not None:
                progress(done, todo)
            if in_vain >= GIVE_UP_AFTER:
                work.outcome.gave_up = True
                break
            if time.monotonic() - saved >= save_seconds:
                work.save()
                saved = time.monotonic()
    finally:
        # Also after Ctrl-C: what was paid for is kept.
        work.save()
    return work.outcome


class _Work:
    """What is new since the file was last written."""

    def __init__(
        self, path: Path, source: str, english: list[EnglishSentence], provenance: str
    ) -> None:
        self._english = english
        self._header = {"source": source}
        self._provenance = provenance
        self._fresh: dict[int, Translation] = {}
        self.file = self._open(path)
        self.outcome = Outcome(path, len(english))
        self.outcome.outdated = sum(
            entry is not None and entry.status == OUTDATED
            for entry in (self.file.get(sentence.sent_id) for sentence in english)
        )

    def _open(self, path: Path) -> TranslationFile:
        """Read the file, and notice whose English has changed since a person looked at it."""
        file = open_translations(path, self._header)
        file.notice_changes((sentence.sent_id, sentence.sent) for sentence in self._english)
        return file

    def take(self, sent_ids: list[int], english: str, answer: str | Fault) -> None:
        for sent_id in sent_ids:
            rejected = getattr(self.file.get(sent_id), "rejected", ())
            made = Translation(
                provenance=self._provenance,
                status=FAILED,
                english_sha256=english_hash(english),
                rejected=rejected,
            )
            if isinstance(answer, Fault):
                self.outcome.failed[sent_id] = answer.reason
                made = replace(made, reason=answer.reason)
            elif answer in rejected:
                # A person has said no to these very words.
                made = replace(made, status=REJECTED)
            else:
                self.outcome.translated += 1
                made = replace(made, sent=answer, status=MACHINE)
            self._fresh[sent_id] = made

    def save(self) -> None:
        if self.file.changed_on_disk():
            # Somebody is reviewing meanwhile: their decisions come first.
            self.file = self._open(self.file.path)
        for sent_id, made in self._fresh.items():
            entry = self.file.get(sent_id)
            if entry is None or entry.status not in KEPT:
                self.file.put(sent_id, made)
        self.file.save()
        self._fresh.clear()


def _needs(entry: Translation | None, english: str) -> bool:
    if entry is None or entry.status in (FAILED, REJECTED):
        return True
    if entry.status in KEPT:
        return False
    return not entry.sent.strip() or not entry.fits(english)


def _finished(translator: Translator, sentence: EnglishSentence) -> str | Fault:
    meant = translator.made_from.get(sentence.sent_id, sentence.sent)
    if meant.split() != sentence.sent.split():
        return Fault(
            f"{translator.name} has this number for another English sentence, {meant[:100]!r}"
            f" instead of {sentence.sent[:100]!r}"
        )
    return checked(translator.by_sent_id[sentence.sent_id])
