"""Solutions given away: eight tokens in a row are found wherever they stand, seven are not."""

import io
import tokenize

import pytest

from refseg_lib.course.building.leaks import leaks, python_tokens, solutions_of

SOLUTION = "total = (words * mask[..., None]).sum(1)"  # 17 tokens
EIGHT = "total = (words * mask[...,"[:-1]
SEVEN = "total = (words * mask["


@pytest.fixture
def solutions():
    return {"mean": python_tokens(SOLUTION + "\nreturn total / count")}


def test_the_sample_counts_eight_and_seven():
    assert (len(python_tokens(EIGHT)), len(python_tokens(SEVEN))) == (8, 7)


@pytest.mark.parametrize(
    "cell",
    [
        EIGHT,
        "a = 1\n" + SOLUTION,
        "total = (words  # a comment\n    * mask[\n    ..., 0])",
        f'print("""\n{SOLUTION}\n""")',
        f'def mean():\n    """Mean.\n\n    Hint: {SOLUTION}\n    """',
        f"%matplotlib inline\n{SOLUTION}",
        f" Say `{SOLUTION}`, for example",
        f" Say\n```python\n{SOLUTION}\n```\n",
        f" Isn't it\n```\n# it's\n{SOLUTION}\n```\n",
    ],
)
def test_eight_tokens_are_found_wherever_they_stand(make, solutions, cell):
    (line,) = leaks("05", make("a = 1", cell), solutions)
    assert line.startswith("05, cell 2 (c2): repeats ")
    assert "of the solution of 'mean': `total = ( words * mask [ ..." in line


@pytest.mark.parametrize(
    "cell",
    [SEVEN, f"{SEVEN}x, 0])", f" {SOLUTION} in prose", f"sum = 1  # {SOLUTION}", " # Title"],
)
def test_seven_tokens_prose_and_comments_are_not(make, solutions, cell):
    assert leaks("05", make(cell), solutions) == []


def test_the_last_eight_tokens_of_a_solution_count_too(make, solutions):
    assert leaks("05", make("x = sum(1)\nreturn total / count"), solutions)


def test_the_longest_shared_run_is_told_whole(make, solutions):
    (line,) = leaks(
        "05", make(f"{EIGHT}]))\nif x:\n    y = 0\n    {SOLUTION}\n    z = 0"), solutions
    )
    assert "repeats 17 tokens" in line
    assert "`total = ( words * mask [ ... , None ] ) . sum ( 1 )`" in line


def test_texts_are_one_token_each_and_must_be_the_same(make):
    solutions = {"a": python_tokens('f("one", "two", 3, x)')}
    assert leaks("05", make('f("one", "two", 3, y)'), solutions)
    assert leaks("05", make('f("one", "2", 3, x)'), solutions) == []


def test_two_pieces_of_different_solutions_do_not_add_up(make):
    solutions = {"a": python_tokens("a = b + c"), "b": python_tokens("d = e + f")}
    assert leaks("05", make("a = b + c\nd = e + f"), solutions) == []


def test_solutions_are_what_stands_between_the_markers(lesson):
    assert solutions_of([lesson]) == {
        "double": ["total", "=", "x", "+", "x", "return", "total", "+", "0", "*", "x"],
        "shift": ["x", "=", "sum", "(", "[", "x", ",", "step", "]", ")"],
    }


@pytest.mark.parametrize("room", ["course/building", "vision"])
def test_real_code_is_cut_as_the_interpreter_cuts_it(repository, room):
    """The oracle reads bytes and tells kinds by name; only what no reader would retype goes."""
    silent = {"COMMENT", "NL", "NEWLINE", "INDENT", "DEDENT", "ENCODING", "ENDMARKER"}
    for file in sorted((repository / "refseg_lib" / room).glob("*.py")):
        cut = tokenize.tokenize(io.BytesIO(file.read_bytes()).readline)
        wanted = [t.string for t in cut if tokenize.tok_name[t.type] not in silent]
        assert python_tokens(file.read_text(encoding="utf-8")) == wanted
