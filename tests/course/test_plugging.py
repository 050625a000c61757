from typing import Any

import pytest
import torch
from torch import Tensor

from refseg_lib.course import plugging
from refseg_lib.course.check import check
from refseg_lib.course.plugging import Plugged, plug, plug_in
from refseg_lib.course.registry import all_exercises, find_exercise
from refseg_lib.course.setting import shipped
from refseg_lib.errors import UserError
from refseg_lib.fusion import gated

NAME = "gated-exchange"


def test_inside_the_block_the_model_calls_the_function_given_and_after_it_its_own() -> None:
    called: list[int] = []

    def mine(*arguments: object) -> list[Tensor]:
        raise AssertionError("stops the block")

    def counted(*arguments: object) -> list[Tensor]:
        called.append(1)
        return find_exercise(NAME).reference(*arguments)

    fusion = gated.GatedFusion(["c4", "c5"], 3)
    maps = {"c4": torch.randn(1, 3, 2, 2), "c5": torch.randn(1, 3, 2, 2)}
    before = fusion(maps)
    with plug(gated_exchange=counted):
        assert torch.equal(fusion(maps), before)
    assert called == [1]
    fusion(maps)
    assert called == [1]
    with pytest.raises(AssertionError, match="stops the block"), plug(gated_exchange=mine):
        fusion(maps)
    assert torch.equal(fusion(maps), before)


@pytest.mark.parametrize(
    ("functions", "told"),
    [
        ({"nothing_of_the_kind": print}, "there is no exercise 'nothing-of-the-kind'"),
        ({"gated_exchange": 3}, "needs a function, got int"),
        ({"gated_exchange": lambda levels: levels}, r"calls your function with \(levels, memory"),
    ],
)
def test_what_cannot_be_plugged_in_is_told_and_changes_nothing(
    functions: dict[str, Any], told: str
) -> None:
    before = gated.gate
    with pytest.raises(UserError, match=told), plug(**functions):
        raise AssertionError("the block was entered")
    assert gated.gate is before


def test_every_exercise_said_to_replace_something_has_a_place_in_the_library() -> None:
    shipped("cmsa")
    for exercise in all_exercises():
        if exercise.replaces:
            assert plugging._places(exercise), exercise.name


def test_an_exercise_without_a_place_says_which_have_one() -> None:
    homeless = [exercise for exercise in all_exercises() if not exercise.replaces]
    if not homeless:
        pytest.skip("every exercise written so far has a place in the models")
    with pytest.raises(UserError, match=f"these have:.*{NAME}"):
        plugging._places(homeless[0])


@pytest.mark.usefixtures("small_park")
def test_the_card_compares_library_student_and_mistake_on_the_same_sentences() -> None:
    exercise = find_exercise(NAME)
    alone = plug_in(NAME, sentences=6)
    assert [row[0].split(":")[0] for row in alone.rows] == ["the library's", "a mistake"]
    check(NAME, exercise.alternatives[0])
    plugged = plug_in(NAME, sentences=6)
    library, mine, mistake = plugged.rows
    assert mine[0] == "yours"
    assert library[1] is not None
    assert mine[1] == pytest.approx(library[1], abs=0.5)
    assert mistake[1] != library[1]


@pytest.mark.usefixtures("small_park")
def test_a_mistake_can_be_chosen_and_an_unknown_one_is_told() -> None:
    plugged = plug_in(NAME, sentences=2, mistake="no-tanh")
    assert plugged.rows[-1][0] == "a mistake: the controller without its tanh"
    with pytest.raises(UserError, match="it has: kept-inverted"):
        plug_in(NAME, sentences=2, mistake="nonsense")


def test_a_function_that_stops_the_model_is_said_to() -> None:
    plugged = Plugged("x", "cmsa", 3, (("yours", None, "stops with ValueError"),))
    assert repr(plugged) == "yours: stops with ValueError"
    assert "–" in plugged._repr_html_()
