"""Metrics against hand-computed cases, exact fractions and a published model's numbers."""

import gzip
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refseg_lib.errors import UserError
from refseg_lib.evaluation.metrics import THRESHOLDS, iou, score

PAIRS = st.lists(
    st.integers(0, 300).flatmap(lambda u: st.tuples(st.integers(0, u), st.just(u))), min_size=1
)


def test_three_sentences_computed_by_hand() -> None:
    found = score([1, 3, 0], [2, 4, 10])
    assert found["oIoU"] == pytest.approx(100 * 4 / 16)
    assert found["mIoU"] == pytest.approx(100 * (0.5 + 0.75 + 0.0) / 3)
    assert found["P@0.5"] == pytest.approx(100 * 2 / 3)
    assert found["P@0.6"] == found["P@0.7"] == pytest.approx(100 / 3)
    assert found["P@0.8"] == found["P@0.9"] == 0
    assert found["n"] == 3


@given(PAIRS)
def test_every_number_equals_exact_arithmetic(pairs: list[tuple[int, int]]) -> None:
    exact = [Fraction(i, u) if u else Fraction(1) for i, u in pairs]
    found = score([i for i, _ in pairs], [u for _, u in pairs])
    total = sum(u for _, u in pairs)
    overall = Fraction(sum(i for i, _ in pairs), total) if total else Fraction(1)
    assert found["oIoU"] == pytest.approx(float(100 * overall))
    assert found["mIoU"] == pytest.approx(float(100 * sum(exact) / len(exact)))
    for threshold in THRESHOLDS:
        share = Fraction(sum(x >= Fraction(str(threshold)) for x in exact), len(exact))
        assert found[f"P@{threshold}"] == pytest.approx(float(100 * share))  # type: ignore


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_an_iou_of_exactly_the_threshold_counts(threshold: float) -> None:
    tenths = round(10 * threshold)
    assert score([tenths * 7], [70])[f"P@{threshold}"] == 100  # type: ignore
    assert score([tenths * 7 - 1], [70])[f"P@{threshold}"] == 0  # type: ignore


def test_nothing_meant_and_nothing_found_is_a_perfect_answer() -> None:
    assert score([0], [0])["mIoU"] == 100
    assert score([0, 0], [0, 4])["mIoU"] == 50
    assert iou(0, 0) == 1


def test_large_objects_weigh_more_in_oiou_and_the_same_in_miou() -> None:
    found = score([900, 0], [1000, 10])
    assert found["oIoU"] > 89
    assert found["mIoU"] == pytest.approx(45)


def test_a_whole_benchmark_of_large_images_does_not_overflow() -> None:
    pixels = 640 * 480
    found = score(np.full(142_210, pixels, np.int32), np.full(142_210, pixels, np.int32))
    assert found["oIoU"] == 100


@pytest.mark.parametrize(
    ("intersections", "unions", "said"),
    [
        ([], [], "no sentence"),
        ([1, 2], [3], "one number per sentence"),
        ([5], [4], "sentence 0"),
        ([-1], [4], "sentence 0"),
    ],
)
def test_impossible_counts_are_refused_in_words(
    intersections: list[int], unions: list[int], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        score(intersections, unions)


@pytest.mark.parametrize(
    ("split", "sentences", "p50", "p90"),
    [("val", 10_834, 79.72, 25.15), ("testA", 5_657, 82.82, 29.50)],
)
def test_a_published_model_gets_its_published_precision(
    real_data: Path, split: str, sentences: int, p50: float, p90: float
) -> None:
    """IoUs of a published model on RefCOCO, and the P@X its authors printed.

    The file lacks the last sentence of each split; the printed numbers count it as a miss.
    """
    with gzip.open(real_data / "golden" / f"lbyl_unc_{split}.json.gz") as stream:
        # Their formula gives distant boxes a negative IoU, a miss, and one box turned inside out
        # an IoU of 13.9, which they counted as found.
        ious = [min(1.0, max(0.0, row["iou"])) for row in json.load(stream).values()]
    missing = sentences - len(ious)
    assert missing == 1
    found = score([*ious, *[0.0] * missing], np.ones(sentences))
    assert found["n"] == sentences
    assert round(found["P@0.5"], 2) == p50
    assert round(found["P@0.9"], 2) == p90


def test_precision_from_the_boxes_themselves_agrees_with_the_published_ious(
    real_data: Path,
) -> None:
    """The way from regions to P@X, not only from IoU: boxes in, areas counted here."""
    with gzip.open(real_data / "golden" / "lbyl_unc_testA.json.gz") as stream:
        rows = list(json.load(stream).values())
    first, second = (np.array([row[key] for row in rows]) for key in ("pred_bbox", "gt_bbox"))
    sides = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])
    inter = sides.clip(0).prod(1)
    areas = [(box[:, 2:] - box[:, :2]).prod(1) for box in (first, second)]
    found = score(inter, areas[0] + areas[1] - inter)
    shares = [100 * np.mean([row["iou"] >= threshold for row in rows]) for threshold in THRESHOLDS]
    assert [found["P@0.5"], found["P@0.9"]] == pytest.approx([shares[0], shares[-1]], abs=0.02)
