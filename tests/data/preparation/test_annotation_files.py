"""Annotation files are found however they are nested, and never those of another set."""

from pathlib import Path

import numpy as np
import pytest

from refseg_lib.data.counts import PUBLISHED
from refseg_lib.data.index import Index, Texts
from refseg_lib.data.preparation.annotation_files import (
    SETS,
    find_annotations,
    missing_annotations,
    mistaken_for,
    sets_in,
)
from refseg_lib.data.preparation.archives import Entry, Source
from refseg_lib.data.referit import SPLITS
from refseg_lib.errors import UserError

REFCOCO = ("refs(unc).p", "instances.json")


def source(path: str, *names: str) -> Source:
    made = Source(Path(path), is_folder=False)
    made.entries = [Entry(made, name, 1) for name in names]
    return made


@pytest.mark.parametrize(
    "folder",
    [
        "refcoco/",
        "data/refcoco/",
        "refer/data/refcoco/",
        "datasets/anns/refcoco/",
        "RefCOCO/",
        "",
        "annotations/",
    ],
)
def test_every_mirrors_nesting_is_found(folder: str) -> None:
    found = find_annotations("refcoco", [source("m.zip", *(f"{folder}{n}" for n in REFCOCO))])
    assert {base: entry.name for base, entry in found.items()} == {
        name: f"{folder}{name}" for name in REFCOCO
    }


@pytest.mark.parametrize("other", ["refcoco+", "refcocop", "refcocoplus", "refcocog", "grefcoco"])
def test_files_in_another_sets_folder_or_archive_are_left_alone(other: str) -> None:
    foreign = [f"{other}/{name}" for name in REFCOCO]
    own = [f"data/refcoco/{name}" for name in REFCOCO]
    found = find_annotations("refcoco", [source("m.zip", *foreign, *own)])
    assert {entry.name for entry in found.values()} == set(own)
    assert find_annotations("refcoco", [source("m.zip", *foreign)]) == {}
    assert find_annotations("refcoco", [source(f"{other}.zip", *REFCOCO)]) == {}


def test_a_folder_of_the_sets_name_goes_before_one_that_does_not_tell() -> None:
    names = ["backup/refs(unc).p", "refcoco/refs(unc).p", "coco/instances.json"]
    found = find_annotations("refcoco", [source("m.zip", *names)])
    assert found["refs(unc).p"].name == "refcoco/refs(unc).p"
    assert found["instances.json"].name == "coco/instances.json"


def test_a_file_that_is_there_twice_is_asked_about() -> None:
    twice = source("m.zip", "a/refcoco/refs(unc).p", "b/refcoco/refs(unc).p")
    with pytest.raises(UserError, match=r"there twice.*a/refcoco.*b/refcoco"):
        find_annotations("refcoco", [twice])


def test_only_what_the_readers_know_is_taken() -> None:
    names = ["refs(google).p", "refs(unc).p", "readme.txt", "instances.json", "train.json"]
    found = find_annotations("refcoco", [source("m.zip", *(f"refcoco/{n}" for n in names))])
    assert set(found) == set(REFCOCO)
    found = find_annotations("refcocog", [source("m.zip", *(f"refcocog/{n}" for n in names))])
    assert set(found) == {"refs(google).p", "instances.json"}


def test_referits_files_are_found_wherever_they_are_packed_or_not() -> None:
    names = [f"exp/data/referit_query_{split}.json.gz" for split in SPLITS]
    found = find_annotations(
        "referit", [source("m.zip", *names, "x/referit_imsize.json", "y.json")]
    )
    assert len(found) == 4
    assert missing_annotations("referit", list(found)) == []
    assert missing_annotations("referit", ["referit_query_val.json"]) == [
        "referit_query_train.json",
        "referit_query_test.json",
        "referit_imsize.json",
    ]


def test_what_is_missing_is_named_and_one_of_refcocogs_splits_is_enough() -> None:
    assert missing_annotations("refcoco", ["instances.json"]) == ["refs(unc).p"]
    assert missing_annotations("refcoco+", ["refs(unc).json"]) == ["instances.json"]
    assert missing_annotations("refcocog", ["refs(umd).p", "instances.json"]) == []
    assert missing_annotations("refcocog", ["instances.json"]) == ["refs(umd).p or refs(google).p"]


def test_the_sets_of_a_source_are_told_by_their_folders() -> None:
    names = ["refcoco+/refs(unc).p", "refclef/refs(berkeley).p", "refcoco/instances.json"]
    assert sets_in([source("m.zip", *names)]) == ["refclef", "refcoco+"]


def with_counts(splits: dict[str, tuple[int, int, int]]) -> Index:
    """Every image, object and sentence of each split, counted as asked."""
    image_rows, ref_splits, sent_refs, images = [], [], [], 0
    for code, (n_images, n_refs, n_sentences) in enumerate(splits.values()):
        start = len(ref_splits)
        image_rows += [images + i % n_images for i in range(n_refs)]
        ref_splits += [code] * n_refs
        sent_refs += [start + i % n_refs for i in range(n_sentences)]
        images += n_images
    columns = dict.fromkeys(Index.__dataclass_fields__, np.zeros(0, np.int64))
    rows = {"ref_image_row": image_rows, "ref_split_row": ref_splits, "sent_ref_row": sent_refs}
    columns |= {name: np.array(values, np.int64) for name, values in rows.items()}
    return Index(**columns | {"split_names": Texts.pack(splits)})  # type: ignore


@pytest.mark.parametrize("known", [known for ids in SETS.values() for known in ids])
def test_each_set_is_recognised_under_each_other_name(known: str) -> None:
    index = with_counts({split: tuple(counts) for split, counts in PUBLISHED[known].items()})
    assert mistaken_for(known, index) is None
    for other in PUBLISHED:
        if other != known:
            assert mistaken_for(other, index) == known


def test_a_set_of_ones_own_and_a_part_of_the_right_set_are_not_mistaken() -> None:
    assert mistaken_for("refcoco_unc", with_counts({"val": (3, 4, 5)})) is None
    part = {"val": (1500, 3811, 10834), "testA": (750, 1975, 5726)}  # testA: RefCOCO+'s count
    assert mistaken_for("refcoco_unc", with_counts(part)) is None
