"""The English sentences of a folder, without its pictures."""

import json

import pytest

from refseg_lib.data.english import EnglishSentence, read_english, refs_files
from refseg_lib.errors import UserError


def test_every_sentence_comes_with_its_place_in_the_order_of_the_file(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    (mini.folder / "instances.json").unlink()
    assert read_english(mini.refs_path) == [
        EnglishSentence(0, "left dog", "train", 0, 1),
        EnglishSentence(1, "dog on the left", "train", 0, 1),
        EnglishSentence(100, "the tree", "val", 1, 2),
        EnglishSentence(200, "boy", "testA", 2, 3),
        EnglishSentence(300, "red ball", "testB", 3, 4),
    ]


def test_a_folder_lists_its_refs_files_and_never_the_chinese_ones(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    for name in ("refs(unc).json", "refs(umd).json", "refs(unc).zh.json", "refs(umd).zh.json"):
        (mini.folder / name).write_text(json.dumps(mini.refs))
    assert [path.name for path in refs_files(mini.folder)] == ["refs(unc).p", "refs(umd).json"]
    assert refs_files(mini.folder, "umd") == [mini.folder / "refs(umd).json"]
    assert refs_files(mini.folder, "refs(unc)") == [mini.refs_path]


def test_a_folder_without_what_was_asked_for_says_what_there_is(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    with pytest.raises(UserError, match=r"no refs\(google\)\.p: choose one of unc"):
        refs_files(mini.folder, "google")
    with pytest.raises(UserError, match=r"holds no refs\(NAME\)\.p"):
        refs_files(mini.folder / "images")
    with pytest.raises(UserError, match="is no folder"):
        refs_files(mini.folder / "nowhere")


def test_a_number_that_stands_twice_is_told(mini) -> None:  # type: ignore[no-untyped-def]
    mini.refs[2]["sentences"][0]["sent_id"] = 1
    mini.write()
    with pytest.raises(UserError, match="sent_id 1 stands twice"):
        read_english(mini.refs_path)


@pytest.mark.parametrize("broken", [{"sent_id": 5}, {"sent_id": "x", "sent": "dog"},
                                    {"sent_id": 5, "sent": None}, 7])  # fmt: skip
def test_a_malformed_sentence_is_told_by_its_ref(mini, broken: object) -> None:  # type: ignore[no-untyped-def]
    mini.refs[2]["sentences"] = [broken]
    mini.write()
    with pytest.raises(UserError, match="ref number 2"):
        read_english(mini.refs_path)
