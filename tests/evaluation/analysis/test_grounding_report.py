"""The report of what the steps look at."""

import numpy as np
import pytest

from refseg_lib.evaluation.analysis.grounding_report import Grounding, shift_rows

SPLIT = np.array([[1.0, -1.0], [1.0, -1.0]])


def test_an_edge_that_says_the_same_everywhere_is_flat() -> None:
    (row,) = shift_rows({"c5": [np.ones((2, 2)), -np.ones((2, 2)), SPLIT, 0.5 * SPLIT]})
    assert (row.level, row.edges, row.mean, row.flat) == ("c5", 4, 0, 50)
    assert row.deviation == pytest.approx((0 + 0 + 1 + 0.5) / 4)


def test_levels_are_told_apart_and_none_is_no_error() -> None:
    rows = shift_rows({"c5": [np.ones((2, 2))], "c4": [SPLIT]})
    assert [(row.level, row.mean, row.flat) for row in rows] == [("c4", 0, 0), ("c5", 1, 100)]
    assert shift_rows({}) == ()


def test_the_shifts_have_a_table_of_their_own() -> None:
    told = Grounding("busnet", "d", "truth", 1, 0, 0, (), shift_rows({"c5": [SPLIT]})).markdown()
    assert "| c5 | 1 | 0.00 | 1.00 | 0.0 |" in told.splitlines()
