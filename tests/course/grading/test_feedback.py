from typing import Any

from refseg_lib.course.grading.feedback import feedback_page, where_it_raised


def test_a_student_reads_requirements_and_the_mistake_but_no_number_of_a_hidden_input(
    record: dict[str, Any],
) -> None:
    page = feedback_page(record)
    for text in ("1 of 9 points", "the numbers of Eq. 5", "a list", "without its tanh",
                 "no cell for this exercise", "pooled: its cell is missing"):  # fmt: skip
        assert text in page
    assert "0.123456" not in page
    assert "0.654321" not in page
    assert "secret" not in page


def test_an_exception_is_told_by_kind_and_line_and_not_by_its_words() -> None:
    told = where_it_raised("ValueError: [1.5, 2], in the line: raise ValueError(x)")
    assert told == "ValueError in the line: raise ValueError(x)"
    assert where_it_raised("IndexError: 1.5") == "IndexError"
    slow = "stopped: it took longer than 20 seconds"
    assert where_it_raised(slow) == slow


def test_names_and_remarks_cannot_become_html(record: dict[str, Any]) -> None:
    page = feedback_page({**record, "student": "<script>", "remarks": ["<b>x</b>"]})
    assert "<script>" not in page
    assert "<b>x</b>" not in page


def test_a_page_made_without_a_sandbox_says_so(record: dict[str, Any]) -> None:
    assert "Sandbox" not in feedback_page(record)
    assert "NONE: all rights" in feedback_page({**record, "sandbox": "NONE: all rights"})


def test_what_waits_for_a_right_result_is_no_second_mistake(record: dict[str, Any]) -> None:
    assert "○" not in feedback_page(record)
    record["exercises"][0]["requirements"][1]["waits"] = True
    assert "not judged yet: first the result must be right" in feedback_page(record)
