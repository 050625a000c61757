"""What is linked to what in a Chinese expression: the same as in its English translation."""

import pytest

from refseg_lib.text.chinese_grammar import read_chinese
from refseg_lib.text.tokens import tokenize


def told(sentence: str) -> tuple[list[str], set[str], str]:
    """The texts of the nodes, the edges in words, the head of the referent."""
    graph = read_chinese(tokenize(sentence, "zh", max_length=100))
    assert graph is not None
    names = [node.head for node in graph.nodes]
    edges = {f"{names[e.subject]} {e.relation} {names[e.object]}" for e in graph.edges}
    return [node.text for node in graph.nodes], edges, names[graph.referent]


@pytest.mark.parametrize(
    ("sentence", "nodes", "edges"),
    [
        ("左边的女孩", ["左边的女孩"], set()),
        ("左起第二只白色的狗", ["左起第二只白色的狗"], set()),
        ("女人左边的狗", ["女人", "狗"], {"狗 left of 女人"}),
        ("小路上的自行车", ["小路", "自行车"], {"自行车 on 小路"}),
        ("池塘里的鸭子", ["池塘", "鸭子"], {"鸭子 on 池塘"}),
        ("盒子里的猫", ["盒子", "猫"], {"猫 in 盒子"}),
        (
            "穿红色衬衫拿着伞的那个男孩",
            ["红色衬衫", "伞", "那个男孩"],
            {"男孩 wearing 衬衫", "男孩 holding 伞"},
        ),
        ("男人拿着的伞", ["男人", "伞"], {"伞 holding by 男人"}),
        ("左边那把男人拿着的伞", ["男人", "伞"], {"伞 holding by 男人"}),
        ("男人拿着伞", ["男人", "伞"], {"男人 holding 伞"}),
        (
            "戴帽子的女人和树之间的长椅",
            ["帽子", "女人", "树", "长椅"],
            {"女人 wearing 帽子", "长椅 between 女人", "长椅 between 树"},
        ),
        (
            "在球右边并且在池塘里的鸭子左边的狗",
            ["球", "池塘", "鸭子", "狗"],
            {"狗 right of 球", "鸭子 on 池塘", "狗 left of 鸭子"},
        ),
        (
            "左边那只在树旁边的猫",
            ["树", "猫"],
            {"猫 next to 树"},
        ),
        ("坐在长椅上的女孩", ["长椅", "女孩"], {"女孩 sitting on 长椅"}),
        ("坐在长椅旁边的女孩", ["长椅", "女孩"], {"女孩 next to 长椅"}),
        ("穿红色的人", ["红色", "人"], {"人 wearing 红色"}),
        ("带圆点的伞", ["带圆点的伞"], set()),
        ("没有戴帽子的男孩", ["帽子", "男孩"], {"男孩 without 帽子"}),
        (
            "看着女孩拿着的气球的人",
            ["女孩", "气球", "人"],
            {"气球 holding by 女孩", "人 looking at 气球"},
        ),
        ("男人，戴着帽子", ["男人", "帽子"], {"男人 wearing 帽子"}),
        ("穿T恤的人在Big-Dog左边", ["t恤", "人", "big-dog"],
         {"人 wearing t恤", "人 left of dog"}),
    ],
)  # fmt: skip
def test_modifiers_find_what_they_modify(sentence: str, nodes: list[str], edges: set[str]) -> None:
    assert told(sentence)[:2] == (nodes, edges)


@pytest.mark.parametrize(
    ("sentence", "referent"),
    [("狗旁边的猫", "猫"), ("猫在狗旁边", "猫"), ("男人，戴着帽子", "男人"), ("红色的", "红色")],
)
def test_the_referent_is_the_last_noun_or_the_subject_of_a_sentence(
    sentence: str, referent: str
) -> None:
    assert told(sentence)[2] == referent


@pytest.mark.parametrize("sentence", ["左边", "最左边的", "!!!", "😀", ""])
def test_a_place_alone_names_nothing(sentence: str) -> None:
    assert read_chinese(tokenize(sentence, "zh")) is None
