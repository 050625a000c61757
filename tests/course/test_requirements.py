from dataclasses import replace

import torch
from torch import Tensor

from refseg_lib.course.checking import examine
from refseg_lib.course.exercise import Case, Exercise, Outcome, Requirement
from refseg_lib.course.requirements import as_the_first, holds, whole_numbers


def failed(exercise: Exercise, answer: object) -> set[str]:
    verdict = examine(exercise, answer)  # type: ignore[arg-type]
    return {r.requirement.name for r in verdict.results if r.finding}


def test_the_right_answer_fails_nothing(exercise: Exercise) -> None:
    assert failed(exercise, lambda x: x + x) == set()


def test_wrong_numbers_fail_values_property_and_gradient_but_not_kind_and_shape(
    exercise: Exercise,
) -> None:
    assert failed(exercise, lambda x: 3 * x) == {"values", "even", "gradient"}


def test_single_precision_fails_the_kind(exercise: Exercise) -> None:
    assert "kind" in failed(exercise, lambda x: (2 * x).float())


def test_another_shape_fails_the_shape_and_what_builds_on_it(exercise: Exercise) -> None:
    wanted = {"shape", "values", "even", "inputs"}
    assert failed(exercise, lambda x: 2 * x.flatten()) == wanted


def test_a_cut_gradient_fails_the_gradient_alone(exercise: Exercise) -> None:
    assert failed(exercise, lambda x: 2 * x.detach()) == {"gradient"}


def test_right_numbers_with_a_wrong_gradient_fail_the_gradient_alone(exercise: Exercise) -> None:
    def straight(x: Tensor) -> Tensor:
        return (2 * x).detach() + (x - x.detach())

    assert failed(exercise, straight) == {"gradient"}


def waiting(exercise: Exercise, answer: object) -> set[str]:
    verdict = examine(exercise, answer)  # type: ignore[arg-type]
    return {r.requirement.name for r in verdict.results if verdict.waits(r)}


def test_a_gradient_waits_for_the_numbers_when_only_they_are_wrong(exercise: Exercise) -> None:
    assert waiting(exercise, lambda x: 3 * x) == {"gradient"}
    assert waiting(exercise, lambda x: 2 * x.detach()) == set()
    assert waiting(exercise, lambda x: 3 * x.detach()) == set()


def test_a_right_gradient_of_wrong_numbers_keeps_its_points(exercise: Exercise) -> None:
    assert failed(exercise, lambda x: 2 * x + 1) == {"values", "even"}


def test_what_builds_on_a_result_of_another_form_waits_for_that_form(exercise: Exercise) -> None:
    assert waiting(exercise, lambda x: None) == {"even", "inputs", "gradient"}
    assert waiting(exercise, lambda x: 2 * x.flatten()) == {"even", "inputs"}


def test_nothing_waits_for_a_requirement_that_is_met(exercise: Exercise) -> None:
    gradient_alone = replace(exercise, requirements=exercise.requirements[-1:])
    assert failed(gradient_alone, lambda x: 3 * x) == {"gradient"}
    assert waiting(gradient_alone, lambda x: 3 * x) == set()


def test_damage_to_the_input_fails_that_requirement(exercise: Exercise) -> None:
    assert "inputs" in failed(exercise, lambda x: x.mul_(2))


def test_the_smallest_failing_input_is_the_one_shown(exercise: Exercise) -> None:
    wrong_when_large = examine(exercise, lambda x: 2 * x if x.numel() == 1 else 5 * x).first
    wrong_always = examine(exercise, lambda x: 5 * x).first
    assert wrong_when_large is not None
    assert wrong_always is not None
    assert wrong_when_large.finding is not None
    assert wrong_always.finding is not None
    assert wrong_when_large.finding.case.name == "two by three"
    assert wrong_always.finding.case.name == "one number"


def test_a_property_is_not_asked_of_something_of_another_kind(exercise: Exercise) -> None:
    assert "even" in failed(exercise, lambda x: "left")
    assert "even" in failed(exercise, lambda x: torch.zeros(9))


def asked(requirement: Requirement, value: object) -> str | None:
    """What a requirement says to an answer that returns ``value``."""
    cases = [Case("c", {})] * 3
    outcomes = [Outcome(value)] * 3 if not isinstance(value, list) else [*map(Outcome, value)]
    finding = requirement.judge(cases, outcomes, outcomes)
    return finding.message if finding else None


def test_a_round_float_is_no_whole_number_and_neither_is_a_bool() -> None:
    requirement = whole_numbers(lambda _: [], ("rows",), "whole")
    assert asked(requirement, {"rows": 3, "scale": 0.5}) is None
    for value in ({"rows": 3.0}, {"rows": True}, {"rows": None}, {}, "rows"):
        assert asked(requirement, value) is not None


def test_as_the_first_finds_a_later_case_that_differs() -> None:
    requirement = holds("same", "same", lambda _: [], as_the_first("it moved"))
    one = torch.ones(2)
    assert asked(requirement, [one, one + 1e-9, one]) is None
    assert asked(requirement, [one, one, one + 1]) == "it moved"
    assert asked(requirement, [one, one * float("nan"), one]) == "it moved"
