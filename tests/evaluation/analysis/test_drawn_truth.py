"""What ParkRef knows of a split."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.drawn_truth import job_of, open_truth
from refseg_lib.parkref.writing import plan


def test_the_words_told_are_those_of_the_sentence_in_both_languages(
    park: ReferringDataset, park_root: Path
) -> None:
    truth, chinese = open_truth(park), open_dataset("parkref_unc", park_root, "train", "zh")
    for i in range(len(park)):
        assert " ".join(truth.told(i).words) == park[i].sentence
        assert "".join(truth.told(i, "zh").words) == chinese[i].sentence
        assert len(truth.told(i).kinds) == len(truth.told(i).words)


def test_the_referent_s_entity_has_the_mask_and_category_of_the_data_set(
    park: ReferringDataset,
) -> None:
    truth = open_truth(park)
    for i in range(len(park)):
        told, expression = truth.told(i), park[i]
        entity = told.entities[told.graph.referent]
        mask = truth.mask(entity)
        assert mask is not None
        np.testing.assert_array_equal(mask, park.mask(i))
        assert truth.category(entity) == expression.category
        assert entity in truth.things(expression.image_id)


def test_garments_and_stuff_have_the_name_of_their_kind(park: ReferringDataset) -> None:
    truth = open_truth(park)
    heads = {"pants": "bottoms", "trousers": "bottoms", "skirt": "bottoms", "water": "pond"}
    seen = set()
    for i in range(len(park)):
        told = truth.told(i)
        for node, entity in zip(told.graph.nodes, told.entities, strict=True):
            if entity % 100 >= 20:
                assert truth.category(entity) == heads.get(node.head, node.head)
                seen.add(node.head)
    assert len(seen) > 2


def test_a_picture_drawn_again_is_the_picture_on_disk(park: ReferringDataset) -> None:
    truth = open_truth(park)
    for i in range(0, len(park), 9):
        np.testing.assert_array_equal(truth.draw(i).rendering.image, np.asarray(park.image(i)))


def test_every_picture_is_made_from_what_the_plan_of_the_data_set_says() -> None:
    jobs = plan(train_images=7, seed=5, height=64)
    assert [job_of(job.number, 5, 64) for job in jobs] == jobs


def test_a_picture_of_another_version_is_refused(park: ReferringDataset) -> None:
    truth = replace(open_truth(park), seed=1)
    with pytest.raises(UserError, match="another version"):
        truth.draw(0)


def test_other_data_sets_are_refused(park: ReferringDataset) -> None:
    with pytest.raises(UserError, match="only ParkRef"):
        open_truth(replace(park, id="refcoco_unc"))


def test_a_missing_or_damaged_file_is_named(park: ReferringDataset, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"truth\(unc\)"):
        open_truth(replace(park, folder=tmp_path))
    (tmp_path / "truth(unc).jsonl").write_text('{"sent_id": 1}\n{')
    with pytest.raises(UserError, match="damaged"):
        open_truth(replace(park, folder=tmp_path))
