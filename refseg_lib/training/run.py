"""What a training run works on."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.training.processes import Processes
from refseg_lib.training.recipes import Recipe

if TYPE_CHECKING:
    from refseg_lib.training.board import Board


def _alone() -> Processes:
    return Processes("cpu")


@dataclass
class Run:
    """One training run.

    Attributes:
        model: The model, on its device.
        vocabulary: Of the model's word table.
        train: The training split.
        validation: The split that decides which weights are kept; None keeps the last.
        recipe: The settings.
        out: The run's folder.
        resume: Go on from the folder's checkpoint.
        processes: This process and the others that learn with it.
        board: Where scalars and pictures are logged; None for ``log.jsonl`` only.
        cache: Folder of the feature caches on disk.
    """

    model: ReferringSegmenter
    vocabulary: Vocabulary
    train: ReferringDataset
    validation: ReferringDataset | None
    recipe: Recipe
    out: Path
    resume: bool = False
    processes: Processes = field(default_factory=_alone)
    board: "Board | None" = None
    cache: Path = Path("data/cache/features")

    @property
    def what(self) -> str:
        """Model and data in one line."""
        config = self.model.config
        return (
            f"{config['name']} ({config['variant']}, {config['preset']}) on {self.train.id}"
            f" {self.train.split} {self.train.language}"
        )
