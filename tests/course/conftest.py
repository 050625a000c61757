"""A small exercise of the tests' own, and a place for progress that is not the student's."""

import fcntl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from refseg_lib.course import setting
from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import (
    holds,
    inputs_kept,
    right_gradients,
    right_kind,
    right_shape,
    right_values,
)


def doubled(x: Tensor) -> Tensor:
    return 2 * x


def _cases(draw: Draw) -> list[Case]:
    return [Case("one number", {"x": draw.normal(1)}, ("x",)),
            Case("two by three", {"x": draw.normal(2, 3)}, ("x",))]  # fmt: skip


def _even(cases: Sequence[Case], values: Sequence[Any]) -> tuple[int, str] | None:
    for index, (case, value) in enumerate(zip(cases, values, strict=True)):
        if not torch.equal(value / 2, case.inputs["x"]):
            return index, "half of it is not what came in"
    return None


def _in_place(x: Tensor) -> Tensor:
    return x.mul_(2)


@pytest.fixture
def exercise() -> Exercise:
    return Exercise(
        name="doubled",
        title="Twice as much",
        notebook="99",
        minutes=1,
        objective="You can double.",
        reference=doubled,
        alternatives=(lambda x: x + x, lambda x: torch.add(x, x)),
        requirements=(
            right_kind(_cases, "a tensor", points=1),
            right_shape(_cases, "of the same shape", points=1),
            right_values(_cases, "twice the numbers", points=3),
            holds("even", "half of it is what came in", _cases, _even, points=1),
            inputs_kept(_cases, "the input stays", points=1),
            right_gradients(_cases, "gradients arrive", points=1),
        ),
        mutants=(
            Mutant("tripled", "three times as much", lambda x: 3 * x),
            Mutant("in-place", "doubling the input itself", _in_place),
            Mutant("detached", "cut off the gradient", lambda x: 2 * x.detach()),
            Mutant("flat", "a flattened answer", lambda x: 2 * x.flatten()),
        ),
        hints=("A first hint, rather vague.", "A second hint: multiply.", "A third: by two <b>."),
    )


@pytest.fixture(autouse=True)
def progress_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "progress.json"
    monkeypatch.setenv("REFSEG_PROGRESS", str(file))
    return file


@pytest.fixture(scope="session")
def park_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small ParkRef."""
    from refseg_lib.parkref.writing import make_parkref

    return make_parkref(tmp_path_factory.mktemp("data"), train_images=150, workers=1).parent


@pytest.fixture
def small_park(monkeypatch: pytest.MonkeyPatch, park_root: Path) -> None:
    """The small ParkRef in the place of the full one."""
    monkeypatch.setenv("REFSEG_DATA", str(park_root))


@pytest.fixture(scope="session")
def parkref(repository: Path) -> None:
    """The full ParkRef, drawn by one process while others wait."""
    with open(repository / "data" / ".parkref.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        setting.park()
