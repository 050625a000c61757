"""Cutting a Chinese referring expression into the words that its grammar needs.

The tokens of a word cutter do not end where phrases end: jieba reads 小路上 as 小 路上, and
最后面穿 as 最后 面穿. So words are found anew, longest match first over the closed lists, with
the cutter's tokens for everything else.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from refseg_lib.text import chinese_words as words

NOUN, ATTRIBUTE, PLACE, SUFFIX, COUNT, POINTER, VERB, AT, OF, WITH, ALSO, BREAK, MARK = (
    "noun", "attribute", "place", "suffix", "count", "pointer", "verb", "at", "of", "with", "also",
    "break", "mark",
)  # fmt: skip
_DIGITS = "0-9一二两三四五六七八九十几"
_POINTER = re.compile(f"[那这][{_DIGITS}]?[{words.MEASURES}]?|[{_DIGITS}]+[{words.MEASURES}]")
_ORDINAL = re.compile(f"第[{_DIGITS}]+[{words.MEASURES}]?")
_MOST_PLACE = re.compile("最(?:" + "|".join(sorted(words.PLACES, key=len, reverse=True)) + ")")


@dataclass(frozen=True)
class Word:
    """One word, from character ``start`` to ``stop`` of the joined tokens, and what it does."""

    kind: str
    text: str
    start: int
    stop: int


def cut(tokens: Sequence[str]) -> list[Word]:
    """Find the words of a grammar in the joined tokens, covering all characters in order."""
    text = "".join(tokens)
    ends, place = [], 0
    for token in tokens:
        place += len(token)
        ends += [place] * len(token)
    found: list[Word] = []
    at = 0
    while at < len(text):
        inside = at > 0 and ends[at - 1] == ends[at]
        # 树和球 as one token: never take 和球 for a word.
        cut_off = inside and text[at] in "和的"
        stop = at + 1 if cut_off else _word_stop(text, at, ends[at])
        found.append(Word(_kind(text[at:stop]), text[at:stop], at, stop))
        at = stop
    return found


def _listed(text: str, at: int) -> int:
    """Return where the longest listed word that begins at ``at`` ends."""
    for pattern in (_ORDINAL, _POINTER, _MOST_PLACE):
        match = pattern.match(text, at)
        if match:
            return match.end()
    for length in range(min(words.LONGEST, len(text) - at), 0, -1):
        if text[at : at + length] in words.LEXICON:
            return at + length
    return at


def _word_stop(text: str, at: int, token_stop: int) -> int:
    stop = _listed(text, at)
    if stop >= token_stop or stop - at >= 2 or (stop > at and text[at] in words.SPLIT_OFF):
        return stop
    # A listed character may be part of a longer word: 上 of 上衣. The token decides, unless a
    # listed word begins inside it and ends behind it (人放 着), or it ends in a place (路上 的).
    for inside in range(at + 1, token_stop):
        later = _listed(text, inside)
        if later > token_stop and later - inside >= 2:
            return inside
        if text[inside] in ("和", "的") and inside + 1 < token_stop:
            return inside
    closing = token_stop == len(text) or text[token_stop] in "的穿戴拿牵骑坐站那这并"
    if token_stop - at >= 2 and text[token_stop - 1] in words.SUFFIXES and closing:
        return token_stop - 1
    return token_stop


def _kind(word: str) -> str:
    listed = (
        (NOUN, words.NOUNS), (ATTRIBUTE, words.DESCRIBING), (PLACE, words.PLACES),
        (SUFFIX, words.SUFFIXES), (COUNT, words.COUNTED), (PLACE, words.PICTURED),
        (VERB, words.VERBS), (AT, words.AT), (OF, words.OF), (WITH, words.WITH), (ALSO, words.ALSO),
    )  # fmt: skip
    for kind, members in listed:
        if word in members:
            return kind
    if _ORDINAL.fullmatch(word):
        return COUNT
    if _MOST_PLACE.fullmatch(word):
        return PLACE
    if _POINTER.fullmatch(word):
        return POINTER
    if word.isdigit():
        return ATTRIBUTE
    if any(map(str.isalnum, word)):
        return NOUN
    return BREAK if set(word) & set(",.;:!?。") else MARK
