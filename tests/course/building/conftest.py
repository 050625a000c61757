"""A small lesson that needs nothing of the library: it brings its own check."""

from collections.abc import Callable
from pathlib import Path

import pytest

from refseg_lib.course.building.lesson import Lesson
from refseg_lib.course.building.notebook_file import Notebook
from refseg_lib.course.building.reading import read_lesson

LESSON = '''\
# %% [markdown]
# # 05 Doubling 加倍
# need: nothing
# learn: what `α` doubling is
# learn: that a long sentence
#   may go on in a second line
# minutes: 7

# %% [markdown]
# ## Before you start
# 两倍 is twice, β is a letter.

# %%
def check(name, function):
    try:
        points = 2 if function(3) == {"double": 6, "shift": 4}[name] else 0
    except NotImplementedError:
        points = 0
    print(f"{name}: {points} points")

# %% exercise="double"
def double(x):
    """Twice a number.

    Hint: there is more than one way.
    """
    # BEGIN SOLUTION
    total = x + x  # never seen by a student
    return total + 0 * x
    # END SOLUTION

# %% check="double"
check("double", double)

# %% solution_only=true
print("for teachers", double(21))

# %% exercise="shift"
def shift(x):
    """One more than a number."""
    step = 1
    # BEGIN SOLUTION
    x = sum([x, step])
    # END SOLUTION
    return x

# %% check="shift"
check("shift", shift)

# %%
print("乘", sorted({"β", "α"}))
'''
POINTS = {"double": 2, "shift": 3, "elsewhere": 1}


@pytest.fixture
def text() -> str:
    """Source of the lesson."""
    return LESSON


@pytest.fixture
def points() -> dict[str, int]:
    """Points of every exercise that exists."""
    return dict(POINTS)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Lesson]:
    """Reads a text as the lesson 05_doubling.py."""

    def _read(text: str) -> Lesson:
        path = tmp_path / "05_doubling.py"
        path.write_text(text, encoding="utf-8")
        return read_lesson(path, POINTS)

    return _read


@pytest.fixture
def lesson(read: Callable[[str], Lesson]) -> Lesson:
    """The lesson, read."""
    return read(LESSON)


@pytest.fixture
def make() -> Callable[..., Notebook]:
    """Makes a notebook of texts (Markdown where they begin with a blank) and output lists."""

    def _make(*cells: str | tuple[str, list]) -> Notebook:
        made = []
        for number, cell in enumerate(cells, start=1):
            source, outputs = cell if isinstance(cell, tuple) else (cell, [])
            kind = "markdown" if source.startswith(" ") else "code"
            entry = {"cell_type": kind, "id": f"c{number}", "metadata": {}}
            entry["source"] = source.removeprefix(" ")
            if kind == "code":
                entry |= {"execution_count": number, "outputs": outputs}
            made.append(entry)
        return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}

    return _make
