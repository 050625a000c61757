"""What an exercise is: what is asked, how it is tried, which mistakes are known.

An answer is one function. It is never judged by its text, only by what it returns (and by the
gradients that flow through it) on inputs that the check draws from a seed. Inputs and outputs are
tensors, arrays, numbers, texts and lists or dictionaries of them, so that a grader can send them
to another process, where a stranger's answer runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor

from refseg_lib.course.draw import Draw

Kind = Literal["type", "shape", "value", "property", "gradient"]
KINDS: tuple[Kind, ...] = ("type", "shape", "value", "property", "gradient")
"""In the order in which a check tries them."""


@dataclass(frozen=True)
class Case:
    """One call of an answer.

    Attributes:
        name: What is special about it, shown to the student: ``"2 words, 3 pixels"``.
        inputs: Arguments by name.
        gradient_of: The inputs, floating tensors or lists of them, whose gradients are taken too.
    """

    name: str
    inputs: Mapping[str, Any]
    gradient_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What a call came to.

    Attributes:
        value: What was returned.
        gradients: Of a fixed weighted sum of everything floating that was returned, by input; None
            where no gradient arrived.
        altered: Inputs that the call changed in place.
        error: One line when the call raised: what, and in which line of the answer.
        unfinished: The call raised NotImplementedError: nothing was written yet.
    """

    value: Any = None
    gradients: Mapping[str, list[Tensor] | None] = field(default_factory=dict)
    altered: tuple[str, ...] = ()
    error: str | None = None
    unfinished: bool = False


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, on one input.

    Attributes:
        case: The call where it shows.
        message: One sentence.
        expected: What was expected, if that can be shown; may be the inputs' worth of numbers.
        got: What came instead.
        waits: The requirement cannot be judged yet: it builds on a result that is itself not the
            right one, and that is what the message tells.
    """

    case: Case
    message: str
    expected: Any = None
    got: Any = None
    waits: bool = False


Judge = Callable[[Sequence[Case], Sequence[Outcome], Sequence[Outcome]], Finding | None]
"""(cases, the answer's outcomes, the reference's outcomes) -> what is wrong, or None.

It is called only when no call raised."""


@dataclass(frozen=True)
class Requirement:
    """One thing that is asked of an answer, worth points.

    Attributes:
        name: Short id, unique in the exercise: ``"padding"``.
        kind: What is looked at; decides the order.
        text: What is asked, as the student reads it: ``"padding words get no weight"``.
        cases: Draws the inputs, the smallest first. Every seed gives other numbers.
        judge: Looks at the outcomes.
        points: What it is worth.
    """

    name: str
    kind: Kind
    text: str
    cases: Callable[[Draw], Sequence[Case]]
    judge: Judge
    points: int = 1


@dataclass(frozen=True)
class Mutant:
    """A wrong answer that people really give.

    Attributes:
        name: Short id: ``"softmax-over-queries"``.
        says: What it looks like, completing "this looks like …": ``"a softmax over the queries
            instead of the keys"``.
        function: The wrong answer.
    """

    name: str
    says: str
    function: Callable[..., Any]


@dataclass(frozen=True)
class Variant:
    """Another convention under which the same is asked, see :mod:`refseg_lib.course.variants`.

    Attributes:
        name: Short id: ``"mask-of-padding"``.
        says: The convention, as the student reads it: ``"word_mask is True at padding"``.
        wording: What stands in the student's cell in the place of "True at (real) words".
        turn: How to get back to the usual convention, the beginning of every hint.
        asked: Usual inputs -> inputs under this convention.
        usual: Inputs under this convention -> usual inputs.
        instead_of: The mutant that is the usual right answer under this convention.
    """

    name: str
    says: str
    wording: str
    turn: str
    asked: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    usual: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    instead_of: str | None = None


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        name: Id, with hyphens: ``"masked-softmax"``; the file's name has underscores.
        title: As a headline.
        notebook: Number of the notebook it stands in: ``"05"``.
        minutes: What a student needs.
        objective: One sentence: what one can do afterwards.
        reference: The right answer, normally the library's own function.
        alternatives: Other right answers (a loop, an einsum, a library call), at least two.
        requirements: In the order of :data:`KINDS`.
        mutants: At least six; eight where there is a mask or a softmax.
        hints: Three, each saying more than the one before; none is the solution.
        replaces: Whether the reference is a function that the trained systems call, so that an
            answer can be plugged in, see :mod:`refseg_lib.course.plugging`.
        given: Modules of the library that the cell imports inside its function, and those they
            import in turn before them. The box of the grader holds nothing else of the library;
            the reference is cut out of what it gets.
        variants: Other conventions under which a cohort can be asked the same.
        variant: Name of the convention under which this one is asked; None for the usual one.
    """

    name: str
    title: str
    notebook: str
    minutes: int
    objective: str
    reference: Callable[..., Any]
    alternatives: tuple[Callable[..., Any], ...]
    requirements: tuple[Requirement, ...]
    mutants: tuple[Mutant, ...]
    hints: tuple[str, str, str]
    replaces: bool = False
    given: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    variant: str | None = None

    @property
    def points(self) -> int:
        """What the whole exercise is worth."""
        return sum(requirement.points for requirement in self.requirements)
