"""`data check`: what is there, what was published, and exactly what differs."""

import json
import pickle
from pathlib import Path

import pytest

from refseg_lib.data import checking
from refseg_lib.data.checking import check_folder
from refseg_lib.data.counts import Counts
from refseg_lib.errors import UserError

MINI_COUNTS = {
    "train": Counts(1, 1, 2),
    "val": Counts(1, 1, 1),
    "testA": Counts(1, 1, 1),
    "testB": Counts(1, 1, 1),
}


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the miniature be what was published as RefCOCO."""
    monkeypatch.setitem(checking.PUBLISHED, "refcoco_unc", MINI_COUNTS)


@pytest.mark.usefixtures("published")
def test_the_published_set_is_as_expected(mini) -> None:  # type: ignore[no-untyped-def]
    report = check_folder(mini.write())
    assert report.ok
    assert sum("as published" in line for line in report.lines) == 4
    assert str(report).startswith(f"refcoco_unc: {mini.refs_path}")


def test_other_counts_than_published_are_a_problem_with_both_told(mini) -> None:  # type: ignore[no-untyped-def]
    report = check_folder(mini.write() / "refcoco")
    assert not report.ok
    expected = (
        "val has 1 images, 1 objects, 1 sentences;"
        " published are 1,500 images, 3,811 objects, 10,834 sentences"
    )
    assert any(expected in line for line in report.lines)


@pytest.mark.usefixtures("published")
def test_a_missing_split_is_a_problem(mini) -> None:  # type: ignore[no-untyped-def]
    mini.refs.pop()
    report = check_folder(mini.write())
    assert not report.ok
    assert "split testB is missing" in str(report)


def test_a_set_of_ones_own_is_only_checked_in_itself(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    mini.folder.rename(mini.root / "zoo")
    report = check_folder(mini.root / "zoo")
    assert report.ok
    assert "published" not in str(report)
    assert "  train: 1 images, 1 objects, 2 sentences" in report.lines


@pytest.mark.usefixtures("published")
def test_each_kind_of_problem_is_one_line_with_count_and_examples(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    for path in (mini.folder / "images").iterdir():
        path.unlink()
    report = check_folder(mini.root)
    assert not report.ok
    lines = [line for line in report.lines if "image files missing" in line]
    assert len(lines) == 1
    assert lines[0].startswith("  problem: 4 image files missing: COCO_train2014_000000000001.png,")
    assert lines[0].endswith(", ...")


@pytest.mark.usefixtures("published")
def test_images_that_train_shares_with_another_split_are_noted(mini) -> None:  # type: ignore[no-untyped-def]
    mini.refs[1]["image_id"] = 1
    mini.instances["annotations"][1]["image_id"] = 1
    report = check_folder(mini.write())
    assert "  note: 1 images of val are in train too" in report.lines


@pytest.mark.usefixtures("published")
def test_chinese_sentences_are_counted_and_gaps_noted(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    text = json.dumps({"sentences": {"0": {"sent": "狗"}, "1": {"sent": "狗"}}})
    (mini.folder / "refs(unc).zh.json").write_text(text)
    report = check_folder(mini.root)
    assert report.ok
    assert "  refs(unc).zh.json: 2 Chinese sentences" in report.lines
    assert any("3 sentences without Chinese" in line for line in report.lines)


def test_damaged_annotation_files_are_a_problem_and_no_crash(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    (mini.folder / "instances.json").write_text('{"images": [')
    report = check_folder(mini.root)
    assert not report.ok
    assert "no complete JSON" in str(report)


def test_instances_without_refs_are_a_problem(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    mini.refs_path.unlink()
    assert not check_folder(mini.folder).ok


def test_an_evil_pickle_is_a_problem_and_is_not_run(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    mini.refs_path.write_bytes(pickle.dumps([print]))
    report = check_folder(mini.root)
    assert not report.ok
    assert "builtins.print" in str(report)


def test_no_data_set_at_all_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no data set: expected"):
        check_folder(tmp_path)
    with pytest.raises(UserError, match="is no folder"):
        check_folder(tmp_path / "none")


def test_the_progress_bar_changes_nothing(mini) -> None:  # type: ignore[no-untyped-def]
    mini.write()
    assert check_folder(mini.root, progress=True) == check_folder(mini.root)


def test_real_refcoco_passes(real_data: Path) -> None:
    report = check_folder(real_data / "refcoco_mini")
    assert report.ok, str(report)
    assert "  val: 70 images, 85 objects, 188 sentences" in report.lines


def test_real_referit_has_the_published_counts_and_lacks_its_images(real_data: Path) -> None:
    report = check_folder(real_data / "referit")
    assert sum("as published" in line for line in report.lines) == 3
    assert any("19,989 image files missing" in line for line in report.lines)
    assert any("99,245 mask files missing" in line for line in report.lines)
