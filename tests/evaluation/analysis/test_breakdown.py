import json

import pytest

from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.breakdown import break_down
from refseg_lib.evaluation.analysis.kinds import Kind
from refseg_lib.evaluation.sentence_scores import SentenceScore

COLOR = Kind("color", "the colour said", ("red", "green", "blue"), lambda dataset, kept: [])


def said(image: int, intersection: int, union: int) -> SentenceScore:
    return SentenceScore(0, 0, image, "dog", intersection, union)


def many(images: int = 12, per_image: int = 2) -> tuple[list[SentenceScore], list[str]]:
    """Green everywhere and half found, blue only in image 0 and always found."""
    scores = [said(image, 5, 10) for image in range(images) for _ in range(per_image)]
    scores += [said(0, 8, 8)] * 30
    return scores, ["green"] * images * per_image + ["blue"] * 30


def test_scores_are_those_of_the_label_s_own_sentences() -> None:
    scores = [said(1, 6, 10), said(1, 1, 10), said(2, 30, 40), said(3, 0, 5)]
    whole, red, blue = break_down(scores, ["red", "blue", "red", "blue"], COLOR).lines
    assert (whole.label, whole.n, whole.images) == ("all", 4, 3)
    assert whole.oIoU == pytest.approx(100 * 37 / 65)
    assert (red.label, red.n, red.images) == ("red", 2, 2)
    assert red.oIoU == pytest.approx(100 * 36 / 50)
    assert red.mIoU == pytest.approx(100 * (0.6 + 0.75) / 2)
    assert (red.precision, blue.precision) == (100, 0)
    assert blue.oIoU == pytest.approx(100 * 1 / 15)


def test_the_whole_split_comes_first_and_labels_in_reading_order() -> None:
    scores, labels = many()
    found = break_down(scores[::-1], labels[::-1], COLOR)
    assert [line.label for line in found.lines] == ["all", "green", "blue"]
    assert found.find("red") is None


def test_few_sentences_and_few_images_both_say_too_little() -> None:
    scores, labels = many()
    told = {line.label: line.few for line in break_down(scores, labels, COLOR).lines}
    # 24 sentences in 12 images; 30 sentences, all of one image.
    assert told == {"all": False, "green": False, "blue": True}
    scores, labels = many(images=19, per_image=1)
    found = break_down(scores, labels, COLOR)
    assert found.lines[1].few
    assert "| green (too few to say) | 19 | 19 | 50.0 [50.0, 50.0] |" in found.markdown()


def test_a_score_lies_within_its_interval() -> None:
    scores = [said(image, image % 11, 10 + image % 3) for image in range(60)]
    for line in break_down(scores, ["red", "blue"] * 30, COLOR).lines:
        for point, within in (
            (line.oIoU, line.oIoU_interval),
            (line.precision, line.precision_interval),
        ):
            assert within is not None
            assert within[0] < point < within[1]


def test_the_report_is_json_that_any_reader_takes() -> None:
    # One draw may miss image 0, which alone holds blue: no interval then, and never NaN.
    scores, labels = many()
    reports = [break_down(scores, labels, COLOR, draws=1, seed=seed) for seed in range(20)]
    read = [json.loads(json.dumps(one.to_json(), allow_nan=False)) for one in reports]
    blues = [one["lines"][2] for one in read]
    assert {line["oIoU"] for line in blues} == {100}
    assert None in [line["oIoU interval"] for line in blues]
    assert [100.0, 100.0] in [line["oIoU interval"] for line in blues]


def test_labels_of_another_split_are_refused() -> None:
    with pytest.raises(UserError, match="same split"):
        break_down([said(1, 1, 2)], ["red", "red"], COLOR)
