"""Exercise and check cells: each exercise checked once, below it, by its own name."""

import pytest

from refseg_lib.errors import UserError


def test_a_lesson_in_order_is_read(lesson):
    assert [cell.id for cell in lesson.cells if cell.role == "check"] == [
        "check-double",
        "check-shift",
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('exercise="shift"', 'exercise="shuft"', r"line 38: unknown exercise 'shuft'.*double, e"),
        ('check="shift"', 'check="shuft"', r"unknown exercise 'shuft'"),
        ('# %% check="shift"\ncheck("shift", shift)\n', "", r"'shift' is never checked"),
        ('check("shift", shift)', 'print("shift", shift)', r"must be `check\(\"shift\", shift\)`"),
        ('check("shift", shift)', 'check("double", shift)', r"got `check\('double', shift\)`"),
        ('check("shift", shift)', 'check("shift", double)', r"got `check\('shift', double\)`"),
        ('check("shift", shift)', 'check("shift", shift)\nx = 1', r"got `x = 1`"),
        ('check("shift", shift)', 'check("shift", shift', r"check cell is no Python"),
        ('check("shift", shift)', "# nothing", r"got nothing"),
        ('exercise="shift"', 'exercise="double"', r"'double' stands here a second time"),
        ('# %% check="shift"', '# %% check="double"\ncheck("double", double)\n\n'
         '# %% check="shift"', r"'double' is checked already"),
        ('# %% exercise="double"', '# %% check="shift"\ncheck("shift", shift)\n\n'
         '# %% exercise="double"', r"'shift' has no exercise cell above"),
    ],
)  # fmt: skip
def test_what_does_not_belong_together_is_refused_in_words(read, text, before, after, said):
    assert before in text
    with pytest.raises(UserError, match=said):
        read(text.replace(before, after, 1))


def test_a_check_cell_may_prepare_something_and_hand_more(read, text):
    prepared = "seed = 3\n" + 'check("shift", shift, seed=seed)  # again'
    read(text.replace('check("shift", shift)', prepared))
