"""Workers in boxes, where boxes can be made; and records as a grading leaves them."""

from typing import Any

import pytest
from bank import HONEST

from refseg_lib.course.grading.sandbox import Limits, why_no_sandbox


@pytest.fixture
def right() -> str:
    """A cell that solves gated-exchange."""
    return HONEST


@pytest.fixture
def limits() -> Limits:
    reason = why_no_sandbox()
    if reason is not None:
        pytest.skip(f"no sandbox here: {reason}")
    # Long on the clock: a busy machine must not turn an honest answer into a slow one.
    return Limits(seconds=60)


@pytest.fixture
def record() -> dict[str, Any]:
    """What grading leaves: one exercise half right, one that raised, one without a cell."""
    met = {
        "name": "kind",
        "kind": "type",
        "text": "a list",
        "points": 1,
        "of": 1,
        "message": None,
        "waits": False,
    }
    missed = {
        "name": "values", "kind": "value", "text": "the numbers of Eq. 5", "points": 0, "of": 3,
        "message": "2 of 4 differ; at [0] expected 0.123456, got 0.654321", "waits": False,
    }  # fmt: skip
    raised = {**missed, "message": "ValueError: secret 0.123456, in the line: raise ValueError(x)"}
    return {
        "student": "ada", "notebook": "06", "path": "s/ada.ipynb", "points": 1, "of": 9, "seed": 3,
        "sandbox": "bubblewrap", "remarks": ["pooled: its cell is missing"], "key": "k",
        "cells": {"gated-exchange": HONEST},
        "exercises": [
            {"exercise": "gated-exchange", "points": 1, "of": 9, "mistake": "no-tanh",
             "failure": None, "seconds": 0.5, "requirements": [met, missed]},
            {"exercise": "gated-exchange", "points": 0, "of": 9, "mistake": None,
             "failure": None, "seconds": 0.5, "requirements": [raised]},
            {"exercise": "pooled", "points": 0, "of": 2, "mistake": None,
             "failure": "no cell for this exercise", "seconds": 0.0, "requirements": []},
        ],
    }  # fmt: skip
