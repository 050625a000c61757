"""Chinese vectors from glosses: each value is worked out by hand from a dictionary of few lines."""

from pathlib import Path

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.text.cedict_vectors import cedict_vectors, content_words, read_cedict
from refseg_lib.text.installed_data import DataNotFoundError
from refseg_lib.text.keyed_vectors import keyed_vectors, origin

ENGLISH = keyed_vectors(
    ["red", "dog", "left", "side", "hand", "in", "at", "surname", "to"],
    np.eye(9, dtype=np.float32),
    source="nine words",
)
DICTIONARY = """# CC-CEDICT
#! version=1
紅色 红色 [hong2 se4] /red (color)/revolutionary/
左邊 左边 [zuo3 bian5] /left/the left side/to the left of/CL:個|个[ge4]/
狗 狗 [gou3] /dog/CL:隻|只[zhi1],條|条[tiao2]/
左 左 [Zuo3] /surname Zuo/
左 左 [zuo3] /left/the Left (dog politics)/
在 在 [zai4] /(located) at/in/
乘 乘 [cheng2] /surname Cheng/variant of 承[cheng2]/
犬 犬 [quan3] /unknownword/
a line that is no entry
"""


@pytest.fixture
def dictionary(tmp_path: Path) -> Path:
    path = tmp_path / "cedict.txt"
    path.write_text(DICTIONARY, encoding="utf-8")
    return path


def told(vectors, word: str) -> dict[str, float]:
    """Weights of the English words in a Chinese word's vector."""
    return {
        english: pytest.approx(float(weight))
        for english, weight in zip(ENGLISH.index_to_key, vectors[word], strict=True)
        if weight
    }


def test_a_word_is_the_mean_of_its_glosses_and_a_gloss_of_its_content_words(
    dictionary: Path,
) -> None:
    vectors = cedict_vectors(ENGLISH, dictionary)
    assert told(vectors, "狗") == {"dog": 1}
    # "revolutionary" has no vector and counts for nothing
    assert told(vectors, "红色") == {"red": 1}
    # "left", "the left side", "to the left of"
    assert told(vectors, "左边") == {"left": (1 + 0.5 + 1) / 3, "side": 0.5 / 3}


def test_readings_of_one_word_are_put_together_and_surnames_and_brackets_left_out(
    dictionary: Path,
) -> None:
    assert told(cedict_vectors(ENGLISH, dictionary), "左") == {"left": 1}


def test_a_gloss_of_function_words_alone_keeps_them(dictionary: Path) -> None:
    assert told(cedict_vectors(ENGLISH, dictionary), "在") == {"at": 0.5, "in": 0.5}


def test_words_whose_glosses_say_nothing_have_no_vector(dictionary: Path) -> None:
    vectors = cedict_vectors(ENGLISH, dictionary)
    assert set(vectors.index_to_key) == {"红色", "左边", "狗", "左", "在"}
    assert origin(vectors) == ("CC-CEDICT and nine words", 0)


@pytest.mark.parametrize(
    ("gloss", "words"),
    [
        ("to ride (a bike (or horse)) [[x]]", ["ride"]),
        ("CL:個|个[ge4],位[wei4]", []),
        ("old variant of 雙|双[shuang1]", []),
        ("erhua variant of 左邊|左边[zuo3 bian5]", []),
        ("see 狗[gou3]", []),
        ("surname Zuo", []),
        ("abbr. for computers", []),
        ("also pr. [hei1]", []),
        ("Umbrella, used in the rain; parasol", ["umbrella", "used", "rain", "parasol"]),
        ("variant", ["variant"]),
        ("", []),
    ],
)
def test_a_gloss_is_cut_into_the_words_that_carry_the_meaning(gloss: str, words: list[str]) -> None:
    assert content_words(gloss) == words


@pytest.mark.parametrize("content", [b"", b"dog 1 2\n", "狗 狗 [gou3] /quokka/\n".encode()])
def test_a_file_that_is_no_dictionary_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.txt").write_bytes(content)
    with pytest.raises(UserError, match=r"odd\.txt: none of \d entries"):
        cedict_vectors(ENGLISH, tmp_path / "odd.txt")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_dictionary_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "odd.txt").write_bytes(content)
    with pytest.raises(UserError, match=r"odd\.txt cannot be read"):
        list(read_cedict(tmp_path / "odd.txt"))


def test_the_installed_dictionary_puts_chinese_beside_english() -> None:
    words = ["dog", "red", "left", "right", "umbrella", "bicycle", "duck", "man", "green"]
    english = keyed_vectors(words, np.eye(len(words), dtype=np.float32), source="words")
    try:
        vectors = cedict_vectors(english)
    except DataNotFoundError as error:
        pytest.skip(str(error))
    pairs = "狗 dog 红色 red 左边 left 右边 right 雨伞 umbrella 自行车 bicycle 绿色 green".split()
    for chinese, meaning in zip(pairs[::2], pairs[1::2], strict=True):
        assert english.similar_by_vector(vectors[chinese], topn=1)[0][0] == meaning
