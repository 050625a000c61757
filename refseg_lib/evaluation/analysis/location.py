"""Which words of an expression say where in the picture the referent is, English and Chinese.

"The dog on the left" says where; "the dog left of the tree" relates it to a tree and does not.
What is read are words, not meanings: "his left shoe" counts as a side, and "at 3 o'clock" as none.
"""

import re
from collections.abc import Sequence

from refseg_lib.text import chinese_chunks, chinese_words, english_words
from refseg_lib.text.english_places import relation_of_place
from refseg_lib.text.tokens import tokenize

LOCATIONS = (
    "none",
    "left or right",
    "top or bottom",
    "middle",
    "front or back",
    "corner",
    "ordinal",
)
"""In reading order. Of several that fit, ordinal wins ("second from the left"), then corner
("bottom left"), then the first one named here ("front left" is left or right)."""

_SIDES = frozenset("left right leftmost rightmost lefthand righthand lft rt".split())
_HEIGHTS = frozenset(
    "top bottom upper lower topmost bottommost uppermost lowermost highest lowest".split()
)
_MIDDLES = frozenset("middle center centre mid centermost".split())
_DEPTHS = frozenset("front back background foreground frontmost backmost rear far".split())
_NEAREST = frozenset("closest nearest farthest furthest closer nearer farther further".split())
_NUMBERED = re.compile(r"\d+(st|nd|rd|th)")
_GARMENT_BEFORE = english_words.ADJECTIVES - {"far"} | {"tank", "crop", "halter"}


def location_of(sentence: str, language: str) -> str:
    """Return the label of :data:`LOCATIONS` that a sentence belongs to.

    Args:
        sentence: Any text.
        language: ``"en"`` or ``"zh"``.

    Raises:
        UserError: See :func:`refseg_lib.text.tokens.tokenize`.
    """
    # A token has at least one character: no word is cut off.
    tokens = tokenize(sentence, language, max_length=len(sentence) + 1)
    groups = _english(tokens) if language == "en" else _chinese(tokens)
    if "ordinal" in groups:
        return "ordinal"
    if "corner" in groups or groups >= {"left or right", "top or bottom"}:
        return "corner"
    return next((label for label in LOCATIONS[1:] if label in groups), "none")


def _english(tokens: Sequence[str]) -> set[str]:
    groups: set[str] = set()
    at = 0
    while at < len(tokens):
        word = tokens[at]
        stop, related = relation_of_place(tokens, at)
        if related and not _looks_at_picture(tokens, stop):
            at = stop
            continue
        if word in english_words.ORDINALS or _NUMBERED.fullmatch(word):
            groups.add("ordinal")
        elif word in _SIDES:
            groups.add("left or right")
        elif word in _HEIGHTS and not _is_garment(tokens, at):
            groups.add("top or bottom")
        elif word in _MIDDLES:
            groups.add("middle")
        elif word in _DEPTHS or _is_nearness(tokens, at):
            groups.add("front or back")
        elif word in ("corner", "corners"):
            groups.add("corner")
        at += 1
    return groups


def _looks_at_picture(tokens: Sequence[str], at: int) -> bool:
    """Say whether "the picture", "us", "your screen" stands at ``at``."""
    rest = [word for word in tokens[at : at + 3] if word not in english_words.DETERMINERS]
    return bool(rest) and rest[0] in english_words.FRAMES | english_words.VIEWERS


def _is_garment(tokens: Sequence[str], at: int) -> bool:
    """Say whether "top" is worn: "the girl in the red top"."""
    return tokens[at] == "top" and at > 0 and tokens[at - 1] in _GARMENT_BEFORE


def _is_nearness(tokens: Sequence[str], at: int) -> bool:
    """Say whether "closest" is closest to the viewer and to nothing else."""
    if tokens[at] not in english_words.NEARNESS:
        return False
    after = at + 1
    led_on = after < len(tokens) and tokens[after] in ("to", "from")
    if _looks_at_picture(tokens, after + led_on):
        return True
    return tokens[at] in _NEAREST and not led_on


def _chinese(tokens: Sequence[str]) -> set[str]:
    groups: set[str] = set()
    words = chinese_chunks.cut(tokens)
    for at, word in enumerate(words):
        if word.kind == chinese_chunks.COUNT:
            groups.add("ordinal")
        # Behind a noun, a place relates to it: 树左边的狗, the dog to the left of the tree.
        elif word.kind == chinese_chunks.PLACE and not _behind_noun(words, at):
            groups |= _chinese_groups(word.text.removeprefix("最"))
    return groups


def _behind_noun(words: Sequence[chinese_chunks.Word], at: int) -> bool:
    before = words[:at]
    if len(before) > 1 and before[-1].kind == chinese_chunks.OF:
        # 树的左边的狗: as without the first 的. 穿红衣服的左边那个: said of the one meant.
        closed = at + 1 < len(words) and words[at + 1].kind == chinese_chunks.OF
        before = before[:-1] if closed else []
    return bool(before) and before[-1].kind == chinese_chunks.NOUN


def _chinese_groups(place: str) -> set[str]:
    if place in chinese_words.PICTURED:
        return set()
    if "角" in place or (set(place) & set("左右") and set(place) & set("上下")):
        return {"corner"}
    signs = {
        "left or right": "左右",
        "top or bottom": "上下顶底",
        "middle": "中央",
        "front or back": "前后背远近",
    }
    # 旁边 and 附近 are beside something that goes without saying.
    if place in ("附近", "旁边", "身边", "一旁", "边上"):
        return set()
    return {label for label, characters in signs.items() if set(place) & set(characters)}
