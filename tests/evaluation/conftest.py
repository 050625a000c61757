"""A world of coloured boxes and a model that really listens, both a few lines long.

The model's answer is known by construction: it marks the pixels that have the colour named by the
sentence's last word. So scores can be computed by hand.
"""

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from refseg_lib.data.batch import Batch
from refseg_lib.data.refer import Expression
from refseg_lib.models.saved import Loaded
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.trace import emit

COLORS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


@dataclass
class BoxDataset:
    """Boxes (y0, x0, y1, x1) per image and colour; a sentence per (image, text, colour)."""

    pictures: list[tuple[int, int, dict[str, tuple[int, int, int, int]]]]
    asked: list[tuple[int, str, str]]
    id: str = "boxes"
    split: str = "val"
    language: str = "en"
    notes: tuple[str, ...] = ()
    masks_drawn: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.asked)

    def __getitem__(self, i: int) -> Expression:
        image, sentence, color = self.asked[i]
        ann_id = image * 10 + list(COLORS).index(color)
        return Expression(100 + i, ann_id, ann_id, image, sentence, self.split, "box")

    def image(self, i: int) -> Image.Image:
        height, width, boxes = self.pictures[self.asked[i][0]]
        pixels = np.zeros((height, width, 3), np.uint8)
        for color, (y0, x0, y1, x1) in boxes.items():
            pixels[y0:y1, x0:x1] = COLORS[color]
        return Image.fromarray(pixels)

    def size(self, i: int) -> tuple[int, int]:
        return self.pictures[self.asked[i][0]][:2]

    def mask(self, i: int) -> NDArray[np.bool_]:
        self.masks_drawn.append(i)
        height, width, boxes = self.pictures[self.asked[i][0]]
        y0, x0, y1, x1 = boxes[self.asked[i][2]]
        mask = np.zeros((height, width), bool)
        mask[y0:y1, x0:x1] = True
        return mask

    def by_image(self) -> list[tuple[int, list[int]]]:
        groups: dict[int, list[int]] = {}
        for i, (image, _, _) in enumerate(self.asked):
            groups.setdefault(image, []).append(i)
        return list(groups.items())


class PassThrough(nn.Module):
    """A backbone whose only map is the picture; it remembers how many pictures it saw."""

    name, weights, seen = "pass-through", "none", 0

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        self.seen += len(image)
        return {"c5": image}


class ColorModel(nn.Module):
    """Marks what has the colour of the last word; marks nothing where that is no colour."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.backbone = PassThrough()
        self.scale = nn.Parameter(torch.tensor(20.0))
        table = torch.full((len(vocabulary), 3), -1.0)
        for channel, color in enumerate(COLORS):
            for number in vocabulary.encode([color]):
                table[number, channel] = 1.0
        self.register_buffer("table", table)
        self.paddings: list[int] = []
        self.modes: list[bool] = []
        self.graphs: list[bool] = []

    def forward(self, batch: Batch) -> Tensor:
        self.modes.append(self.training)
        self.graphs.append(torch.is_grad_enabled())
        self.paddings.append(int((~batch.word_mask).sum()))
        features = batch.features or self.backbone(batch.image)
        last = batch.words.gather(1, batch.word_mask.sum(1, keepdim=True) - 1)[:, 0]
        weights = self.table[last]  # type: ignore[index]
        emit(self, "last_word", last)
        likeness = torch.einsum("bc,bchw->bhw", weights, features["c5"][batch.image_of])
        return (self.scale * (likeness - 0.5))[:, None]


@pytest.fixture
def boxes() -> BoxDataset:
    """Three square pictures (the letterbox changes nothing) with seven sentences."""
    return BoxDataset(
        pictures=[
            (16, 16, {"red": (0, 0, 4, 4), "green": (8, 8, 16, 16)}),
            (16, 16, {"red": (2, 2, 10, 6), "blue": (0, 8, 4, 16)}),
            (16, 16, {"green": (4, 0, 8, 16)}),
        ],
        asked=[
            (0, "red", "red"),
            (1, "the one that is on the left and red", "red"),
            (0, "green", "green"),
            (0, "the green", "green"),
            (1, "blue", "blue"),
            (2, "the large green", "green"),
            (2, "red", "green"),  # the sentence lies: nothing red is there
        ],
    )


@pytest.fixture
def listener() -> Loaded:
    """The colour model as ``load_model`` would give it, in training mode."""
    words = ["the", "one", "that", "is", "on", "and", "large", "left", *COLORS]
    vocabulary = Vocabulary.build([words])
    config = {
        "name": "colors",
        "variant": "paper",
        "preset": "laptop",
        "input_size": 16,
        "seed": 7,
    }
    return Loaded(model=ColorModel(vocabulary), config=config, vocabulary=vocabulary)  # type: ignore
