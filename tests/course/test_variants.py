import pytest
import torch
from torch import Tensor

from refseg_lib.course.check import check, working
from refseg_lib.course.checking import draw_cases, examine
from refseg_lib.course.exercise import Exercise
from refseg_lib.course.registry import all_exercises, find_exercise
from refseg_lib.course.variants import (
    asked_as,
    under,
    usual_form,
    variant_for,
    variant_named,
)
from refseg_lib.errors import UserError

VARIED = [(e, v) for e in all_exercises() for v in e.variants]
SOFTMAX = find_exercise("masked-word-softmax")


@pytest.fixture(params=VARIED, ids=lambda pair: f"{pair[0].name}, {pair[1].name}")
def varied(request: pytest.FixtureRequest) -> Exercise:
    return under(*request.param)


def test_there_are_exercises_that_can_be_asked_otherwise() -> None:
    assert len({exercise.name for exercise, _ in VARIED}) >= 6


def test_the_published_solution_is_worth_less_under_another_convention(varied: Exercise) -> None:
    usual = find_exercise(varied.name)
    for answer in (usual.reference, *usual.alternatives):
        assert examine(varied, answer).points < varied.points
    verdict = examine(varied, usual.reference)
    assert verdict.mistake is not None
    assert verdict.mistake.name == "usual-convention"


def test_the_answer_gets_the_inputs_of_its_convention_and_they_say_the_same() -> None:
    for name in ("mask-of-padding", "additive-mask"):
        variant = variant_named(SOFTMAX, name)
        varied = under(SOFTMAX, variant)
        for usual, other in zip(SOFTMAX.requirements, varied.requirements, strict=True):
            pairs = zip(draw_cases(SOFTMAX, usual, 3), draw_cases(varied, other, 3), strict=True)
            for one, two in pairs:
                mask, given = one.inputs["word_mask"], two.inputs["word_mask"]
                words = ~given if name == "mask-of-padding" else given == 0
                assert torch.equal(words, mask)
                assert not torch.equal(given, mask)
                assert torch.equal(one.inputs["scores"], two.inputs["scores"])


def test_what_a_finding_shows_is_what_the_answer_got() -> None:
    varied = asked_as(SOFTMAX, "additive-mask")
    first = examine(varied, lambda scores, word_mask: scores.softmax(-1)).first
    assert first is not None
    assert first.finding is not None
    mask = first.finding.case.inputs["word_mask"]
    assert mask.dtype == torch.float32
    assert bool(torch.isinf(mask).any())


def test_a_convention_translated_and_back_is_the_answer_again() -> None:
    def answer(scores: Tensor, word_mask: Tensor) -> Tensor:
        return scores.masked_fill(word_mask, -torch.inf).softmax(-1)

    variant = variant_named(SOFTMAX, "mask-of-padding")
    scores, mask = torch.randn(2, 3), torch.tensor([[True, True, False], [True, False, False]])
    usual = usual_form(answer, variant)
    assert torch.equal(usual(scores, mask), SOFTMAX.reference(scores, mask))
    assert torch.equal(usual(scores, word_mask=mask), SOFTMAX.reference(scores, mask))
    again = usual_form(usual, variant, back=True)
    assert torch.equal(again(scores, ~mask), answer(scores, ~mask))


def test_later_cells_get_the_students_answer_in_the_usual_convention(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("REFSEG_PROGRESS", f"{tmp_path}/progress.json")

    def mine(scores: Tensor, word_mask: Tensor) -> Tensor:
        return (scores + word_mask).softmax(-1)

    assert not check("masked-word-softmax", mine).passed
    assert check("masked-word-softmax", mine, variant="additive-mask").passed
    scores, mask = torch.randn(1, 3), torch.tensor([[True, False, True]])
    assert torch.allclose(
        working("masked-word-softmax")(scores, mask), SOFTMAX.reference(scores, mask)
    )


def test_cohorts_differ_and_a_cohort_never_gets_the_usual_convention() -> None:
    chosen = {seed: variant_for(SOFTMAX, seed) for seed in range(20)}
    assert {variant.name for variant in chosen.values() if variant} == {
        "mask-of-padding",
        "additive-mask",
    }
    again = variant_for(SOFTMAX, 4)
    assert again is not None
    assert again is chosen[4]
    assert variant_for(find_exercise("gated-exchange"), 4) is None


def test_an_unknown_convention_is_told_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="no variant 'upside-down'; it has: mask-of-padding"):
        check("masked-word-softmax", SOFTMAX.reference, variant="upside-down")
