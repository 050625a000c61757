import html.parser
import re
from dataclasses import replace

import torch
from torch import Tensor

from refseg_lib.course.card import verdict_card
from refseg_lib.course.checking import examine
from refseg_lib.course.exercise import Case, Exercise


class Reader(html.parser.HTMLParser):
    """Collects text, and counts what is open."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.open, self.tags = "", [], []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.tags.append((tag, dict(attrs)))  # type: ignore[call-overload]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(card: str) -> Reader:
    reader = Reader()
    reader.feed(card)
    assert not reader.open
    return reader


def test_a_right_answer_is_told_so_and_offered_no_hint(exercise: Exercise) -> None:
    card = read(verdict_card(examine(exercise, lambda x: 2 * x)))
    assert "✓ Passed" in card.text
    assert "8 of 8 points" in card.text
    assert "Hint" not in card.text


def test_a_wrong_answer_sees_input_expected_got_and_its_mistake(exercise: Exercise) -> None:
    card = read(verdict_card(examine(exercise, lambda x: 3 * x)))
    for word in ("✗ Not yet", "expected", "got", "one number", "Looks like", "three times"):
        assert word in card.text
    assert card.text.count("✗") == 1 + 2


def test_an_untouched_stub_is_told_what_to_do(exercise: Exercise) -> None:
    def stub(x: object) -> None:
        raise NotImplementedError

    card = read(verdict_card(examine(exercise, stub)))
    assert "Not started" in card.text
    assert "You can double." in card.text
    assert "✗" not in card.text


def test_every_try_offers_one_hint_more_and_each_is_folded(exercise: Exercise) -> None:
    verdict = examine(exercise, lambda x: 3 * x)
    for attempts, offered in ((1, 1), (2, 2), (3, 3), (9, 3)):
        card = read(verdict_card(replace(verdict, attempts=attempts)))
        assert len(re.findall(r"Hint \d of 3", card.text)) == offered
        assert not any("open" in attributes for tag, attributes in card.tags if tag == "details")


def test_what_students_and_authors_write_cannot_become_html(exercise: Exercise) -> None:
    def breaks(x: object) -> None:
        raise ValueError("<script>alert(1)</script>")

    card = verdict_card(replace(examine(exercise, breaks), attempts=3))
    assert "<script" not in card
    assert "&lt;script&gt;" in card
    assert "by two &lt;b&gt;" in card


def test_a_card_needs_no_script_no_style_sheet_and_no_id(exercise: Exercise) -> None:
    tags = read(verdict_card(examine(exercise, lambda x: 3 * x))).tags
    assert not {tag for tag, _ in tags} & {"script", "style", "link", "iframe"}
    assert not any("id" in attributes for _, attributes in tags)


def test_a_gradient_that_is_wrong_because_the_numbers_are_is_called_not_judged_yet(
    exercise: Exercise,
) -> None:
    numbers_wrong = read(verdict_card(examine(exercise, lambda x: 3 * x))).text
    assert "○ gradients arrive (1 point; not judged yet" in numbers_wrong
    cut = read(verdict_card(examine(exercise, lambda x: 2 * x.detach()))).text
    assert "✗ gradients arrive (1 point)" in cut


def test_a_requirement_that_waits_is_read_aloud_as_such(exercise: Exercise) -> None:
    tags = read(verdict_card(examine(exercise, lambda x: 3 * x))).tags
    said = [
        attributes["aria-label"]
        for tag, attributes in tags
        if tag == "span" and attributes.get("role")
    ]
    assert said == ["met", "met", "not met", "not met", "met", "not judged yet"]


def test_a_large_answer_is_cut_and_said_to_be(exercise: Exercise) -> None:
    verdict = examine(exercise, lambda x: torch.zeros(40, 50, dtype=torch.float64))
    card = read(verdict_card(verdict))
    assert "only the part [0:8, 0:8] is shown" in card.text
    assert "40×50" in card.text


def test_long_lists_and_texts_are_cut_and_said_to_be(exercise: Exercise) -> None:
    card = read(verdict_card(examine(exercise, lambda x: [torch.ones(2)] * 11)))
    assert "… and 3 more" in card.text
    card = read(verdict_card(examine(exercise, lambda x: "z" * 500)))
    assert "z" * 399 + " …" in card.text


def test_expected_and_got_both_show_the_place_that_differs(exercise: Exercise) -> None:
    one = replace(
        exercise.requirements[2],
        cases=lambda _: [Case("long", {"x": torch.arange(30.0)}, ("x",))],
    )

    def last_wrong(x: Tensor) -> Tensor:
        return torch.cat([2 * x[:-1], torch.full((1,), 777.0)])

    card = verdict_card(examine(replace(exercise, requirements=(one,)), last_wrong))
    assert card.count(">58</td>") == 1
    assert card.count(">777</td>") == 1
    assert card.count("inset") == 2 * 2
    assert card.count("only the part [22:30] is shown") == 2


def test_an_answer_full_of_nan_can_be_shown(exercise: Exercise) -> None:
    card = read(verdict_card(examine(exercise, lambda x: x * float("nan"))))
    assert "there are NaN" in card.text
    assert "nan" in card.text


def test_the_same_number_has_the_same_colour_on_both_sides(exercise: Exercise) -> None:
    verdict = examine(exercise, lambda x: torch.where(x == x.flatten()[0], 2 * x, 2 * x + 50))
    card = verdict_card(verdict)
    assert verdict.first is not None
    assert verdict.first.finding is not None
    expected = float(verdict.first.finding.expected[0, 0])
    ways = re.findall(r'background:(rgb\([\d,]+\));[^"]*">' + re.escape(f"{expected:.3g}"), card)
    assert len(ways) == 2
    assert ways[0] == ways[1]
