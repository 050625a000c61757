"""Bad input from end to end: one clear line (what, where, what to do), or simply no harm."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from refseg_lib.data.batch import Example, collate
from refseg_lib.data.letterbox import letterbox_image, letterbox_mask
from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.errors import UserError
from refseg_lib.text.tokens import tokenize
from refseg_lib.text.vocabulary import Vocabulary


def clear_line(action: Callable[[], Any], *told: str) -> None:
    """The action fails with one line that tells all of ``told``."""
    with pytest.raises(UserError) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    for text in told:
        assert text in message


def sample(dataset: ReferringDataset, i: int) -> Example:
    """All the way from a sentence of the data set to an example."""
    vocabulary = Vocabulary.build([["dog"]])
    return Example(
        words=vocabulary.encode(tokenize(dataset[i].sentence)),
        image=letterbox_image(dataset.image(i), 16),
        mask=letterbox_mask(dataset.mask(i), 16),
        image_id=dataset[i].image_id,
    )


SENTENCES = [
    "",
    "   ",
    ".",
    "word " * 500,
    "🐕🐕🐕 🚗",
    "zyx qwv",
    "狗在左边",
    "\x00\u202e",
    "<pad>" * 9,
]


@pytest.mark.parametrize("sentence", SENTENCES, ids=range(len(SENTENCES)))
def test_any_sentence_becomes_an_example_with_at_least_one_word(mini, sentence: str) -> None:  # type: ignore[no-untyped-def]
    mini.refs[0]["sentences"][0]["sent"] = sentence
    dataset = open_dataset("unc", mini.write(), "train")
    assert dataset[0].sentence == sentence
    batch = collate([sample(dataset, 0), sample(dataset, 1)])
    assert 1 <= int(batch.word_mask[0].sum()) <= 20
    assert batch.words[0][batch.word_mask[0]].gt(0).all()
    assert torch.equal(batch.image_of, torch.tensor([0, 0]))


def test_a_missing_image_is_told_with_its_name_and_places(mini) -> None:  # type: ignore[no-untyped-def]
    dataset = open_dataset("unc", mini.write(), "train")
    path = dataset.image_path(0)
    path.unlink()
    clear_line(lambda: sample(dataset, 0), path.name, str(path.parent), "missing")


@pytest.mark.parametrize("keep", [0, 40, 60])
def test_a_corrupt_image_is_told(mini, keep: int) -> None:  # type: ignore[no-untyped-def]
    dataset = open_dataset("unc", mini.write(), "train")
    path = dataset.image_path(0)
    path.write_bytes(path.read_bytes()[:keep])
    clear_line(lambda: sample(dataset, 0), path.name, "damaged")


@pytest.mark.parametrize(
    "segmentation",
    [
        [],
        [[]],
        [[3, 3, 4, 4]],
        [[50, 50, 60, 50, 60, 60]],
        {"size": [30, 40], "counts": [1200]},
    ],
)
def test_an_empty_mask_is_told_with_its_annotation(mini, segmentation: Any) -> None:  # type: ignore[no-untyped-def]
    mini.instances["annotations"][0]["segmentation"] = segmentation
    dataset = open_dataset("unc", mini.write(), "train")
    clear_line(lambda: sample(dataset, 0), "annotation 10", "no pixel", "data check")


@pytest.mark.parametrize("segmentation", [None, 3, "x", [3], [[1, 2, 3]], {"counts": "a"}])
def test_a_malformed_mask_is_told_with_its_annotation(mini, segmentation: Any) -> None:  # type: ignore[no-untyped-def]
    mini.instances["annotations"][0]["segmentation"] = segmentation
    dataset = open_dataset("unc", mini.write(), "train")
    clear_line(lambda: sample(dataset, 0), "annotation 10", str(mini.folder))


def test_a_polygon_that_leaves_the_image_is_cut_off(mini) -> None:  # type: ignore[no-untyped-def]
    mini.instances["annotations"][0]["segmentation"] = [[-9, -9, 20, -9, 20, 99, -9, 99]]
    mask = open_dataset("unc", mini.write(), "train").mask(0)
    assert mask[:, :20].all()
    assert not mask[:, 20:].any()


def test_a_wrong_split_lists_the_splits(mini) -> None:  # type: ignore[no-untyped-def]
    root = mini.write()
    clear_line(lambda: open_dataset("unc", root, "test1"), "test1", "train, val, testA, testB")


def test_an_unknown_data_set_lists_the_known_ones(tmp_path: Path) -> None:
    clear_line(lambda: open_dataset("coco", tmp_path, "val"), "'coco'", "refcocog_umd", "unc+")


def test_a_missing_refs_file_says_where_it_was_looked_for(mini) -> None:  # type: ignore[no-untyped-def]
    root = mini.write()
    mini.refs_path.unlink()
    clear_line(lambda: open_dataset("unc", root, "val"), str(mini.refs_path), "instances.json")


@pytest.mark.parametrize("name", ["instances.json", "refs(unc).p"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_file_cut_short_is_told(mini, name: str, share: float) -> None:  # type: ignore[no-untyped-def]
    root = mini.write()
    data = (mini.folder / name).read_bytes()
    (mini.folder / name).write_bytes(data[: int(share * len(data))])
    clear_line(lambda: open_dataset("unc", root, "val"), name, "cut short")


@pytest.mark.parametrize(("language", "sentences"), [("fr", "sent"), ("en", "tokens")])
def test_an_unknown_language_or_form_is_told(mini, language: str, sentences: str) -> None:  # type: ignore[no-untyped-def]
    root = mini.write()
    clear_line(lambda: open_dataset("unc", root, "val", language, sentences), "en or zh")


def test_chinese_without_translations_is_told(mini) -> None:  # type: ignore[no-untyped-def]
    root = mini.write()
    clear_line(lambda: open_dataset("unc", root, "val", "zh"), "refs(unc).zh.json", "translate")
    (mini.folder / "refs(unc).zh.json").write_text(json.dumps({"sentences": {}}))
    clear_line(lambda: open_dataset("unc", root, "val", "zh"), "1 of 1", "sent_id 100")
