"""The reader: one sample per sentence, with the right picture and the right mask."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError


def test_a_sample_is_a_sentence_with_its_object(mini) -> None:  # type: ignore[no-untyped-def]
    dataset = open_dataset("unc", mini.write(), "train")
    assert len(dataset) == 2
    expression = dataset[1]
    assert expression.sentence == "dog on the left"
    assert (expression.sent_id, expression.ref_id, expression.ann_id) == (1, 0, 10)
    assert (expression.image_id, expression.split, expression.category) == (1, "train", "thing")
    assert (dataset.id, dataset.split, dataset.language) == ("refcoco_unc", "train", "en")


def test_raw_sentences_are_as_typed(mini) -> None:  # type: ignore[no-untyped-def]
    dataset = open_dataset("unc", mini.write(), "train", sentences="raw")
    assert dataset[1].sentence == "Dog on the left."


def test_indexing_like_a_list_ends_like_a_list(mini) -> None:  # type: ignore[no-untyped-def]
    dataset = open_dataset("unc", mini.write(), "train")
    assert [expression.sent_id for expression in dataset] == [0, 1]
    assert dataset[-1] == dataset[1]
    with pytest.raises(IndexError):
        dataset[2]


def test_the_mask_is_the_union_of_overlapping_polygons(mini) -> None:  # type: ignore[no-untyped-def]
    mask = open_dataset("unc", mini.write(), "train").mask(0)
    expected = np.zeros((30, 40), bool)
    expected[5:15, 5:30] = True
    assert np.array_equal(mask, expected)


def test_run_lengths_are_read_too(mini) -> None:  # type: ignore[no-untyped-def]
    mask = open_dataset("unc", mini.write(), "val").mask(0)
    assert mask[:, 0].all()
    assert not mask[:, 1:].any()


@pytest.mark.parametrize(
    "place", ["refcoco/images", "images/train2014", "images/mscoco/images/train2014"]
)
def test_each_sentence_has_the_picture_of_its_image(mini, place: str) -> None:  # type: ignore[no-untyped-def]
    root = mini.write(place)
    for number, split in enumerate(["train", "val", "testA", "testB"]):
        dataset = open_dataset("unc", root, split)
        assert np.asarray(dataset.image(0)).mean() == 50 * number
        assert dataset.size(0) == (30, 40)


def test_the_folder_itself_and_its_file_name_open_the_same(mini) -> None:  # type: ignore[no-untyped-def]
    root = mini.write()
    by_root = open_dataset("unc", root, "train")
    by_folder = open_dataset("unc", root / "refcoco", "train")
    by_file = open_dataset(f"folder:{mini.refs_path}", root, "train")
    assert list(by_root) == list(by_folder) == list(by_file)
    assert by_file.id == f"folder:{mini.refs_path}"


def test_json_refs_read_like_a_pickle(mini) -> None:  # type: ignore[no-untyped-def]
    root = mini.write()
    from_pickle = list(open_dataset("unc", root, "train"))
    mini.refs_path.unlink()
    mini.refs_path.with_suffix(".json").write_text(json.dumps(mini.refs))
    assert list(open_dataset("unc", root, "train")) == from_pickle


def test_sentences_are_grouped_by_image_in_the_order_of_the_file(mini) -> None:  # type: ignore[no-untyped-def]
    again: dict[str, Any] = dict(mini.refs[0], ref_id=9, sent_ids=[900])
    again["sentences"] = [{"sent_id": 900, "sent": "a", "raw": "a"}]
    mini.refs[1]["split"] = "train"
    mini.refs.append(again)
    dataset = open_dataset("unc", mini.write(), "train")
    assert dataset.by_image() == [(1, [0, 1, 3]), (2, [2])]
    assert all(dataset[i].image_id == image for image, rows in dataset.by_image() for i in rows)


def test_chinese_sentences_take_the_place_of_english_ones(mini) -> None:  # type: ignore[no-untyped-def]
    root = mini.write()
    sentences = {"0": {"sent": "左边的狗"}, "1": {"sent": "在左边的狗"}}
    zh = json.dumps({"sentences": sentences}, ensure_ascii=False)
    (mini.folder / "refs(unc).zh.json").write_text(zh, encoding="utf-8")
    chinese = open_dataset("unc", root, "train", language="zh")
    english = open_dataset("unc", root, "train")
    assert [e.sentence for e in chinese] == ["左边的狗", "在左边的狗"]
    assert [e.sent_id for e in chinese] == [e.sent_id for e in english]
    with pytest.raises(UserError, match="lacks the Chinese of 1 of 1"):
        open_dataset("unc", root, "val", language="zh")


def test_a_data_set_can_be_sent_to_a_worker_process(mini) -> None:  # type: ignore[no-untyped-def]
    dataset = open_dataset("unc", mini.write(), "train")
    assert list(pickle.loads(pickle.dumps(dataset))) == list(dataset)


def test_an_image_of_another_size_than_annotated_is_refused(mini) -> None:  # type: ignore[no-untyped-def]
    dataset = open_dataset("unc", mini.write(), "train")
    Image.new("RGB", (20, 15)).save(dataset.image_path(0))
    with pytest.raises(UserError, match="is 20x15 pixels but was annotated at 40x30"):
        dataset.image(0)


def test_real_refcoco_is_read_by_the_same_reader(real_data: Path, tmp_path: Path) -> None:
    dataset = open_dataset("unc", real_data / "refcoco_mini", "val")
    assert len(dataset) == 188
    assert len(dataset.by_image()) == 70
    assert len({expression.ref_id for expression in dataset}) == 85
    refs = pickle.loads((real_data / "refcoco_mini" / "refs(unc).p").read_bytes())
    told = {s["sent_id"]: s["sent"] for ref in refs for s in ref["sentences"]}
    instances = json.loads((real_data / "refcoco_mini" / "instances.json").read_text())
    areas = {entry["id"]: entry["area"] for entry in instances["annotations"]}
    shares = []
    for i, expression in enumerate(dataset):
        assert expression.sentence == told[expression.sent_id]
        mask = dataset.mask(i)
        assert mask.any()
        assert mask.shape == dataset.size(i) == dataset.image(i).size[::-1]
        shares.append(mask.sum() / areas[expression.ann_id])
    # The annotators' areas are of the outlines; overlaps and outline pixels differ a little.
    assert np.median(shares) == pytest.approx(1, abs=0.05)
