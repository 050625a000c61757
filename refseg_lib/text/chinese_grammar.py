"""From the words of a Chinese expression to its language graph.

Every modifier comes before its noun and 的 closes it, so the last noun is the referent. What is
read waits in a frame: a verb (穿着 …), or 在 …, opens a new one, whose noun phrase ends at 的, at
the next verb, or at the place behind it (在 … 旁边).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from refseg_lib.text import chinese_words as words
from refseg_lib.text.chinese_chunks import (
    ALSO,
    AT,
    ATTRIBUTE,
    BREAK,
    COUNT,
    NOUN,
    OF,
    PLACE,
    POINTER,
    SUFFIX,
    VERB,
    WITH,
    Word,
    cut,
)
from refseg_lib.text.graph import Edge, LanguageGraph, Node
from refseg_lib.text.tokens import UNKNOWN


@dataclass
class _Frame:
    """A noun phrase on its way: what opened it, what waits for its noun, its words so far."""

    opener: Word | None = None
    also: bool = False  # opened behind 并且: what waits outside is not for nouns in here
    subject: int | None = None  # a noun said before the verb, as in 男人 拿着 雨伞
    waiting: list[tuple[str, int]] = field(default_factory=list)
    joined: list[int] = field(default_factory=list)  # A 和 …
    phrase: list[Word] = field(default_factory=list)
    head: Word | None = None


class _Reader:
    def __init__(self, found: list[Word]) -> None:
        self.found = found
        self.nodes: list[tuple[str, int, int]] = []  # head, first and last character
        self.edges: list[Edge] = []
        self.frames = [_Frame()]
        self.main: int | None = None
        self._also = False

    def read(self) -> int | None:
        """Read everything; return the referent."""
        for number, word in enumerate(self.found):
            following = self.found[number + 1].kind if number + 1 < len(self.found) else BREAK
            self._also = number > 0 and self.found[number - 1].kind == ALSO
            self._take(word, following, self.found[number + 1 :])
        while len(self.frames) > 1:
            self._leave(self._relation())
        root = self.frames[0]
        if root.head is None and self.main is None:
            # 穿红色衣服: nobody is named but the clothes. 红色的: described without a noun.
            described = [word for word in root.phrase if word.kind == ATTRIBUTE]
            if root.waiting and not described:
                return root.waiting[-1][1]
            root.head = described[-1] if described else None
        nodes = self._close(root)
        if nodes:
            for other in nodes[:-1]:
                self.edges.append(Edge(nodes[-1], "and", other))
            if self.main is not None:
                self.edges.append(Edge(self.main, "with", nodes[-1]))
            return nodes[-1] if self.main is None else self.main
        self.edges += [Edge(self.main, *wait) for wait in root.waiting if self.main is not None]
        return self.main

    def _take(self, word: Word, following: str, rest: list[Word]) -> None:
        frame = self.frames[-1]
        if word.kind in (PLACE, SUFFIX) and frame.head is not None:
            self._place_behind(word, rest)
        elif word.kind == NOUN:
            frame.phrase.append(word)
            frame.head = word
        elif word.kind in (ATTRIBUTE, PLACE, SUFFIX, COUNT, POINTER):
            frame.phrase.append(word)
        elif word.kind == OF:
            self._of(word, rest)
        elif word.kind == VERB:
            self._verb(word, following, rest)
        elif word.kind == AT:
            self._open(word)
        elif word.kind == WITH and frame.head is not None:
            frame.joined = self._close(frame)
        elif word.kind == ALSO and word.text not in ("着", "了"):
            if frame.opener is not None and frame.head is not None:
                self._leave(self._relation())
        elif word.kind == BREAK:
            while len(self.frames) > 1:
                self._leave(self._relation())
            if self.frames[0].head is not None and self.main is None:
                self.main = self._close(self.frames[0])[-1]

    def _place_behind(self, word: Word, rest: list[Word]) -> None:
        """A place behind a noun is a relation to it: 女人 左边."""
        frame = self.frames[-1]
        assert frame.head is not None
        relation = words.PLACES.get(word.text) or words.SUFFIXES.get(word.text, "in")
        if word.text.startswith("最"):
            relation = words.PLACES[word.text[1:]]
        if relation == "in" and frame.head.text in words.WATER:
            relation = "on"
        if relation == "between" and not frame.joined:
            two = frame.head.text.endswith("们") or any(w.kind == POINTER for w in frame.phrase)
            relation = "between" if two or word.text == "之间" else "middle of"
        posture = frame.opener is not None and self._relation() in words.POSTURES
        if posture and relation in ("on", "in"):
            relation = self._relation()
        # 并且 在 树 旁边 的 人 左边: the place that closes 在 is the last one.
        last = not (frame.also and _another_place(rest))
        if posture or (frame.opener is not None and frame.opener.kind == AT and last):
            self._leave(relation)
        else:
            frame.waiting = [(relation, node) for node in self._close(frame)]

    def _of(self, word: Word, rest: list[Word]) -> None:
        frame = self.frames[-1]
        if frame.opener is None:
            if frame.phrase:
                frame.phrase.append(word)
        elif frame.head is not None:
            self._leave(self._relation())
        elif frame.phrase:
            goes_on = any(later.kind == OF for later in rest)
            if goes_on and frame.phrase[-1].text not in words.PATTERNS:
                frame.phrase.append(word)  # 穿 红色 的 衬衫 的 …
            else:
                self._describe_with(frame, word)

    def _describe_with(self, frame: _Frame, word: Word) -> None:
        """Close a frame that holds no noun: 在 左边 的, 带 圆点 的, 穿 红色 的."""
        assert frame.opener is not None
        last = frame.phrase[-1]
        if frame.opener.kind == VERB and last.text in words.COLORS:
            frame.head = last
            self._leave(self._relation())
            return
        self.frames.pop()
        self.frames[-1].phrase += [frame.opener, *frame.phrase, word]

    def _verb(self, word: Word, following: str, rest: list[Word]) -> None:
        frame = self.frames[-1]
        if frame.head is None:
            if following in (OF, BREAK):
                frame.phrase.append(word)  # 站着 的 人
            else:
                self._open(word)
        elif following == OF and (
            # 看着 女孩 拿着 的 气球 的 男孩
            frame.opener is None or frame.opener.kind == AT or any(w.kind == OF for w in rest[1:])
        ):
            # 男人 拿着 的: the noun is still to come. 左边 那把 男人 … is about that umbrella.
            front = [w.kind for w in frame.phrase[:2]]
            if front in ([PLACE, POINTER], [COUNT, COUNT]):
                del frame.phrase[:2]
            relation = f"{words.VERBS[word.text]} by"
            frame.waiting = [(relation, node) for node in self._close(frame)]
        elif following == OF and words.VERBS[word.text] in words.POSTURES:
            self._leave(self._relation())
        else:
            self._open(word)

    def _open(self, word: Word) -> None:
        frame = self.frames[-1]
        if frame.opener is not None and frame.head is not None:
            self._leave(self._relation())
            frame = self.frames[-1]
        subject = None
        if frame.head is not None:
            subject = self._close(frame)[-1]
            self.main = subject if self.main is None and len(self.frames) == 1 else self.main
        # 左边 那只 在 …: words before a clause stay outside the phrase, which must be in one piece.
        frame.phrase = []
        self.frames.append(_Frame(word, self._also, subject))

    def _relation(self) -> str:
        opener = self.frames[-1].opener
        return words.VERBS.get(opener.text, "at") if opener is not None else "at"

    def _leave(self, relation: str) -> None:
        """Close the innermost frame; its nouns wait for what they modify."""
        frame = self.frames.pop()
        outer = self.frames[-1]
        links = [(relation, node) for node in self._close(frame)]
        if frame.subject is None:
            outer.waiting += links
        else:
            self.edges += [Edge(frame.subject, *link) for link in links]

    def _close(self, frame: _Frame) -> list[int]:
        """Make a node of a frame's phrase; return it after those joined to it before."""
        joined, frame.joined = frame.joined, []
        if frame.head is None:
            return joined
        self.nodes.append((frame.head.text, frame.phrase[0].start, frame.head.stop))
        node = len(self.nodes) - 1
        self.edges += [Edge(node, *wait) for wait in frame.waiting]
        frame.waiting, frame.phrase, frame.head = [], [], None
        return [*joined, node]


def _another_place(rest: list[Word]) -> bool:
    """Say whether a noun with a place behind it comes later."""
    pairs = itertools.pairwise(rest)
    return any(one.kind == NOUN and two.kind in (PLACE, SUFFIX) for one, two in pairs)


def read_chinese(tokens: Sequence[str]) -> LanguageGraph | None:
    """Read a Chinese expression.

    Args:
        tokens: As from :func:`refseg_lib.text.tokens.tokenize` with language ``"zh"``.

    Returns:
        Its graph, or None where the expression names nothing. A phrase that ends inside a token
        (路上 holds the end of 小路) spans the whole token; its text is the phrase alone.
    """
    if list(tokens) == [UNKNOWN]:
        return None
    reader = _Reader(cut(tokens))
    referent = reader.read()
    if referent is None:
        return None
    text = "".join(tokens)
    token_of = [number for number, token in enumerate(tokens) for _ in token]
    nodes = tuple(
        Node(text[start:stop], head, token_of[start], token_of[stop - 1] + 1)
        for head, start, stop in reader.nodes
    )
    return LanguageGraph(nodes, tuple(reader.edges), referent)
