"""Putting the same meaning into Chinese, where every modifier comes before its noun.

"The white dog left of the woman holding a red umbrella" becomes 拿着红色雨伞的女人左边的白色狗:
the words run the other way, the graph is the same.
"""

import numpy as np

from refseg_lib.parkref.meaning import Clause, Phrase
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
    "grass": ("草地",),
    "path": ("小路",),
    "pond": ("池塘",),
    "shirt": ("衬衫", "上衣"),
    "trousers": ("裤子",),
    "skirt": ("裙子",),
    "hat": ("帽子",),
}
MEASURE_WORDS = {
    "dog": "只",
    "cat": "只",
    "duck": "只",
    "balloon": "只",
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
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "blue": "蓝色",
    "purple": "紫色",
    "pink": "粉色",
    "white": "白色",
    "black": "黑色",
    "brown": "棕色",
    "gray": "灰色",
}
PATTERN_WORDS = {"striped": "条纹", "dotted": "圆点"}
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


def in_chinese(phrase: Phrase, rng: np.random.Generator, long: bool = False) -> Utterance:
    """Say a phrase in Chinese; arguments and result as :func:`english.in_english`."""
    speaker = Speaker()
    return speaker.done(_noun_phrase(speaker, phrase, rng, long, outermost=True), "")


def _noun_phrase(
    speaker: Speaker, phrase: Phrase, rng: np.random.Generator, long: bool, outermost: bool
) -> int:
    def pick(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    behind = [clause for clause in phrase.clauses if clause.relation in BEHIND_WORDS]
    before = [clause for clause in phrase.clauses if clause.relation in BEFORE_WORDS]
    # Garments stand nearest to the noun.
    before.sort(key=lambda clause: clause.relation == "wearing")
    waiting: list[tuple[str, int]] = []
    place_first = phrase.place is not None and bool(before) and phrase.ordinal == 1
    for position, clause in enumerate(behind):
        # Two places in a row need 在 … 并且 在 …, or the first would modify the second's noun.
        if len(behind) > 1:
            speaker.say("并且 在" if position else "在", UNNECESSARY)
        waiting += _behind(speaker, clause, rng, long)
        if position == len(behind) - 1:
            speaker.say("的", UNNECESSARY)
    if place_first and phrase.place is not None:
        speaker.say(pick(PLACE_WORDS[phrase.place]), ATTRIBUTE)
    for clause in before:
        waiting += _before(speaker, clause, rng, long)
    start = len(speaker.words)
    if phrase.place is not None and not place_first:
        if phrase.ordinal > 1:
            side = "左" if phrase.place == "left" else "右"
            measure = MEASURE_WORDS.get(phrase.noun, "个")
            speaker.say(f"{side}起 {ORDINALS[phrase.ordinal]} {measure}", ATTRIBUTE)
        else:
            speaker.say(pick(PLACE_WORDS[phrase.place]), ATTRIBUTE)
            speaker.say("的", UNNECESSARY)
    elif outermost and long and rng.random() < 0.5:
        speaker.say("那" + MEASURE_WORDS.get(phrase.noun, "个"), UNNECESSARY)
    if phrase.size is not None:
        speaker.say(f"{SIZE_WORDS[phrase.size]}", ATTRIBUTE)
        speaker.say("的", UNNECESSARY)
    if phrase.color is not None:
        speaker.say(COLOR_WORDS[phrase.color], ATTRIBUTE)
    if phrase.pattern is not None:
        speaker.say(PATTERN_WORDS[phrase.pattern], ATTRIBUTE)
    if (phrase.color or phrase.pattern) and outermost and rng.random() < 0.5:
        speaker.say("的", UNNECESSARY)
    noun = pick(NOUN_WORDS[phrase.noun])
    speaker.say(noun, ENTITY)
    node = speaker.node(noun, start, phrase.entity)
    speaker.edges += [Edge(node, relation, target) for relation, target in waiting]
    return node


def _behind(
    speaker: Speaker, clause: Clause, rng: np.random.Generator, long: bool
) -> list[tuple[str, int]]:
    nodes = []
    for position, target in enumerate(clause.objects):
        if position:
            speaker.say("和", UNNECESSARY)
        nodes.append(_noun_phrase(speaker, target, rng, long, outermost=False))
    options = BEHIND_WORDS[clause.relation]
    speaker.say(options[int(rng.integers(len(options)))], RELATION)
    return [(clause.relation, node) for node in nodes]


def _before(
    speaker: Speaker, clause: Clause, rng: np.random.Generator, long: bool
) -> list[tuple[str, int]]:
    target = clause.objects[0]
    options = BEFORE_WORDS[clause.relation]
    if target.noun == "hat":
        options = ("戴着",)
    elif clause.relation == "holding" and target.noun == "kite":
        options = ("放着",)
    speaker.say(options[int(rng.integers(len(options)))], RELATION)
    node = _noun_phrase(speaker, target, rng, long, outermost=False)
    if clause.relation == "sitting on":
        speaker.say("上", RELATION)
    speaker.say("的", UNNECESSARY)
    return [(clause.relation, node)]
