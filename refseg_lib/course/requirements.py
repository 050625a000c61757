"""Requirements that most exercises share; what is special to one is a property of its own."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from refseg_lib.course import comparing
from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Finding, Outcome, Requirement

Cases = Callable[[Draw], Sequence[Case]]
Difference = Callable[[Any, Any], str | None]


def right_kind(cases: Cases, text: str, points: int = 1) -> Requirement:
    """Ask for the same kinds of things as the reference returns: tensor or list, dtype, keys."""
    return Requirement(
        "kind", "type", text, cases, _as_reference(comparing.kind_difference), points
    )


def right_shape(cases: Cases, text: str, points: int = 1) -> Requirement:
    """Ask for tensors of the reference's shapes."""
    return Requirement("shape", "shape", text, cases, _as_reference(_other_form), points)


def right_values(cases: Cases, text: str, points: int = 2, name: str = "values") -> Requirement:
    """Ask for the reference's numbers."""
    return Requirement(name, "value", text, cases, _as_reference(comparing.difference), points)


def right_gradients(cases: Cases, text: str, points: int = 1) -> Requirement:
    """Ask for the reference's gradients; every case must name inputs in ``gradient_of``.

    Another result has other gradients, which is no second mistake: where only the numbers are
    wrong, the requirement waits for them.
    """

    def judge(
        cases: Sequence[Case], outcomes: Sequence[Outcome], references: Sequence[Outcome]
    ) -> Finding | None:
        waiting = None
        for case, outcome, reference in zip(cases, outcomes, references, strict=True):
            other_form = _other_form(reference.value, outcome.value)
            wrong = comparing.difference(reference.value, outcome.value)
            for name, expected in reference.gradients.items():
                got = outcome.gradients[name]
                if expected is None:
                    raise ValueError(f"the reference itself has no gradient for {name!r}")
                if got is None and other_form is None:
                    message = (
                        f"no gradient arrives at {name!r}: was something detached, rounded or"
                        " turned into plain numbers?"
                    )
                    return Finding(case, message)
                said = comparing.difference(expected, got)
                if said is not None and wrong is None:
                    return Finding(case, f"gradient of {name!r}: {said}", expected, got)
                if said is not None and waiting is None:
                    waiting = Finding(case, str(wrong), reference.value, outcome.value, waits=True)
        return waiting

    return Requirement("gradient", "gradient", text, cases, judge, points)


def inputs_kept(cases: Cases, text: str, points: int = 1) -> Requirement:
    """Ask that no input is changed in place."""

    def judge(
        cases: Sequence[Case], outcomes: Sequence[Outcome], references: Sequence[Outcome]
    ) -> Finding | None:
        for case, outcome, reference in zip(cases, outcomes, references, strict=True):
            # To leave the input alone is no merit of something that does nothing with it.
            said = _other_form(reference.value, outcome.value)
            if said is not None:
                return Finding(case, said, waits=True)
            if outcome.altered:
                names = " and ".join(repr(name) for name in outcome.altered)
                return Finding(case, f"the call changed its input {names} in place")
        return None

    return Requirement("inputs", "property", text, cases, judge, points)


def holds(
    name: str,
    text: str,
    cases: Cases,
    wrong: Callable[[Sequence[Case], Sequence[Any]], tuple[int, str] | None],
    points: int = 1,
) -> Requirement:
    """Ask for a property that needs no reference: two calls that must agree, a sum that must be 1.

    Args:
        name: Id of the requirement.
        text: The property, as the student reads it.
        cases: The calls.
        wrong: Given cases and values returned, None when the property holds, else the index of the
            case to show and one sentence.
        points: What it is worth.
    """

    def judge(
        cases: Sequence[Case], outcomes: Sequence[Outcome], references: Sequence[Outcome]
    ) -> Finding | None:
        for case, outcome, reference in zip(cases, outcomes, references, strict=True):
            # A property is asked of tensors of the right kind and shape; what is not said
            # above by another requirement must not end in an exception here.
            said = _other_form(reference.value, outcome.value)
            if said is not None:
                return Finding(case, said, waits=True)
        found = wrong(cases, [outcome.value for outcome in outcomes])
        if found is None:
            return None
        index, message = found
        return Finding(cases[index], message, references[index].value, outcomes[index].value)

    return Requirement(name, "property", text, cases, judge, points)


def whole_numbers(cases: Cases, keys: Sequence[str], text: str, points: int = 1) -> Requirement:
    """Ask that what stands under some keys of a dictionary is an int, not merely a round float."""

    def judge(
        cases: Sequence[Case], outcomes: Sequence[Outcome], _references: Sequence[Outcome]
    ) -> Finding | None:
        for case, outcome in zip(cases, outcomes, strict=True):
            for name in keys:
                value = outcome.value.get(name) if isinstance(outcome.value, dict) else None
                if type(value) is not int:
                    return Finding(case, f"{name} is counted, so it must be an int, got {value!r}")
        return None

    return Requirement("whole", "type", text, cases, judge, points)


def as_the_first(said: str) -> Callable[[Sequence[Case], Sequence[Tensor]], tuple[int, str] | None]:
    """Make a property for :func:`holds`: every later case gives what the first one gave."""

    def wrong(_cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
        for index, value in enumerate(values[1:], start=1):
            if not torch.allclose(values[0], value):
                return index, said
        return None

    return wrong


def _other_form(expected: Any, got: Any) -> str | None:
    return comparing.kind_difference(expected, got) or comparing.shape_difference(expected, got)


def _as_reference(difference: Difference) -> Any:
    def judge(
        cases: Sequence[Case], outcomes: Sequence[Outcome], references: Sequence[Outcome]
    ) -> Finding | None:
        for case, outcome, reference in zip(cases, outcomes, references, strict=True):
            said = difference(reference.value, outcome.value)
            if said is not None:
                return Finding(case, said, reference.value, outcome.value)
        return None

    return judge
