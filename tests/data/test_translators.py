"""Translations from a file or a function of the user's; a bad line is told by its number."""

import json
import sys
from pathlib import Path

import pytest

from refseg_lib.data.translators import callable_translator, file_translator, open_translator
from refseg_lib.errors import UserError


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory whose modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return tmp_path


def write(tmp_path: Path, name: str, content: str) -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


def test_a_csv_file_gives_its_sentences_by_number_or_by_english(tmp_path: Path) -> None:
    content = (
        "\ufeffenglish,chinese,sent_id,who\r\n"
        "left dog,左边的狗,,Li\r\n"
        '"the cat, the big one",大猫,,\r\n'
        "boy,男孩,17,Li\r\n"
        ",女孩,18,\r\n"
    )
    translator = file_translator(write(tmp_path, "a.csv", content))
    assert translator.translate(["the cat, the big one", "left  dog"]) == ["大猫", "左边的狗"]
    assert translator.by_sent_id == {17: "男孩", 18: "女孩"}
    assert translator.made_from == {17: "boy"}
    assert translator.name == "file:a.csv"
    with pytest.raises(UserError, match=r"a\.csv has no translation of 'boy'"):
        translator.translate(["boy"])


def test_a_jsonl_file_gives_the_same(tmp_path: Path) -> None:
    rows = [
        {"english": "left dog", "chinese": "左边的\u2028狗"},
        {"sent_id": 17, "chinese": "男孩"},
        {"sent_id": "18", "english": None, "chinese": "女孩"},
    ]
    content = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    translator = file_translator(write(tmp_path, "a.jsonl", content))
    assert translator.translate(["left dog"]) == ["左边的\u2028狗"]
    assert translator.by_sent_id == {17: "男孩", 18: "女孩"}


HEADER = "sent_id,english,chinese\n"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", "number,text\n1,狗\n", "line 1: it must name the columns"),
        ("a.csv", "", "line 1: it must name the columns"),
        ("a.csv", HEADER + "1,dog,狗\n2,cat,\n", "line 3: it has no chinese"),
        ("a.csv", HEADER + "1,dog,狗\n\nx,cat,猫\n", "line 4: its sent_id 'x' is no number"),
        ("a.csv", HEADER + ",,猫\n", "line 2: it has neither sent_id nor english"),
        ("a.csv", HEADER + "1,dog,狗,more\n", "line 2: it has more or fewer cells"),
        ("a.csv", HEADER + "1,dog\n", "line 2: it has more or fewer cells"),
        ("a.csv", HEADER + '1,"a\nb",狗\n1,,猫\n', "line 4: an earlier line has '狗'"),
        ("a.csv", HEADER + ",dog,狗\n,dog,猫\n", "line 3: an earlier line has '狗'"),
        ("a.csv", HEADER + '1,"dog,狗\n', "line "),
        ("a.jsonl", '{"sent_id": 1, "chinese": "狗"}\n{"sent_id": 2,\n', "line 2: it is no JSON"),
        ("a.jsonl", '["狗"]\n', "line 1: it is no JSON object but list"),
        ("a.jsonl", '{"sent_id": 1, "chinese": 5}\n', "line 1: its chinese is int"),
        ("a.jsonl", '{"sent_id": 1.5, "chinese": "狗"}\n', "line 1: its sent_id '1.5'"),
    ],
)
def test_a_bad_line_is_told_by_its_number(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    with pytest.raises(UserError) as caught:
        file_translator(write(tmp_path, name, content))
    assert told in str(caught.value)
    assert name in str(caught.value)


def test_one_bad_line_among_many_is_found(tmp_path: Path) -> None:
    lines = [f"{number},,狗" for number in range(100_000)]
    lines[77_776] = "77776,,"
    with pytest.raises(UserError, match="line 77778: it has no chinese"):
        file_translator(write(tmp_path, "a.csv", HEADER + "\n".join(lines)))


def test_a_file_in_another_encoding_is_told_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HEADER.encode() + "1,dog,狗\n".encode("gb18030"))
    with pytest.raises(UserError, match="line 2 is not UTF-8"):
        file_translator(path)


def test_a_function_in_the_working_directory_is_found(workplace: Path) -> None:
    write(
        workplace, "mine_zh.py", "def shout(texts):\n    return [text + '！' for text in texts]\n"
    )
    translator = open_translator("mine_zh:shout")
    assert translator.translate(["a", "b"]) == ["a！", "b！"]
    assert translator.name == "mine_zh:shout"


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("nowhere_zh:f", "importing nowhere_zh failed"),
        ("broken_zh:f", "ZeroDivisionError"),
        ("json:nothing", "json has no function nothing"),
        ("json:__doc__", "json has no function __doc__"),
        ("json:", "expected package.module:function"),
        (":f", "expected package.module:function"),
    ],
)
def test_a_function_that_is_not_there_is_told(workplace: Path, choice: str, told: str) -> None:
    write(workplace, "broken_zh.py", "1 / 0\n")
    with pytest.raises(UserError, match=told):
        callable_translator(choice)


def test_an_unknown_kind_of_translator_lists_the_kinds(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--with google: expected parkref, FILE\.csv"):
        open_translator("google")
    with pytest.raises(UserError, match="cannot read"):
        open_translator(str(tmp_path / "absent.csv"))
