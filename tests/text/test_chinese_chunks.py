"""Words of the grammar are found wherever the word cutter cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refseg_lib.text.chinese_chunks import COUNT, NOUN, PLACE, POINTER, VERB, cut


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ("小 路上 的 狗", "小路 上 的 狗"),
        ("桌上 的 杯子", "桌 上 的 杯子"),
        ("最后 面穿 波点 衬衫", "最后面 穿 波点 衬衫"),
        ("男 的 拿 着 的 伞", "男的 拿着 的 伞"),
        ("人放 着 的 风筝", "人 放着 的 风筝"),
        ("圆 点球", "圆点 球"),
        ("穿波点 上衣", "穿 波点 上衣"),
        ("斑点狗", "斑点 狗"),
        ("左起 第 三棵树", "左起 第三棵 树"),
        ("那 只 白色 猫", "那只 白色 猫"),
        ("树和球 之间", "树 和 球 之间"),
        ("红色 上衣", "红色 上衣"),
    ],
)
def test_the_cutters_boundaries_do_not_bind(tokens: str, words: str) -> None:
    assert [word.text for word in cut(tokens.split())] == words.split()


@pytest.mark.parametrize(
    ("word", "kind"),
    [("最左边", PLACE), ("第二只", COUNT), ("那把", POINTER), ("戴着", VERB), ("风筝", NOUN)],
)
def test_a_word_is_known_by_what_it_does(word: str, kind: str) -> None:
    assert [found.kind for found in cut([word])] == [kind]


@given(st.lists(st.text(alphabet="穿红色的男人左边在路上和那只第二3a!😀", min_size=1, max_size=4)))
def test_words_cover_every_character_once_and_in_order(tokens: list[str]) -> None:
    assert "".join(word.text for word in cut(tokens)) == "".join(tokens)
