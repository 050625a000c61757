"""How long and how complete the Chinese sentences are, as Table 1 and §4.1 of paper 002 tell it.

Table 1 lists, for each split, the mean number of Chinese and of English words in a sentence. Its
averages over a data set (5.58 and 3.61 for UNC) are the plain means of the splits' values, not
means over all sentences; both are given here. Chinese words are jieba's, without punctuation.
"""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from refseg_lib.data.chinese import chinese_path
from refseg_lib.data.english import EnglishSentence, read_english
from refseg_lib.data.translation_file import (
    MACHINE,
    STATUSES,
    Translation,
    TranslationFile,
    open_translations,
)
from refseg_lib.text.tokens import UNKNOWN, tokenize


@dataclass(frozen=True)
class Lengths:
    """Mean lengths over the sentences that have Chinese; nan where there are none.

    Attributes:
        split: The split, ``"all sentences"`` or ``"mean of splits"``.
        english_words: Words in an English sentence.
        chinese_words: Words in a Chinese sentence.
        chinese_characters: Characters in a Chinese sentence, without blanks.
    """

    split: str
    english_words: float
    chinese_words: float
    chinese_characters: float


@dataclass(frozen=True)
class Coverage:
    """How far one split is translated and reviewed.

    Attributes:
        split: The split, or ``"all sentences"``.
        sentences: English sentences.
        translated: Those with a Chinese sentence to use.
        objects: Objects that one of the latter refers to.
        images: Pictures of these objects.
        statuses: Sentences by status, and ``"not begun"``.
    """

    split: str
    sentences: int
    translated: int
    objects: int
    images: int
    statuses: dict[str, int]


@dataclass(frozen=True)
class TranslationReport:
    """Lengths and coverage of one file of Chinese sentences.

    Attributes:
        name: The file's name.
        lengths: One row per split, then all sentences, then the mean of the splits that have any.
        coverage: One row per split, then all sentences.
    """

    name: str
    lengths: tuple[Lengths, ...]
    coverage: tuple[Coverage, ...]

    def markdown(self) -> str:
        """Write both tables."""
        used = [s for s in (*STATUSES, "not begun") if self.coverage[-1].statuses.get(s)]
        first = [
            (
                row.split,
                *map(_mean, (row.english_words, row.chinese_words, row.chinese_characters)),
            )
            for row in self.lengths
        ]
        second = [
            (
                row.split,
                f"{row.sentences:,}",
                f"{row.translated:,} ({_percent(row.translated, row.sentences)})",
                *(f"{row.statuses.get(status, 0):,}" for status in used),
                f"{row.objects:,}",
                f"{row.images:,}",
            )
            for row in self.coverage
        ]
        names = ("sentences", "with Chinese", *used, "objects", "images")
        return (
            f"{self.name}: mean length of a sentence\n\n"
            + _table(("split", "English words", "Chinese words", "Chinese characters"), first)
            + f"\n\n{self.name}: sentences by what has become of them\n\n"
            + _table(("split", *names), second)
        )


def report_translation(refs_path: Path, path: Path | None = None) -> TranslationReport:
    """Count what is translated.

    Args:
        refs_path: `refs(NAME).p` or `.json`.
        path: The file of Chinese sentences; by default the one beside the refs file.

    Raises:
        UserError: A file is damaged, or the package jieba is missing.
    """
    file = open_translations(path or chinese_path(refs_path))
    english = read_english(refs_path)
    splits: dict[str, list[EnglishSentence]] = {}
    for sentence in english:
        splits.setdefault(sentence.split, []).append(sentence)
    groups = [*splits.items(), ("all sentences", english)]
    lengths = [_lengths(name, sentences, file) for name, sentences in groups]
    each = [row for row in lengths[: len(splits)] if not math.isnan(row.chinese_words)]
    average = Lengths(
        "mean of splits",
        _fmean([row.english_words for row in each]),
        _fmean([row.chinese_words for row in each]),
        _fmean([row.chinese_characters for row in each]),
    )
    coverage = tuple(_coverage(name, sentences, file) for name, sentences in groups)
    return TranslationReport(file.path.name, (*lengths, average), coverage)


def _lengths(name: str, sentences: list[EnglishSentence], file: TranslationFile) -> Lengths:
    pairs = [
        (sentence.sent, entry.sent)
        for sentence in sentences
        if _usable(entry := file.get(sentence.sent_id)) and entry
    ]
    return Lengths(
        name,
        _fmean([_words(english, "en") for english, _ in pairs]),
        _fmean([_words(chinese, "zh") for _, chinese in pairs]),
        _fmean([len("".join(chinese.split())) for _, chinese in pairs]),
    )


def _coverage(name: str, sentences: list[EnglishSentence], file: TranslationFile) -> Coverage:
    entries = [(sentence, file.get(sentence.sent_id)) for sentence in sentences]
    usable = [sentence for sentence, entry in entries if _usable(entry)]
    statuses = Counter(entry.status if entry else "not begun" for _, entry in entries)
    # What another program calls differently is nothing that a person has looked at.
    for other in set(statuses) - {*STATUSES, "not begun"}:
        statuses[MACHINE] += statuses.pop(other)
    return Coverage(
        split=name,
        sentences=len(sentences),
        translated=len(usable),
        objects=len({sentence.ref_id for sentence in usable}),
        images=len({sentence.image_id for sentence in usable}),
        statuses=dict(statuses),
    )


def _usable(entry: Translation | None) -> bool:
    return entry is not None and bool(entry.sent.strip())


def _words(sentence: str, language: str) -> int:
    words = tokenize(sentence, language, max_length=10_000, keep_punctuation=False)
    return 0 if words == [UNKNOWN] else len(words)


def _fmean(values: list[float]) -> float:
    return fmean(values) if values else float("nan")


def _mean(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _table(names: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    marks = ("---", *["---:"] * (len(names) - 1))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (names, marks, *rows))
