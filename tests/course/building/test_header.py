"""The header: nothing promised is lost, nothing unknown is let in."""

import pytest

from refseg_lib.course.building.header import Header, header_card, read_header
from refseg_lib.course.building.run_times import RunTime
from refseg_lib.errors import UserError

TEXT = "# 05 Words\n\nminutes: 25\nlearn: one\nneed: a pencil\nlearn: two\n  and a half"


def test_keys_may_come_in_any_order_and_go_on_in_the_next_line():
    header = read_header(TEXT, "05", "here")
    assert header == Header("05 Words", ("one", "two and a half"), ("a pencil",), 25)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("# 05 Words", "# Words", r"here.*`# 05 What"),
        ("# 05 Words", "# 06 Words", r"here.*`# 05 What"),
        ("learn: one", "lern: one", r"'lern: one' is none of"),
        ("need: a pencil", "", r"nothing about 'need'"),
        ("minutes: 25", "", r"nothing about 'minutes'"),
        ("minutes: 25", "minutes: half an hour", r"'half an hour' minutes"),
        ("minutes: 25", "minutes: 25\nminutes: 30", r"'25, 30' minutes"),
        ("minutes: 25", "minutes: 25\nSome text.", r"'Some text\.'.*cell of its own"),
    ],
)
def test_a_header_with_a_mistake_is_refused_in_words(before, after, said):
    with pytest.raises(UserError, match=said):
        read_header(TEXT.replace(before, after), "05", "here")


def test_the_card_tells_all_that_was_promised_and_what_the_exercises_are_worth():
    header = read_header(TEXT, "05", "here")
    card = header_card(header, {"pool": 2, "mask-it": 3}, RunTime(70, 2))
    assert card.split("\n")[0] == "# 05 Words"
    for promise in (
        "- one\n",
        "- two and a half\n",
        "- a pencil\n",
        "25 minutes",
        "1 min 10 s on two cores",
        "2 exercises, 5 points",
        "1. pool: 2 points\n",
        "1. mask-it: 3 points",
    ):
        assert promise in card


def test_the_card_says_nothing_of_what_was_not_measured_or_is_not_there():
    card = header_card(read_header(TEXT, "05", "here"), {}, None)
    assert "run in" not in card
    assert "exercise" not in card
