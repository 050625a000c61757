import json
from dataclasses import replace

from refseg_lib.course.checking import examine
from refseg_lib.course.exercise import Exercise


def test_as_plain_text_a_verdict_is_the_points_that_nbgrader_reads(exercise: Exercise) -> None:
    verdict = examine(exercise, lambda x: 3 * x)
    assert float(repr(verdict)) == verdict.points == float(verdict) == 3


def test_points_are_earned_requirement_by_requirement(exercise: Exercise) -> None:
    assert examine(exercise, lambda x: 2 * x).points == exercise.points
    assert examine(exercise, lambda x: 2 * x.detach()).points == exercise.points - 1


def test_the_record_is_json_and_holds_no_input(exercise: Exercise) -> None:
    record = examine(exercise, lambda x: 3 * x).record()
    assert json.loads(json.dumps(record)) == record
    assert record["mistake"] == "tripled"
    assert record["points"] == sum(r["points"] for r in record["requirements"])
    assert record["of"] == sum(r["of"] for r in record["requirements"])
    told = {"name", "kind", "text", "points", "of", "message", "waits"}
    assert set(record["requirements"][2]) == told


def test_the_first_failure_is_the_first_in_the_order_of_requirements(exercise: Exercise) -> None:
    first = examine(exercise, lambda x: 2 * x.flatten()).first
    assert first is not None
    assert first.requirement.name == "shape"
    assert examine(exercise, lambda x: 2 * x).first is None


def test_a_failure_that_waits_is_not_the_first_while_there_is_another(exercise: Exercise) -> None:
    turned = replace(exercise, requirements=exercise.requirements[::-1])
    verdict = examine(turned, lambda x: 2 * x.flatten())
    names = [r.requirement.name for r in verdict.results if r.finding]
    assert names == ["inputs", "even", "values", "shape"]
    assert verdict.first is not None
    assert verdict.first.requirement.name == "values"
