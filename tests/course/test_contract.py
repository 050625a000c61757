"""What every exercise promises, whoever wrote it."""

import itertools

import pytest
import torch

from refseg_lib.course.calling import call
from refseg_lib.course.checking import draw_cases, examine
from refseg_lib.course.exercise import KINDS, Exercise
from refseg_lib.course.mistakes import same
from refseg_lib.course.registry import all_exercises
from refseg_lib.course.variants import under

SEEDS = (0, 1, 20_260_101)


ASKED = [
    *all_exercises(),
    *(under(exercise, variant) for exercise in all_exercises() for variant in exercise.variants),
]


@pytest.fixture(params=ASKED, ids=lambda e: f"{e.name}, {e.variant}" if e.variant else e.name)
def exercise(request: pytest.FixtureRequest) -> Exercise:
    return request.param


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_and_every_other_right_answer_pass(exercise: Exercise, seed: int) -> None:
    assert len(exercise.alternatives) >= 2
    for answer in (exercise.reference, *exercise.alternatives):
        verdict = examine(exercise, answer, seed)
        failed = [(r.requirement.name, r.finding.message) for r in verdict.results if r.finding]
        assert not failed, f"{answer.__name__}: {failed}"


@pytest.mark.parametrize("seed", SEEDS)
def test_every_mutant_is_killed_and_recognised_as_itself(exercise: Exercise, seed: int) -> None:
    for mutant in exercise.mutants:
        verdict = examine(exercise, mutant.function, seed)
        assert verdict.started, f"{mutant.name} was taken for an empty answer"
        assert not verdict.passed, f"{mutant.name} survives"
        assert verdict.mistake is not None, f"{mutant.name} is not recognised"
        assert verdict.mistake.name == mutant.name, (
            f"{mutant.name} is taken for {verdict.mistake.name}"
        )


@pytest.mark.parametrize("exercise", all_exercises(), ids=lambda e: e.name, indirect=True)
def test_every_mutant_runs_and_fails_by_what_it_computes(exercise: Exercise) -> None:
    """One that cannot even be called would be killed by every check, however weak."""
    cases = [c for r in exercise.requirements for c in draw_cases(exercise, r, 0)]
    for mutant in exercise.mutants:
        ran = [call(mutant.function, case).error is None for case in cases]
        assert any(ran), f"{mutant.name} raises on every input"


def test_any_two_mutants_behave_differently_somewhere(exercise: Exercise) -> None:
    cases = [c for r in exercise.requirements for c in draw_cases(exercise, r, 0)]
    outcomes = {m.name: [call(m.function, case) for case in cases] for m in exercise.mutants}
    for one, other in itertools.combinations(outcomes, 2):
        alike = all(map(same, outcomes[one], outcomes[other]))
        assert not alike, f"{one} and {other} cannot be told apart"


def test_there_are_mutants_enough_and_eight_where_something_is_masked(exercise: Exercise) -> None:
    text = " ".join((exercise.title, exercise.objective, *exercise.hints)).lower()
    least = 8 if "mask" in text or "softmax" in text else 6
    assert len(exercise.mutants) >= least
    assert len({mutant.name for mutant in exercise.mutants}) == len(exercise.mutants)


def test_an_untouched_stub_earns_nothing_and_is_called_not_started(exercise: Exercise) -> None:
    def stub(**_inputs: object) -> None:
        raise NotImplementedError

    verdict = examine(exercise, stub)
    assert not verdict.started
    assert verdict.points == 0


def test_an_answer_that_returns_nothing_or_the_wrong_thing_earns_nothing_for_values(
    exercise: Exercise,
) -> None:
    for nonsense in (None, "left", torch.zeros(3, 1, 2), float("nan"), [], {}):
        verdict = examine(exercise, lambda result=nonsense, **_inputs: result)
        assert not verdict.passed
        for result in verdict.results:
            if result.requirement.kind in ("shape", "value", "gradient"):
                assert result.points == 0, f"{nonsense!r} earns {result.requirement.name}"


def test_requirements_come_in_the_order_of_their_kinds(exercise: Exercise) -> None:
    kinds = [requirement.kind for requirement in exercise.requirements]
    assert kinds == sorted(kinds, key=KINDS.index)
    assert {"type", "value"} <= set(kinds)
    assert len({r.name for r in exercise.requirements}) == len(exercise.requirements)


def test_seeds_ask_the_same_with_other_numbers(exercise: Exercise) -> None:
    for requirement in exercise.requirements:
        again, other = (draw_cases(exercise, requirement, seed) for seed in (0, 1))
        assert [case.name for case in again] == [case.name for case in other]
    asked = {seed: [repr(c.inputs) for r in exercise.requirements
                    for c in draw_cases(exercise, r, seed)] for seed in (0, 1)}  # fmt: skip
    repeated = [repr(c.inputs) for r in exercise.requirements for c in draw_cases(exercise, r, 0)]
    assert asked[0] == repeated
    assert asked[0] != asked[1]


def test_hints_grow_and_none_is_the_solution(exercise: Exercise) -> None:
    assert len(exercise.hints) == 3
    assert all(len(hint) > 20 for hint in exercise.hints)
    assert not any("return " in hint or "\n" in hint for hint in exercise.hints)
