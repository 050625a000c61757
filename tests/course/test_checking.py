from dataclasses import replace

import pytest
import torch
from torch import Tensor

from refseg_lib.course.calling import call
from refseg_lib.course.checking import draw_cases, examine
from refseg_lib.course.exercise import Case, Exercise, Outcome


def test_every_requirement_is_tried_also_after_one_failed(exercise: Exercise) -> None:
    verdict = examine(exercise, lambda x: 3 * x)
    assert [r.requirement.name for r in verdict.results] == [
        "kind", "shape", "values", "even", "inputs", "gradient",
    ]  # fmt: skip
    assert verdict.points == 1 + 1 + 1


def test_an_exception_on_one_input_costs_the_requirements_that_use_it(exercise: Exercise) -> None:
    def only_small(x: Tensor) -> Tensor:
        assert x.numel() == 1, "only one number"
        return 2 * x

    verdict = examine(exercise, only_small)
    assert verdict.points == 0
    assert verdict.first is not None
    assert verdict.first.finding is not None
    assert verdict.first.finding.case.name == "two by three"
    assert "AssertionError: only one number" in verdict.first.finding.message


def test_a_stub_is_not_started_and_half_an_answer_is(exercise: Exercise) -> None:
    def stub(x: Tensor) -> Tensor:
        raise NotImplementedError

    def half(x: Tensor) -> Tensor:
        if x.ndim == 2 and x[0, 0] > 1e9:
            raise NotImplementedError
        return 2 * x

    assert not examine(exercise, stub).started
    assert examine(exercise, half).passed


def test_the_answer_goes_through_the_caller_given_and_the_reference_does_not(
    exercise: Exercise,
) -> None:
    asked: list[str] = []

    def elsewhere(answer: object, case: Case) -> Outcome:
        asked.append(case.name)
        return call(exercise.reference, case)

    verdict = examine(exercise, lambda x: "never called here", caller=elsewhere)
    assert verdict.passed
    assert len(asked) == 2 * len(exercise.requirements)


def test_a_reference_that_raises_is_our_mistake_and_stops_loudly(exercise: Exercise) -> None:
    def broken(x: Tensor) -> Tensor:
        raise ValueError("no")

    with pytest.raises(RuntimeError, match=r"the reference itself raised ValueError: no"):
        examine(replace(exercise, reference=broken), lambda x: x)


def test_inputs_depend_on_the_seed_and_on_nothing_else(exercise: Exercise) -> None:
    requirement = exercise.requirements[2]
    one, again, other = (
        draw_cases(exercise, requirement, seed)[1].inputs["x"] for seed in (5, 5, 6)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
