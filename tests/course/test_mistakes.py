import torch
from torch import Tensor

from refseg_lib.course.checking import examine
from refseg_lib.course.exercise import Exercise, Outcome
from refseg_lib.course.mistakes import same


def test_a_mistake_written_in_another_way_is_recognised(exercise: Exercise) -> None:
    verdict = examine(exercise, lambda x: x + x + x)
    assert verdict.mistake is not None
    assert verdict.mistake.name == "tripled"


def test_a_mistake_nobody_listed_is_not_given_a_name(exercise: Exercise) -> None:
    assert examine(exercise, lambda x: 5 * x).mistake is None


def test_two_mistakes_at_once_are_not_taken_for_one_of_them(exercise: Exercise) -> None:
    assert examine(exercise, lambda x: 3 * x.detach()).mistake is None


def test_a_right_answer_looks_like_no_mistake(exercise: Exercise) -> None:
    assert examine(exercise, lambda x: x * 2).mistake is None


def test_the_same_exception_is_alike_whatever_its_words() -> None:
    one = Outcome(error="IndexError: index 3, in the line: a[3]")
    assert same(one, Outcome(error="IndexError: list index out of range"))
    assert not same(one, Outcome(error="ValueError: index 3"))
    assert not same(one, Outcome(value=torch.zeros(1)))


def test_damage_and_gradients_tell_outcomes_apart() -> None:
    value = torch.zeros(2)
    assert same(Outcome(value), Outcome(value.clone()))
    assert not same(Outcome(value), Outcome(value, altered=("x",)))
    gradients: list[list[Tensor] | None] = [None, [torch.zeros(2)], [torch.ones(2)]]
    for i, one in enumerate(gradients):
        for j, other in enumerate(gradients):
            assert same(Outcome(value, {"x": one}), Outcome(value, {"x": other})) == (i == j)
