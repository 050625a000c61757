"""Lengths and coverage, counted by hand."""

import math
from typing import Any

import pytest

from refseg_lib.data.translation_file import Translation, open_translations
from refseg_lib.data.translation_report import report_translation

pytest.importorskip("jieba", reason="Chinese words are cut by jieba")


def put(mini: Any, **chinese: Translation) -> None:
    mini.write()
    file = open_translations(mini.folder / "refs(unc).zh.json")
    for number, translation in chinese.items():
        file.put(int(number.removeprefix("n")), translation)
    file.save()


def test_lengths_are_means_over_sentences_and_then_over_splits(mini) -> None:  # type: ignore[no-untyped-def]
    # left dog (2) and dog on the left (4) in train; red ball (2) in testB; the rest has none.
    put(mini, n0=Translation("左边的狗"), n1=Translation("红色，狗！"), n300=Translation("猫"))
    rows = {row.split: row for row in report_translation(mini.refs_path).lengths}
    train, test = rows["train"], rows["testB"]
    # 左边 的 狗; 红色 狗 without its punctuation.
    assert (train.english_words, train.chinese_words) == (3.0, 2.5)
    assert train.chinese_characters == 4.5
    assert (test.english_words, test.chinese_words) == (2.0, 1.0)
    whole, average = rows["all sentences"], rows["mean of splits"]
    assert whole.english_words == pytest.approx((2 + 4 + 2) / 3)
    assert whole.chinese_words == pytest.approx((3 + 2 + 1) / 3)
    assert math.isnan(rows["val"].chinese_words)
    # A split without any Chinese has no mean, and takes no part in the mean of splits.
    assert average.english_words == pytest.approx((3 + 2) / 2)
    assert average.chinese_words == pytest.approx((2.5 + 1) / 2)


def test_coverage_counts_sentences_objects_and_pictures_by_status(mini) -> None:  # type: ignore[no-untyped-def]
    mini.refs[1]["image_id"] = 1
    mini.refs[1]["split"] = "train"
    put(
        mini,
        n0=Translation("狗", status="accepted"),
        n1=Translation("狗", status="seen by another program"),
        n100=Translation("树"),
        n200=Translation("", status="failed"),
    )
    train, *_, whole = report_translation(mini.refs_path).coverage
    assert (train.sentences, train.translated, train.objects, train.images) == (3, 3, 2, 1)
    assert train.statuses == {"accepted": 1, "machine": 2}
    assert (whole.sentences, whole.translated, whole.objects) == (5, 3, 2)
    assert whole.statuses == {"accepted": 1, "machine": 2, "failed": 1, "not begun": 1}


def test_the_markdown_has_every_number_and_no_column_for_nothing(mini) -> None:  # type: ignore[no-untyped-def]
    put(mini, n0=Translation("狗"), n1=Translation("狗"))
    text = report_translation(mini.refs_path).markdown()
    assert "| train | 3.00 | 1.00 | 1.00 |" in text
    assert "| val | – | – | – |" in text
    assert "| split | sentences | with Chinese | machine | not begun | objects | images |" in text
    assert "| all sentences | 5 | 2 (40.0 %) | 2 | 3 | 1 | 1 |" in text
    for line in text.splitlines():
        assert line.count("|") in (0, 5, 8)


def test_a_data_set_that_nobody_has_begun_has_a_report_too(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    report = report_translation(mini.refs_path)
    assert report.coverage[-1].statuses == {"not begun": 5}
    assert "| mean of splits | – | – | – |" in report.markdown()
    assert not (mini.folder / "refs(unc).zh.json").exists(), "a report writes nothing"


def test_papers_averages_are_plain_means_of_its_splits() -> None:
    """Table 1 of paper 002, as printed: why there is a row "mean of splits"."""
    printed = {
        5.58: (5.52, 5.66, 5.57, 5.58), 5.87: (5.82, 5.94, 5.64, 6.06), 11.72: (11.69, 11.74),
        3.61: (3.47, 3.76, 3.59, 3.62), 3.53: (3.42, 3.51, 3.40, 3.78), 8.43: (8.41, 8.44),
    }  # fmt: skip
    for average, splits in printed.items():
        assert sum(splits) / len(splits) == pytest.approx(average, abs=0.0051)
    # Over all English sentences of UNC (train has 120,624 of 142,210) it would be another number.
    counts = (120_624, 10_834, 5_657, 5_095)
    pairs = zip(counts, printed[3.61], strict=True)
    assert sum(count * mean for count, mean in pairs) / sum(counts) < 3.51
