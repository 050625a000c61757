"""The same exercise under another convention: solutions copied from the repository fail it.

Only what goes in changes: cases are drawn and judged as usual, and translated on their way to the
answer. So every requirement, alternative and known mistake serves under every convention.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import (
    Case,
    Exercise,
    Finding,
    Judge,
    Mutant,
    Requirement,
    Variant,
)
from refseg_lib.errors import UserError


def mask_of_padding(name: str, instead_of: str | None = None) -> Variant:
    """Make the convention of PyTorch's ``key_padding_mask``: True where there is no word.

    Args:
        name: The argument, usually True at real words.
        instead_of: See :class:`~refseg_lib.course.exercise.Variant`.
    """

    def turned(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**inputs, name: ~inputs[name]}

    return Variant(
        name="mask-of-padding",
        says=f"{name} is True at padding",
        wording="True at padding and False at words",
        turn=f"In your notebook {name} is True at padding; ~{name} is True at words.",
        asked=turned,
        usual=turned,
        instead_of=instead_of,
    )


def additive_mask(name: str) -> Variant:
    """Make the convention of an attention bias: 0 at words, -inf at padding, float32."""

    def asked(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        mask = inputs[name]
        bias = torch.zeros(mask.shape, dtype=torch.float32).masked_fill(~mask, -torch.inf)
        return {**inputs, name: bias}

    return Variant(
        name="additive-mask",
        says=f"{name} is 0 at words and -inf at padding",
        wording="0 at words and -inf at padding (float32)",
        turn=f"In your notebook {name} is 0 at words; {name} == 0 is True there.",
        asked=asked,
        usual=lambda inputs: {**inputs, name: inputs[name] == 0},
    )


def variant_named(exercise: Exercise, name: str) -> Variant:
    """Return a convention that an exercise declares.

    Raises:
        UserError: It declares no such convention.
    """
    for variant in exercise.variants:
        if variant.name == name:
            return variant
    declared = ", ".join(variant.name for variant in exercise.variants) or "none"
    raise UserError(f"exercise {exercise.name!r} has no variant {name!r}; it has: {declared}")


def asked_as(exercise: Exercise, name: str | None) -> Exercise:
    """Return an exercise under the convention of a name, or as it is for None."""
    return under(exercise, variant_named(exercise, name)) if name else exercise


def variant_for(exercise: Exercise, seed: int) -> Variant | None:
    """Choose a cohort's convention: never the usual one, None where no other is declared."""
    if not exercise.variants:
        return None
    draw = Draw(seed, exercise.name, "variant")
    return exercise.variants[draw.number(0, len(exercise.variants) - 1)]


def for_cohort(exercise: Exercise, seed: int) -> Exercise:
    """Return an exercise as a cohort is asked it."""
    variant = variant_for(exercise, seed)
    return under(exercise, variant) if variant else exercise


def under(exercise: Exercise, variant: Variant) -> Exercise:
    """Return the exercise as it is asked under another convention."""

    def translated(function: Callable[..., Any]) -> Callable[..., Any]:
        return usual_form(function, variant, back=True)

    mutants = [m for m in exercise.mutants if m.name != variant.instead_of]
    as_usual = Mutant(
        "usual-convention",
        f"an answer for the usual convention: here {variant.says}",
        exercise.reference,
    )
    return replace(
        exercise,
        title=f"{exercise.title} ({variant.says})",
        reference=translated(exercise.reference),
        alternatives=tuple(map(translated, exercise.alternatives)),
        requirements=tuple(_asked(r, variant) for r in exercise.requirements),
        mutants=(as_usual, *(replace(m, function=translated(m.function)) for m in mutants)),
        hints=tuple(f"{variant.turn} Then: {hint}" for hint in exercise.hints),
        variants=(),
        variant=variant.name,
    )


def usual_form(
    function: Callable[..., Any], variant: Variant, back: bool = False
) -> Callable[..., Any]:
    """Make an answer under another convention one for the usual convention.

    Args:
        function: The answer; it takes its arguments by the exercise's names.
        variant: Its convention.
        back: The other way: from the usual convention to the other.
    """
    translate = variant.usual if back else variant.asked
    names = list(inspect.signature(function).parameters)

    @functools.wraps(function)
    def wrapped(*arguments: Any, **inputs: Any) -> Any:
        given = {**dict(zip(names, arguments, strict=False)), **inputs}
        return function(**translate(given))

    return wrapped


def _asked(requirement: Requirement, variant: Variant) -> Requirement:
    def cases(draw: Draw) -> list[Case]:
        return [_with(case, variant.asked) for case in requirement.cases(draw)]

    return replace(requirement, cases=cases, judge=_judge(requirement.judge, variant))


def _judge(usual: Judge, variant: Variant) -> Judge:
    def judge(cases: Any, outcomes: Any, references: Any) -> Finding | None:
        found = usual([_with(case, variant.usual) for case in cases], outcomes, references)
        # What is shown is what the student's function got.
        return found and replace(found, case=_with(found.case, variant.asked))

    return judge


def _with(case: Case, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Case:
    return replace(case, inputs=change(case.inputs))
