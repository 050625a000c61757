"""Chinese sentences stand beside the refs file and are never missing in silence."""

import json

import numpy as np
import pytest

from refseg_lib.data.chinese import chinese_path, load_chinese, read_chinese
from refseg_lib.errors import UserError


def write(mini, sentences: dict[str, object]) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    text = json.dumps({"sentences": sentences}, ensure_ascii=False)
    chinese_path(mini.refs_path).write_text(text, encoding="utf-8")


def test_the_file_is_named_after_the_refs_file(mini) -> None:  # type: ignore[no-untyped-def]
    assert chinese_path(mini.refs_path) == mini.folder / "refs(unc).zh.json"


def test_every_sentence_asked_for_is_found_by_its_number(mini) -> None:  # type: ignore[no-untyped-def]
    write(mini, {"0": {"sent": "左边的狗"}, "1": {"sent": "狗"}, "100": {"sent": "树"}})
    assert load_chinese(mini.refs_path, np.array([100, 0])) == {100: "树", 0: "左边的狗"}


@pytest.mark.parametrize("entry", [None, {"sent": ""}, {"sent": "  "}, {"sent": None}, {}, "狗"])
def test_a_sentence_without_translation_is_told_by_number(mini, entry: object) -> None:  # type: ignore[no-untyped-def]
    write(mini, {"0": {"sent": "左边的狗"}} | ({} if entry is None else {"1": entry}))
    with pytest.raises(UserError, match=r"1 of 2 sentences .* sent_id 1\).*data translate"):
        load_chinese(mini.refs_path, np.array([0, 1]))


def test_no_file_at_all_says_how_to_make_it(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    with pytest.raises(UserError, match=r"refs\(unc\)\.zh\.json is missing.*data translate"):
        load_chinese(mini.refs_path, np.array([0]))


@pytest.mark.parametrize("content", ["[]", '{"sentences": []}', '{"sent', '{"0": "狗"}'])
def test_a_malformed_file_is_told(mini, content: str) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    path = chinese_path(mini.refs_path)
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=r"zh\.json"):
        read_chinese(path)
