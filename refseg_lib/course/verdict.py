"""What a check found: requirement by requirement, with points."""

from dataclasses import dataclass
from typing import Any

from refseg_lib.course.exercise import Exercise, Finding, Mutant, Requirement


@dataclass(frozen=True)
class Result:
    """How one requirement came out.

    Attributes:
        requirement: What was asked.
        finding: What is wrong; None when it is met.
    """

    requirement: Requirement
    finding: Finding | None

    @property
    def points(self) -> int:
        """The points earned: all of the requirement's, or none."""
        return 0 if self.finding else self.requirement.points


@dataclass(frozen=True)
class Verdict:
    """How an answer to an exercise came out.

    Displays as a card in a notebook; as plain text it is the number of points, which is what
    nbgrader reads from a check cell.

    Attributes:
        exercise: The exercise.
        results: One per requirement, in the exercise's order; empty when nothing was written yet.
        mistake: The known mistake that behaves just like this answer; None when there is none.
        seconds: What the check took.
        attempts: How often this exercise was checked so far; decides how many hints are offered.
    """

    exercise: Exercise
    results: tuple[Result, ...]
    mistake: Mutant | None
    seconds: float
    attempts: int = 1

    @property
    def started(self) -> bool:
        """Whether anything was written."""
        return bool(self.results)

    @property
    def passed(self) -> bool:
        """Whether every requirement is met."""
        return self.started and all(result.finding is None for result in self.results)

    @property
    def points(self) -> int:
        """The points earned."""
        return sum(result.points for result in self.results)

    @property
    def first(self) -> Result | None:
        """The first requirement that is not met; what the student should look at.

        One that waits for another comes last.
        """
        failed = [result for result in self.results if result.finding]
        return min(failed, key=lambda result: result.finding.waits, default=None)  # type: ignore[union-attr]

    def waits(self, result: Result) -> bool:
        """Whether a requirement cannot be judged before another one is met."""
        first = self.first.finding if self.first else None
        return bool(result.finding and result.finding.waits and first and not first.waits)

    def record(self) -> dict[str, Any]:
        """Return what can be kept as JSON: no inputs, no values, no HTML."""
        return {
            "exercise": self.exercise.name,
            "points": self.points,
            "of": self.exercise.points,
            "passed": self.passed,
            "started": self.started,
            "mistake": self.mistake.name if self.mistake else None,
            "seconds": round(self.seconds, 3),
            "requirements": [
                {
                    "name": result.requirement.name,
                    "kind": result.requirement.kind,
                    "text": result.requirement.text,
                    "points": result.points,
                    "of": result.requirement.points,
                    "message": result.finding.message if result.finding else None,
                    "waits": self.waits(result),
                }
                for result in self.results
            ],
        }

    def __float__(self) -> float:
        return float(self.points)

    def __repr__(self) -> str:
        return str(self.points)

    def _repr_html_(self) -> str:
        # Imported when shown: a grader that reads points needs no pictures.
        from refseg_lib.course.card import verdict_card

        return verdict_card(self)
