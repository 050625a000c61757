"""What a source `NN_slug.py` says, cell by cell, before any notebook exists."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from refseg_lib.course.building.header import Header

Role = Literal["header", "exercise", "check", "plain", "solution_only"]


@dataclass(frozen=True)
class Cell:
    """One cell of a lesson.

    Attributes:
        role: What the builder does with it; ``solution_only`` is left out of the student's copy.
        id: Of the cell in both notebooks.
        source: Its text, with Unix line ends and no empty line at the end.
        markdown: Text rather than code.
        place: Where a person finds it: ``solutions/05_attention.py line 120``.
        exercise: Name of the exercise of an exercise or check cell, else empty.
    """

    role: Role
    id: str
    source: str
    markdown: bool
    place: str
    exercise: str = ""


@dataclass(frozen=True)
class Lesson:
    """One source file, read and found in order.

    Attributes:
        path: Of the source.
        header: What its first cell says.
        cells: All cells, the header first.
    """

    path: Path
    header: Header
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """The file's name without its ending: ``05_attention``."""
        return self.path.stem

    @property
    def exercise_cells(self) -> tuple[Cell, ...]:
        """The exercise cells, in order."""
        return tuple(cell for cell in self.cells if cell.role == "exercise")
