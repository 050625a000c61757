"""The published counts agree with the published totals, which come from other sources."""

import pytest

from refseg_lib.data.counts import PUBLISHED, Counts
from refseg_lib.data.layouts import DATASETS


@pytest.mark.parametrize(
    ("name", "refs", "sentences"),
    [
        ("refcoco_unc", 50_000, 142_210),
        ("refcocop_unc", 49_856, 141_564),
        ("refcocog_google", 49_822, 95_010),
        ("refcocog_umd", 49_822, 95_010),
        ("referit", 99_245, 120_081),
    ],
)
def test_splits_add_up_to_the_known_totals(name: str, refs: int, sentences: int) -> None:
    splits = PUBLISHED[name].values()
    assert sum(counts.refs for counts in splits) == refs
    assert sum(counts.sentences for counts in splits) == sentences


def test_images_add_up_where_the_splits_share_none() -> None:
    images = {name: sum(c.images for c in splits.values()) for name, splits in PUBLISHED.items()}
    assert images["refcoco_unc"] == 19_994
    assert images["refcocop_unc"] == 19_992
    assert images["refcocog_umd"] == 25_799
    assert images["referit"] == 19_989
    assert images["refcocog_google"] > 25_799  # the google split shares images


def test_every_known_set_can_be_opened_by_its_id() -> None:
    assert set(PUBLISHED) <= set(DATASETS)


def test_counts_are_told_in_words() -> None:
    assert str(Counts(1500, 3811, 10834)) == "1,500 images, 3,811 objects, 10,834 sentences"
