"""Exercise cells: the stub is the cell without its solution, and anything odd is refused."""

import pytest

from refseg_lib.course.building.exercise_cell import take_apart
from refseg_lib.course.building.lesson import Cell
from refseg_lib.errors import UserError

SOURCE = '''\
def pool(x):
    """Mean.

    Hint: sum.
    """
    count = len(x)
    # BEGIN SOLUTION
    total = sum(x)
    return total / count
    # END SOLUTION
    return x'''


def cell(source):
    return Cell("exercise", "exercise-pool", source, False, "05_a.py line 3", "pool")


def test_the_stub_keeps_all_but_the_solution():
    code = take_apart(cell(SOURCE))
    assert code.function == "pool"
    assert code.docstring_lines == 4
    want = SOURCE.split("\n")
    want[6:10] = ['    raise NotImplementedError("pool: write me")']
    assert code.stub("pool").split("\n") == want


def test_the_stub_raises_when_called_and_not_before():
    names = {}
    exec(take_apart(cell(SOURCE)).stub("pool"), names)
    with pytest.raises(NotImplementedError, match="pool: write me"):
        names["pool"]([1])


def test_given_code_may_surround_the_markers_at_any_depth():
    source = SOURCE.replace("    # BEGIN", "    for _ in x:\n        # BEGIN")
    source = source.replace(
        "    total = sum(x)\n    return total / count\n    #", "        pass\n#"
    )
    source = source.replace("\n# END", "\n        # END")
    assert '\n        raise NotImplementedError("pool' in take_apart(cell(source)).stub("pool")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("    # BEGIN SOLUTION\n", "", r"needs one line `# BEGIN SOLUTION`.*got `# END"),
        ("# END SOLUTION", "# THE END", r"got `# BEGIN SOLUTION`"),
        ("    # END SOLUTION", "# END SOLUTION", r"inside the function; got `# BEGIN"),
        ("BEGIN SOLUTION", "END SOLUTION", r"got `# END SOLUTION`, `# END SOLUTION`"),
        ("def pool", "def a():\n    pass\n\ndef pool", r"got 2 \(a, pool\)"),
        ("def pool", "class pool", r"no Python|got 0 \(none\)"),
        ("def pool", "import math\n\ndef pool", r"move `import math` to a cell above"),
        ('    """Mean.\n\n    Hint: sum.\n    """\n', "", r"no docstring above"),
        (
            "    total = sum(x)\n    return total / count\n",
            "    # later\n",
            r"nothing stands between",
        ),
        ("total = sum(x)", "total = sum(x", r"no Python \(.*, line \d"),
    ],
)
def test_a_cell_that_cannot_be_an_exercise_is_refused_in_words(before, after, said):
    changed = SOURCE.replace(before, after, 1)
    assert changed != SOURCE
    with pytest.raises(UserError, match=said) as refused:
        take_apart(cell(changed))
    assert str(refused.value).startswith("05_a.py line 3, exercise 'pool': ")


def test_markers_that_cut_a_statement_are_refused():
    source = SOURCE.replace("    count = len(x)\n    # BEGIN", "    if x:\n    # BEGIN").replace(
        "    total = sum(x)\n    return total / count", "        return 1"
    )
    with pytest.raises(UserError, match="without its solution the cell is no Python"):
        take_apart(cell(source))


def test_a_docstring_among_the_solution_is_none():
    source = 'def pool(x):\n    # BEGIN SOLUTION\n    """Mean."""\n    return 1\n    # END SOLUTION'
    with pytest.raises(UserError, match="no docstring above"):
        take_apart(cell(source))
