"""Recognising a mistake: an answer that behaves like a known wrong one on every input tried."""

from collections.abc import Sequence

from refseg_lib.course.calling import call
from refseg_lib.course.comparing import difference
from refseg_lib.course.exercise import Case, Exercise, Mutant, Outcome


def recognise(exercise: Exercise, tried: Sequence[tuple[Case, Outcome]]) -> Mutant | None:
    """Find the known mistake that behaves like an answer.

    Args:
        exercise: The exercise.
        tried: Every call of the answer with what it came to.

    Returns:
        The first mistake with the same result, gradients, damage to inputs and raising or not, in
        every call; None when none does.
    """
    for mutant in exercise.mutants:
        if all(same(call(mutant.function, case), outcome) for case, outcome in tried):
            return mutant
    return None


def same(one: Outcome, other: Outcome) -> bool:
    """Tell whether two outcomes are alike, up to rounding."""
    if (one.error is None) != (other.error is None):
        return False
    if one.error is not None and other.error is not None:
        # The kind of exception; its words name variables of the student's own.
        return one.error.partition(":")[0] == other.error.partition(":")[0]
    return (
        one.altered == other.altered
        and difference(one.value, other.value) is None
        and _same_gradients(one, other)
    )


def _same_gradients(one: Outcome, other: Outcome) -> bool:
    for name, mine in one.gradients.items():
        theirs = other.gradients[name]
        if (mine is None) != (theirs is None):
            return False
        if mine is not None and difference(mine, theirs) is not None:
            return False
    return True
