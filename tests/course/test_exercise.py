from refseg_lib.course.exercise import Exercise


def test_an_exercise_is_worth_the_sum_of_its_requirements(exercise: Exercise) -> None:
    assert exercise.points == 1 + 1 + 3 + 1 + 1 + 1
