import json

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.comparison import compare
from refseg_lib.evaluation.analysis.kinds import Kind
from refseg_lib.evaluation.sentence_scores import SentenceScore

COLOR = Kind("color", "the colour said", ("red", "green"), lambda dataset, kept: [])


def said(image: int, intersection: int, union: int) -> SentenceScore:
    return SentenceScore(0, 0, image, "dog", intersection, union)


def pictures(loss: float, seed: int = 0) -> list[SentenceScore]:
    """Pictures of very different difficulty; every intersection is smaller by ``loss``."""
    shares = np.random.default_rng(seed).uniform(0.2, 1, 40)
    return [said(image, int(1000 * share * (1 - loss)), 1000) for image, share in enumerate(shares)]


def test_a_difference_is_the_other_system_minus_the_first() -> None:
    first = [said(1, 6, 10), said(2, 1, 10)], ["red", "green"]
    other = [said(1, 4, 10), said(2, 5, 10)], ["red", "green"]
    found = compare({"first": first, "other": other}, COLOR)
    assert list(found.differences) == ["other"]
    told = {one.label: (one.oIoU, one.precision) for one in found.differences["other"]}
    assert told["all"] == pytest.approx((10, 0))
    assert told["red"] == pytest.approx((-20, -100))
    assert told["green"] == pytest.approx((40, 100))


def test_a_system_is_not_ahead_of_itself_in_any_draw() -> None:
    scores = pictures(0)
    found = compare({"a": (scores, ["red"] * 40), "b": (scores, ["red"] * 40)}, COLOR)
    for one in found.differences["b"]:
        assert (one.oIoU, one.oIoU_interval, one.precision_interval) == (0, (0, 0), (0, 0))


def test_what_makes_a_picture_hard_for_both_cancels() -> None:
    systems = {"a": (pictures(0), ["red"] * 40), "b": (pictures(0.02), ["red"] * 40)}
    found = compare(systems, COLOR)
    alone = found.breakdowns["b"].lines[0].oIoU_interval
    apart = found.differences["b"][0].oIoU_interval
    assert alone is not None
    assert apart is not None
    assert apart[1] - apart[0] < 0.1 * (alone[1] - alone[0])
    assert apart[0] < -2 * 0.6 < apart[1] < 0


def test_sentences_may_differ_in_number_and_order_but_pictures_may_not() -> None:
    english = [said(1, 6, 10), said(2, 1, 10), said(2, 8, 10)], ["red", "green", "red"]
    chinese = [said(2, 7, 10), said(1, 4, 10)], ["red", "red"]
    found = compare({"en": english, "zh": chinese}, COLOR)
    assert found.labels == ("all", "red", "green")
    # Chinese has no green: nothing to hold it to.
    assert [one.label for one in found.differences["zh"]] == ["all", "red"]
    green = next(row for row in found.markdown().splitlines() if row.startswith("| green"))
    assert green == "| green (too few to say) | 1 in 1 / 0 | 10.0 |  |"
    fewer = chinese[0][:1], chinese[1][:1]
    with pytest.raises(UserError, match=r"different images \(1 are not in both\)"):
        compare({"en": english, "zh": fewer}, COLOR)


def test_the_tables_stand_side_by_side_and_the_report_is_json() -> None:
    systems = {"a": (pictures(0), ["red"] * 40), "b": (pictures(0.5), ["red"] * 40)}
    found = compare(systems, COLOR)
    overall, precision = found.markdown().split("\n\n")
    assert overall.splitlines()[0] == "| color | sentences in images | a, oIoU | b, oIoU |"
    row = overall.splitlines()[2]
    ahead = found.differences["b"][0]
    assert row.startswith("| all | 40 in 40 |")
    assert f"({ahead.oIoU:+.1f} [" in row
    assert ahead.oIoU < -20
    assert "b, P@0.5" in precision
    read = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [line["label"] for line in read["systems"]["a"]] == ["all", "red"]
    assert read["differences"]["b"][0]["oIoU"] == round(ahead.oIoU, 2)


def test_one_system_alone_has_no_differences_and_none_is_refused() -> None:
    assert compare({"a": (pictures(0), ["red"] * 40)}, COLOR).differences == {}
    with pytest.raises(UserError, match="no system"):
        compare({}, COLOR)
