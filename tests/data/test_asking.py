"""A translator may do anything; what it did well is kept, and it is not asked for ever."""

import pytest

from refseg_lib.data.asking import GIVE_UP_AFTER, Fault, ask, checked
from refseg_lib.errors import UserError


def test_a_good_batch_is_asked_for_once_and_keeps_its_order() -> None:
    asked: list[list[str]] = []

    def translate(texts: list[str]) -> list[str]:
        asked.append(texts)
        return [f"译{text}" for text in texts]

    assert ask(translate, ["a", "b"]) == [("a", "译a"), ("b", "译b")]
    assert asked == [["a", "b"]]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "returned nothing"),
        ("译译", "returned str"),
        (["译"] * 3, "3 texts for 1"),
        ([], "0 texts for 1"),
        (iter(["译", "译"]), "iterator"),
    ],
)
def test_an_answer_of_the_wrong_shape_is_never_matched_to_sentences(
    answer: object, told: str
) -> None:
    """Two letters of one text, or the first of too few, would be put to the wrong sentence."""
    for _, fault in ask(lambda _: answer, ["a", "b"]):  # type: ignore[arg-type, return-value]
        assert isinstance(fault, Fault)
        assert told in fault.reason


def test_a_batch_with_too_few_answers_is_asked_for_one_by_one() -> None:
    """Which one is missing nobody can tell."""
    answers = {"a": ["译a"], "b": [], "c": ["译c"]}
    found = ask(lambda texts: [one for text in texts for one in answers[text]], ["a", "b", "c"])
    fault = Fault("the translator returned 0 texts for 1 sentences")
    assert found == [("a", "译a"), ("b", fault), ("c", "译c")]


def test_one_sentence_that_raises_does_not_cost_the_others() -> None:
    def translate(texts: list[str]) -> list[str]:
        if "bad" in texts:
            raise ValueError("no\nsuch word")
        return [f"译{text}" for text in texts]

    assert ask(translate, ["a", "bad", "b"]) == [
        ("a", "译a"),
        ("bad", Fault("ValueError: no such word")),
        ("b", "译b"),
    ]


def test_a_broken_translator_is_given_up_but_one_that_knows_its_limits_is_not() -> None:
    texts = [str(number) for number in range(30)]

    def broken(_: list[str]) -> list[str]:
        raise ConnectionError("down")

    def limited(_: list[str]) -> list[str]:
        raise UserError("not in the file")

    assert len(ask(broken, texts)) == GIVE_UP_AFTER
    assert len(ask(broken, texts, in_vain=GIVE_UP_AFTER - 2)) == 2
    assert ask(limited, texts) == [(text, Fault("not in the file", known=True)) for text in texts]


def test_ctrl_c_is_not_taken_for_a_failure() -> None:
    def stopped(_: list[str]) -> list[str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(stopped, ["a", "b"])


@pytest.mark.parametrize("answer", ["", "  \n", None, 7, {"translation_text": "狗"}, "\ud800"])
def test_what_is_no_sentence_is_a_fault(answer: object) -> None:
    assert isinstance(checked(answer), Fault)


def test_blanks_and_line_breaks_become_single_blanks() -> None:
    assert checked(" 左边\n 的  狗 ") == "左边 的 狗"
