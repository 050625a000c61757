"""The polynomial learning rate with a straight warm-up.

Papers 000, 001 and 004 print power 0.9, paper 003 prints 0.7; the factor is
:func:`refseg_lib.training.optimizers.polynomial`'s.
"""

from collections.abc import Callable, Sequence
from typing import Any

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import holds, right_kind, right_values
from refseg_lib.training.optimizers import polynomial


def polynomial_rate(
    step: int, steps: int, rate: float, power: float, end: float, warmup: int
) -> float:
    """Return the learning rate of a step.

    Args:
        step: Number of the step, the first is 0.
        steps: Length of the whole training.
        rate: The full rate.
        power: Of the polynomial.
        end: Share of the full rate that is left after the last step.
        warmup: Steps of the warm-up, at the beginning.

    Returns:
        The rate: (step + 1) / warmup of the full one during the warm-up, then
        end + (1 - end) (1 - t)^power of it, t running from 0 to 1 over the steps that are left.
    """
    return rate * polynomial(steps, power, warmup, end)(step)


def _settings(draw: Draw, **fixed: Any) -> dict[str, Any]:
    return {
        "steps": draw.number(40, 90),
        "rate": draw.number(2, 9) / 1024,
        "power": draw.number(6, 9) / 10,
        "end": draw.number(2, 9) / 32,
        "warmup": 0,
    } | fixed


def _case(name: str, step: int, settings: dict[str, Any]) -> Case:
    return Case(name, {"step": step, **settings})


def _types(draw: Draw) -> list[Case]:
    return [_case("somewhere without warm-up", 5, _settings(draw))]


def _cold(draw: Draw) -> list[Case]:
    settings = _settings(draw)
    to_zero = _settings(draw, end=0.0)
    two = _settings(draw, steps=2, power=1.0, end=0.0)
    return [
        _case("the first of two steps, power 1, down to zero", 0, two),
        _case("the second of two steps, power 1, down to zero", 1, two),
        _case("a third of the way, down to zero", to_zero["steps"] // 3, to_zero),
        _case("half-way, end above zero", settings["steps"] // 2, settings),
        _case("after the last step, end above zero", settings["steps"], settings),
    ]


def _warm(draw: Draw) -> list[Case]:
    settings = _settings(draw, warmup=draw.number(8, 16))
    warmup = settings["warmup"]
    return [
        _case("the first step of a warm-up", 0, settings),
        _case("in the warm-up", 3, settings),
        _case("the last step of the warm-up", warmup - 1, settings),
        _case("the first step after it", warmup, settings),
        _case("ten steps after it", warmup + 10, settings),
        _case("after the last step", settings["steps"], settings),
    ]


def _late(draw: Draw) -> list[Case]:
    settings = _settings(draw, power=2.0)
    return [_case("a few steps too many", settings["steps"] + draw.number(5, 9), settings)]


def _falling(draw: Draw) -> list[Case]:
    """Every step from the first to a few after the last."""
    settings = _settings(draw, steps=24, warmup=4, power=1.0)
    return [_case(f"step {step} of 24", step, settings) for step in range(28)]


def _rises(cases: Sequence[Case], values: Sequence[Any]) -> tuple[int, str] | None:
    inputs = cases[0].inputs
    low, high = inputs["rate"] * inputs["end"] * (1 - 1e-9), inputs["rate"] * (1 + 1e-9)
    for step, value in enumerate(values):
        # Written so that NaN is found wrong.
        if not 0 < value <= high:
            return step, f"the rate {value:.4g} is not between 0 and the full {inputs['rate']:.4g}"
        if step > inputs["warmup"] and not value <= values[step - 1] * (1 + 1e-9):
            return step, f"the rate rises from {values[step - 1]:.4g} to {value:.4g}"
        if step >= inputs["warmup"] and not value >= low:
            return step, f"the rate {value:.4g} is below end, {low:.4g}"
    return None


def by_cases(step: int, steps: int, rate: float, power: float, end: float, warmup: int) -> float:
    """Warm-up, polynomial, end: one after the other."""
    if step < warmup:
        return rate * (step + 1) / warmup
    if step >= steps:
        return rate * end
    done = (step - warmup) / (steps - warmup)
    return rate * end + (rate - rate * end) * (1 - done) ** power


def by_remaining_steps(
    step: int, steps: int, rate: float, power: float, end: float, warmup: int
) -> float:
    """Count the steps that are left; mix the two rates."""
    left = max(steps - max(step, warmup), 0) / (steps - warmup)
    high, low = rate, rate * end
    mixed = low * (1 - left**power) + high * left**power
    return mixed if step >= warmup else high / warmup * (1 + step)


def _mutant(
    first: int = 1,
    until: int = 0,
    shifted: bool = True,
    shortened: bool = True,
    rescaled: bool = True,
    share: bool = True,
    inside: bool = True,
    clamped: bool = True,
    powered: bool = True,
    both: bool = False,
    ended: bool = True,
) -> Callable[..., float]:
    def wrong(step: int, steps: int, rate: float, power: float, end: float, warmup: int) -> float:
        power = power if powered else 1.0
        warming = 1.0
        if warmup and step < warmup + until:
            warming = (step + first) / warmup
            if not both:
                return rate * warming
        t = (step - warmup if shifted else step) / (steps - warmup if shortened else steps)
        t = max(0.0, min(1.0, t)) if clamped else max(0.0, t)
        left = (1 - t) ** power if inside else 1 - t**power
        if not ended:
            return rate * left
        if not share:
            return end + (rate - end) * left
        return warming * rate * (end + (1 - end if rescaled else 1) * left)

    return wrong


def _divides_always(
    step: int, steps: int, rate: float, power: float, end: float, warmup: int
) -> float:
    """The warm-up as a minimum: divides by zero when there is none."""
    return min((step + 1) / warmup, 1.0) * polynomial_rate(step, steps, rate, power, end, 0)


EXERCISE = Exercise(
    name="polynomial-rate",
    title="A learning rate that warms up and dies away",
    notebook="04",
    minutes=8,
    objective="You can compute the learning rate of any step of the papers' schedule.",
    reference=polynomial_rate,
    alternatives=(by_cases, by_remaining_steps),
    requirements=(
        right_kind(_types, "one number"),
        right_values(_cold, "without warm-up: the polynomial from the full rate to its end"),
        right_values(_warm, "with warm-up: straight up, then the polynomial", name="warm"),
        right_values(_late, "after the end the rate stays where it ended", 1, name="late"),
        holds("falling", "never 0, never above the full rate, falling after the warm-up",
              _falling, _rises),
    ),
    mutants=(
        Mutant("starts-at-zero", "a warm-up whose first step has rate 0", _mutant(first=0)),
        Mutant("one-step-too-long", "a warm-up one step too long: it passes the full rate",
               _mutant(until=1)),
        Mutant("not-shifted", "a polynomial that counts the steps of the warm-up too",
               _mutant(shifted=False, shortened=False)),
        Mutant("not-shortened", "a polynomial as long as the training, started after the warm-up",
               _mutant(shortened=False)),
        Mutant("end-on-top", "end added without taking it off the rest: it starts too high",
               _mutant(rescaled=False)),
        Mutant("end-as-rate", "end read as a rate instead of a share of it", _mutant(share=False)),
        Mutant("end-ignored", "a rate that dies away to 0 whatever end says", _mutant(ended=False)),
        Mutant("power-inside", "1 - t^power instead of (1 - t)^power", _mutant(inside=False)),
        Mutant("not-clamped", "a square that rises again after the end", _mutant(clamped=False)),
        Mutant("power-ignored", "a straight line whatever the power", _mutant(powered=False)),
        Mutant("product", "the warm-up times a polynomial that has begun already",
               _mutant(shifted=False, shortened=False, both=True)),
        Mutant("divides-by-zero", "a division by warmup although there may be none",
               _divides_always),
    ),
    hints=(
        "Two cases. While step < warmup the rate grows in a straight line and reaches the full rate"
        " at the last step of the warm-up; what comes after is the polynomial.",
        "After the warm-up, t is how much of the remaining training is over: 0 at step = warmup,"
        " 1 at step = steps, and never more.",
        "1 - t falls from 1 to 0; so does its power. Stretch that to fall from 1 to end, then"
        " multiply by the full rate.",
    ),
)  # fmt: skip
