"""The index holds what the two annotation files say, and nothing gets mixed up."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refseg_lib.data.index import Index, Texts, build_index
from refseg_lib.errors import UserError


@given(st.lists(st.text(alphabet=st.characters(), max_size=8), max_size=8))
def test_packed_texts_come_back(texts: list[str]) -> None:
    packed = Texts.pack(texts)
    assert list(packed) == texts
    assert len(packed) == len(texts)


def test_a_lone_surrogate_survives() -> None:
    assert Texts.pack(["a", "\ud800", "b"])[1] == "\ud800"


def build(mini) -> Index:  # type: ignore[no-untyped-def]
    mini.write()
    return build_index(mini.refs_path, mini.folder / "instances.json")


def test_every_sentence_leads_to_its_own_object_image_and_segmentation(mini) -> None:  # type: ignore[no-untyped-def]
    mini.instances["annotations"].reverse()
    mini.instances["images"].reverse()
    index = build(mini)
    told = {}
    for row in range(len(index.sent_id)):
        ref = int(index.sent_ref_row[row])
        image = int(index.ref_image_row[ref])
        told[int(index.sent_id[row])] = (
            index.sent[row],
            index.sent_raw[row],
            int(index.ref_ann_id[ref]),
            index.image_file[image],
            json.loads(index.ref_segmentation[ref]),
            index.split_names[int(index.ref_split_row[ref])],
        )
    annotations = {entry["id"]: entry for entry in mini.instances["annotations"]}
    expected = {
        sentence["sent_id"]: (
            sentence["sent"],
            sentence["raw"],
            ref["ann_id"],
            f"COCO_train2014_{ref['image_id']:012d}.png",
            annotations[ref["ann_id"]]["segmentation"],
            ref["split"],
        )
        for ref in mini.refs
        for sentence in ref["sentences"]
    }
    assert told == expected


def test_refcocos_rule_for_test_and_the_union_trainval(mini) -> None:  # type: ignore[no-untyped-def]
    index = build(mini)

    def numbers(split: str) -> list[int]:
        return index.sent_id[index.rows_of(split, "x")].tolist()

    assert numbers("train") == [0, 1]
    assert numbers("testA") == [200]
    assert numbers("test") == [200, 300]
    assert numbers("trainval") == [0, 1, 100]


def test_a_wrong_split_is_answered_with_the_splits_there_are(mini) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match="train, val, testA, testB"):
        build(mini).rows_of("testC", "refs(unc).p")


@pytest.mark.parametrize(
    ("part", "key"), [("annotations", "ann_id"), ("images", "image_id"), ("categories", "category")]
)
def test_a_ref_that_points_to_nothing_is_named(mini, part: str, key: str) -> None:  # type: ignore[no-untyped-def]
    mini.instances[part] = mini.instances[part][:-1]
    with pytest.raises(UserError, match=r"ref_id [03].*data check"):
        build(mini)


@pytest.mark.parametrize(
    ("key", "value"),
    [("split", ["val"]), ("sentences", 3), ("ref_id", "x"), ("sentences", [{"sent_id": 1}])],
)
def test_a_malformed_ref_is_told(mini, key: str, value: object) -> None:  # type: ignore[no-untyped-def]
    mini.refs[2][key] = value
    with pytest.raises(UserError, match=r"refs\(unc\)\.p"):
        build(mini)


@pytest.mark.parametrize("instances", [[], {}, {"images": 3}, {"images": [{"name": 1}]}])
def test_instances_that_are_no_coco_file_are_told(mini, instances: object) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    (mini.folder / "instances.json").write_text(json.dumps(instances))
    with pytest.raises(UserError, match="no COCO annotation file"):
        build_index(mini.refs_path, mini.folder / "instances.json")


def test_text_in_place_of_a_number_is_told(mini) -> None:  # type: ignore[no-untyped-def]
    mini.instances["images"][0]["height"] = "tall"
    with pytest.raises(UserError, match="no number or text"):
        build(mini)


def test_no_refs_at_all_is_an_empty_index(mini) -> None:  # type: ignore[no-untyped-def]
    mini.refs.clear()
    assert len(build(mini).sent_id) == 0
