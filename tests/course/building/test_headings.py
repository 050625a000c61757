"""Headings: one title, then no level left out on the way down."""

import pytest

from refseg_lib.course.building.headings import disordered_headings


@pytest.mark.parametrize(
    "cells",
    [
        (" # T", " ## A\n### B", " ## C", " text"),
        (" # T", "# a comment\n#### no heading", " ## A"),
        (" # T", " ```python\n#### a comment\n```\n## A"),
        (" # T\n## A\n### B\n#### C\n## D", " #hash"),
        (" # T", " <h2>A</h2>"),
    ],
)
def test_headings_in_order_are_fine(make, cells):
    assert disordered_headings("05", make(*cells)) == []


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ((" # T", " ### A"), r"05, cell 2 (c2): heading 'A' has level 3 after level 1; use 2"),
        (
            (" # T\n## A", " #### B"),
            r"05, cell 2 (c2): heading 'B' has level 4 after level 2; use 3",
        ),
        ((" ## A",), r"05, cell 1 (c1): heading 'A' has level 2 after level 0; use 1"),
        ((" # T\n## A\n### B", " ## C\n#### D"), r"05, cell 2 (c2): heading 'D' has level 4 after"),
        ((" # T", " # U"), r"05, cell 2 (c2): heading 'U' has level 1, as the title has; use 2"),
        ((" # T", ' <h3 id="a">A</h3>'), r"05, cell 2 (c2): heading 'A' has level 3 after"),
    ],
)
def test_a_level_left_out_and_a_second_title_are_found(make, cells, said):
    (line,) = disordered_headings("05", make(*cells))
    assert line.startswith(said)
