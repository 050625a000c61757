"""A lesson knows its name and its exercises in order."""


def test_a_lesson_is_named_after_its_file_and_lists_its_exercises_in_order(lesson):
    assert lesson.name == "05_doubling"
    assert [cell.exercise for cell in lesson.exercise_cells] == ["double", "shift"]
