"""The same numbers for TensorBoard, and what the model answers to the same few sentences."""

from pathlib import Path
from typing import Any

import numpy as np

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.predicting import predict
from refseg_lib.explain.caption import caption
from refseg_lib.explain.overlay import overlay
from refseg_lib.models.saved import Loaded


class Board:
    """Writes TensorBoard's event files."""

    def __init__(self, folder: Path, answers: int = 4) -> None:
        """Open the folder.

        Args:
            folder: Where the event files go.
            answers: How many validation sentences are answered at each look.

        Raises:
            UserError: TensorBoard is not installed.
        """
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError as error:
            raise UserError(
                "--tensorboard needs the package tensorboard, which is not installed:"
                " run `pip install tensorboard`, or leave --tensorboard out"
            ) from error
        self._writer = SummaryWriter(str(folder))
        self._answers = answers

    def scalars(self, step: int, values: dict[str, Any]) -> None:
        """Draw one point of every curve."""
        for name, value in values.items():
            self._writer.add_scalar(name.replace(" ", "_").replace("%", "percent"), value, step)
        self._writer.flush()

    def answers(self, loaded: Loaded, split: ReferringDataset, step: int) -> None:
        """Show the model's answers to sentences spread over a split, always the same ones."""
        count = min(self._answers, len(split))
        for place, index in enumerate(np.linspace(0, len(split) - 1, count).astype(int)):
            picture = split.image(int(index))
            sentence = split[int(index)].sentence
            answer = predict(picture, sentence, loaded, split.language)
            shown = caption(overlay(picture, answer.mask), sentence)
            self._writer.add_image(f"answers/{place}", np.asarray(shown), step, dataformats="HWC")
        self._writer.flush()
