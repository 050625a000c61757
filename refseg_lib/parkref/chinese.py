"""Putting the same meaning into Chinese, where every modifier comes before its noun.

"The white dog left of the woman holding a red umbrella" becomes 拿着红色雨伞的女人左边的白色狗:
the words run the other way, the graph is the same. One 的 closes all modifiers of a noun: a chain
such as 拿着雨伞的穿着衬衫的男人 is correct, but nobody talks like that.
"""

import numpy as np

from refseg_lib.parkref.meaning import Clause, Phrase
from refseg_lib.parkref.scene import ANIMALS
from refseg_lib.parkref.utterance import (
    ATTRIBUTE,
    ENTITY,
    RELATION,
    UNNECESSARY,
    Speaker,
    Utterance,
)
from refseg_lib.text.graph import Edge

NOUN_WORDS = {
    "man": ("男人",),
    "guy": ("男的",),
    "woman": ("女人",),
    "lady": ("女士",),
    "boy": ("男孩",),
    "girl": ("女孩",),
    "kid": ("小孩", "孩子"),
    "person": ("人",),
    "animal": ("动物",),
    "dog": ("狗",),
    "cat": ("猫",),
    "duck": ("鸭子",),
    "ball": ("球",),
    "kite": ("风筝",),
    "balloon": ("气球",),
    "umbrella": ("雨伞", "伞"),
    "bench": ("长椅",),
    "tree": ("树",),
    "bike": ("自行车",),
    "boat": ("小船", "船"),
    "sky": ("天空",),
    "grass": ("草地", "草坪"),
    "path": ("小路", "小道"),
    "pond": ("池塘", "水塘"),
    "shirt": ("衬衫", "上衣"),
    "trousers": ("裤子",),
    "skirt": ("裙子",),
    "hat": ("帽子",),
}
MEASURE_WORDS = {
    "animal": "只",
    "dog": "只",
    "cat": "只",
    "duck": "只",
    "balloon": "个",
    "kite": "只",
    "umbrella": "把",
    "bench": "张",
    "tree": "棵",
    "bike": "辆",
    "boat": "条",
    "shirt": "件",
    "trousers": "条",
    "skirt": "条",
    "hat": "顶",
}
COLOR_WORDS = {
    "red": ("红色",),
    "orange": ("橙色", "橘色"),
    "yellow": ("黄色",),
    "green": ("绿色",),
    "blue": ("蓝色",),
    "purple": ("紫色",),
    "pink": ("粉色",),
    "white": ("白色",),
    "black": ("黑色",),
    "brown": ("棕色",),
    "gray": ("灰色",),
}
PATTERN_WORDS = {"striped": ("条纹",), "dotted": ("圆点", "波点")}
COAT_WORDS = {"striped": ("条纹",), "dotted": ("斑点",)}
SIZE_WORDS = {"biggest": "最大", "smallest": "最小", "tallest": "最高", "shortest": "最矮"}
PLACE_WORDS = {
    "left": ("左边", "最左边", "左侧"),
    "right": ("右边", "最右边", "右侧"),
    "middle": ("中间",),
    "front": ("最前面", "前面"),
    "back": ("最后面", "后面"),
    "top": ("上面", "最上面"),
    "bottom": ("下面", "最下面"),
    "bottom left": ("左下角",),
    "bottom right": ("右下角",),
    "top left": ("左上角",),
    "top right": ("右上角",),
}
ORDINALS = {2: "第二", 3: "第三"}
COUNTED_FROM = {"left": ("左起", "从左数"), "right": ("右起", "从右数")}
# Said behind the other noun phrase: 女人 左边 的.
BEHIND_WORDS = {
    "left of": ("左边", "左侧"),
    "right of": ("右边", "右侧"),
    "next to": ("旁边",),
    "in front of": ("前面",),
    "behind": ("后面",),
    "above": ("上方",),
    "under": ("下面", "下方"),
    "on": ("上",),
    "between": ("之间",),
    "holding by": ("拿着",),
    "walking by": ("牵着",),
    "riding by": ("骑着",),
    "sitting on by": ("坐着",),
}
# Said before the other noun phrase: 拿着 雨伞 的.
BEFORE_WORDS = {
    "holding": ("拿着",),
    "walking": ("牵着",),
    "riding": ("骑着",),
    "sitting on": ("坐在",),
    "wearing": ("穿着", "穿"),
}
# Verbs that a hat, or a kite, asks for.
HAT_WORDS = ("戴着", "戴")
KITE_WORDS = ("放着", "拿着")


def in_chinese(phrase: Phrase, rng: np.random.Generator, long: bool = False) -> Utterance:
    """Say a phrase in Chinese; arguments and result as :func:`english.in_english`."""
    speaker = Speaker(rng)
    return speaker.done(_noun_phrase(speaker, phrase, long, outermost=True), "")


def _noun_phrase(speaker: Speaker, phrase: Phrase, long: bool, outermost: bool) -> int:
    behind = [clause for clause in phrase.clauses if clause.relation in BEHIND_WORDS]
    # What one wears comes before what one does: 穿着红色衬衫拿着雨伞的女人.
    before = [clause for clause in phrase.clauses if clause.relation in BEFORE_WORDS]
    before.sort(key=lambda clause: clause.relation != "wearing")
    waiting: list[tuple[str, int]] = []
    start = len(speaker.words)
    place_first = phrase.place is not None and bool(behind or before)
    if place_first:
        _place(speaker, phrase)
        if behind and phrase.ordinal == 1:
            # 左边那只…: without it the place would be the landmark's.
            speaker.say(f"那{_measure(phrase)}", UNNECESSARY)
    # Two places in a row need 在 … 并且 在 …, or the first would modify the second's noun.
    marked = place_first or len(behind) > 1
    for position, clause in enumerate(behind):
        if marked and not clause.relation.endswith(" by"):
            speaker.say("并且 在" if position else "在", UNNECESSARY)
        waiting += _behind(speaker, phrase, clause, long)
    for clause in before:
        waiting += _before(speaker, clause, long)
    if behind or before:
        speaker.say("的", UNNECESSARY)
        start = len(speaker.words)
    if phrase.place is not None and not place_first:
        _place(speaker, phrase)
        if phrase.ordinal == 1:
            speaker.say("的", UNNECESSARY)
    elif outermost and long and not place_first and speaker.chance(0.4):
        speaker.say(f"那{_measure(phrase)}", UNNECESSARY)
    _adjectives(speaker, phrase, closed=not outermost or len(speaker.words) > 0)
    noun = speaker.pick(NOUN_WORDS[phrase.noun])
    speaker.say(noun, ENTITY)
    node = speaker.node(noun, start, phrase.entity)
    speaker.edges += [Edge(node, relation, target) for relation, target in waiting]
    return node


def _measure(phrase: Phrase) -> str:
    return MEASURE_WORDS.get(phrase.noun, "个")


def _place(speaker: Speaker, phrase: Phrase) -> None:
    assert phrase.place is not None
    if phrase.ordinal > 1:
        side = speaker.pick(COUNTED_FROM[phrase.place])
        speaker.say(f"{side} {ORDINALS[phrase.ordinal]} {_measure(phrase)}", ATTRIBUTE)
    else:
        speaker.say(speaker.pick(PLACE_WORDS[phrase.place]), ATTRIBUTE)


def _adjectives(speaker: Speaker, phrase: Phrase, closed: bool) -> None:
    """Say size, colour and pattern; a 的 behind a bare colour unless one was said already."""
    if phrase.size is not None:
        speaker.say(SIZE_WORDS[phrase.size], ATTRIBUTE)
        speaker.say("的", UNNECESSARY)
        closed = True
    if phrase.color is not None:
        speaker.say(speaker.pick(COLOR_WORDS[phrase.color]), ATTRIBUTE)
    if phrase.pattern is not None:
        coat = phrase.noun in (*ANIMALS, "animal")
        words = (COAT_WORDS if coat else PATTERN_WORDS)[phrase.pattern]
        if phrase.color is None and not closed:
            speaker.say(f"带 {speaker.pick(words)}", ATTRIBUTE)
            speaker.say("的", UNNECESSARY)
            closed = True
        else:
            speaker.say(speaker.pick(words), ATTRIBUTE)
    if (phrase.color or phrase.pattern) and not closed and speaker.chance(0.5):
        speaker.say("的", UNNECESSARY)


def _behind(speaker: Speaker, phrase: Phrase, clause: Clause, long: bool) -> list[tuple[str, int]]:
    nodes = []
    for position, target in enumerate(clause.objects):
        if position:
            speaker.say("和", UNNECESSARY)
        nodes.append(_noun_phrase(speaker, target, long, outermost=False))
    options = BEHIND_WORDS[clause.relation]
    if clause.relation == "holding by" and phrase.noun == "kite":
        options = KITE_WORDS
    elif clause.relation == "on" and clause.objects[0].noun == "pond":
        options = ("里",)
    speaker.say(speaker.pick(options), RELATION)
    return [(clause.relation, node) for node in nodes]


def _before(speaker: Speaker, clause: Clause, long: bool) -> list[tuple[str, int]]:
    target = clause.objects[0]
    options = BEFORE_WORDS[clause.relation]
    if target.noun == "hat":
        options = HAT_WORDS
    elif clause.relation == "holding" and target.noun == "kite":
        options = KITE_WORDS
    speaker.say(speaker.pick(options), RELATION)
    node = _noun_phrase(speaker, target, long, outermost=False)
    if clause.relation == "sitting on":
        speaker.say("上", RELATION)
    return [(clause.relation, node)]
