from typing import Any

from refseg_lib.course.grading.class_report import class_report


def test_the_class_is_shown_with_what_fails_and_whose_answers_are_alike(
    record: dict[str, Any],
) -> None:
    page = class_report([record, {**record, "student": "bob"}])
    assert "2 notebooks, seed 3" in page
    assert "First: gated-exchange: values, 100 %." in page
    assert "ada, bob" in page
    assert "no-tanh" in page
    assert page.count("pooled: its cell is missing") == 2
    assert page.count("<img ") == page.count('alt="') == 2


def test_what_waits_for_a_right_result_is_not_counted_as_failing(record: dict[str, Any]) -> None:
    missed = record["exercises"][0]["requirements"][1]
    assert "gated-exchange: values" in class_report([record])
    waiting = {**missed, "waits": True}
    record["exercises"] = [{**record["exercises"][0], "requirements": [waiting]}]
    assert "is met by all" in class_report([record])


def test_a_class_asked_under_another_convention_is_said_to_be_one(record: dict[str, Any]) -> None:
    assert "convention" not in class_report([record])
    record["exercises"][0]["variant"] = "mask-of-padding"
    assert "some exercises under another convention" in class_report([record])


def test_without_a_sandbox_the_report_begins_with_a_warning(record: dict[str, Any]) -> None:
    assert "WITHOUT a sandbox" not in class_report([record])
    assert "WITHOUT a sandbox" in class_report([{**record, "sandbox": "NONE"}])


def test_a_class_without_a_failure_is_said_to_be_one(record: dict[str, Any]) -> None:
    fine = {**record, "exercises": [], "points": 9}
    assert "is met by all" in class_report([fine])
