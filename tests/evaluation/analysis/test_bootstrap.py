"""The bootstrap over images against literal loops, and what it must not care about."""

import random

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.bootstrap import interval, resample, score_sums, sum_by_image
from refseg_lib.evaluation.sentence_scores import SentenceScore


def said(image: int, intersection: int, union: int, number: int = 0) -> SentenceScore:
    return SentenceScore(number, number, image, "dog", intersection, union)


def some_scores(images: int = 25, seed: int = 1) -> list[SentenceScore]:
    """One to six sentences per image that go well or badly together."""
    rng = np.random.default_rng(seed)
    found = []
    for image in range(images):
        ease = rng.uniform()
        for _ in range(rng.integers(1, 7)):
            union = int(rng.integers(50, 900))
            share = np.clip(ease + rng.normal(0, 0.1), 0, 1)
            found.append(said(image, int(union * share), union, len(found)))
    return found


def everything(scores: list[SentenceScore]) -> np.ndarray:
    return sum_by_image(scores, ["x"] * len(scores), ["x"]).sums


def test_the_interval_is_that_of_drawing_whole_pictures_one_by_one() -> None:
    scores = some_scores()
    by_image = [[s for s in scores if s.image_id == image] for image in range(25)]
    dice = random.Random(7)
    overall, precision = [], []
    for _ in range(4000):
        drawn = [s for _ in by_image for s in dice.choice(by_image)]
        overall.append(100 * sum(s.intersection for s in drawn) / sum(s.union for s in drawn))
        precision.append(100 * sum(s.intersection / s.union >= 0.5 for s in drawn) / len(drawn))
    ours = resample(everything(scores), draws=4000, seed=3)
    for column, literal in enumerate((overall, precision)):
        low, high = interval(ours[:, 0, column]) or (0, 0)
        assert low == pytest.approx(np.percentile(literal, 2.5), abs=1.5)
        assert high == pytest.approx(np.percentile(literal, 97.5), abs=1.5)
        assert high - low > 15, "the tolerance must be small beside the interval"


def test_saying_everything_five_times_makes_nothing_surer() -> None:
    scores = some_scores()
    once, often = (resample(everything(some), draws=300) for some in (scores, 5 * scores))
    np.testing.assert_allclose(once, often)


def test_the_order_of_the_sentences_does_not_matter() -> None:
    scores = some_scores()
    shuffled = random.Random(0).sample(scores, len(scores))
    assert np.array_equal(resample(everything(scores), 50), resample(everything(shuffled), 50))


def test_the_same_seed_draws_the_same_pictures_and_another_seed_others() -> None:
    sums = everything(some_scores())
    assert np.array_equal(resample(sums, 450, seed=5), resample(sums, 450, seed=5))
    assert not np.array_equal(resample(sums, 450, seed=5), resample(sums, 450, seed=6))


def test_no_two_draws_of_different_batches_are_the_same() -> None:
    drawn = resample(everything(some_scores()), 450)
    assert len(np.unique(drawn[:, 0, 0])) > 440


def test_sums_are_those_of_each_image_and_label() -> None:
    scores = [said(9, 4, 8), said(2, 1, 8), said(9, 3, 8), said(9, 6, 6)]
    summed = sum_by_image(scores, ["far", "far", "near", "far"], ["near", "far"])
    assert summed.images == (2, 9)
    assert summed.sums[1].tolist() == [[3, 13, 22, 2], [1, 3, 8, 0], [2, 10, 14, 2]]
    assert summed.sums[0].tolist() == [[1, 1, 8, 0], [0, 0, 0, 0], [1, 1, 8, 0]]


def test_a_column_without_sentences_has_no_score() -> None:
    assert np.isnan(score_sums(np.zeros(4))).all()
    assert score_sums(np.array([4.0, 30, 40, 1])).tolist() == [75, 25]


def test_an_interval_leaves_a_fortieth_out_at_each_end() -> None:
    assert interval(np.arange(1001.0)) == (25, 975)
    assert interval(np.array([np.nan, 3, np.nan])) == (3, 3)
    assert interval(np.full(3, np.nan)) is None


@pytest.mark.parametrize("labels", [["x"], ["x", "x", "x"], ["x", "z"]])
def test_labels_that_do_not_fit_are_refused(labels: list[str]) -> None:
    with pytest.raises(UserError, match=r"label"):
        sum_by_image([said(1, 1, 2), said(1, 1, 2)], labels, ["x", "y"])


def test_no_sentence_at_all_is_refused() -> None:
    with pytest.raises(UserError, match="one sentence or more"):
        sum_by_image([], [], ["x"])
